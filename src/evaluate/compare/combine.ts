/**
 * @file From the runs of a comparison to its table: mean and deviation over seeds, intervals and paired differences to a
 * baseline by a bootstrap over seeds and cases together. All systems share every resample: the same seeds, the same
 * patients.
 */

import { VesaliusError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import { type CaseMeasures, preparedMeasure } from '../case-measures.ts'
import { bootstrapDraws, intervalOf } from '../metrics/bootstrap.ts'
import { meanDefined } from '../metrics/ranked.ts'

/** One run's measures: by protocol, its sets of cases. */
export type RunMeasures = Readonly<Record<string, readonly CaseMeasures[]>>

/** A cell of the table. Null where the measure is undefined on these cases. */
export interface ComparedMetric {
  mean: number | null
  /** Sample standard deviation over seeds; null with one seed. */
  sd: number | null
  /** 95 %, over seeds and cases. */
  interval: [number, number] | null
  /** Paired difference to the baseline; null where there is no baseline. */
  vsClip: { difference: number | null; interval: [number, number] | null } | null
}

/** A cell with what stands behind it. */
export interface DetailedMetric extends ComparedMetric {
  perSeed: (number | null)[]
  n: number
  skipped: number
}

export interface CombineOptions {
  /** Id of the system the others are compared with. */
  baseline?: string
  resamples?: number
}

/** Metrics by "PROTOCOL.metric" of every system. `systems` have equally many runs, one a seed, in the order of the seeds. */
export function combine(
  systems: readonly { id: string; runs: readonly RunMeasures[] }[],
  { baseline = 'clip', resamples = 1000 }: CombineOptions = {},
): { id: string; metrics: Record<string, DetailedMetric> }[] {
  const tables = systems.map(({ id }) => ({ id, metrics: {} as Record<string, DetailedMetric> }))
  const first = systems[0]?.runs[0] ?? {}
  for (const protocol of Object.keys(first)) {
    for (const set of first[protocol]!.keys()) {
      const sets = systems.map(({ id, runs }) => runs.map((run) => sameCases(first, run, protocol, set, id)))
      const found = combineSet(
        sets,
        systems.findIndex(({ id }) => id === baseline),
        resamples,
      )
      for (const [s, table] of tables.entries()) {
        for (const [name, metric] of Object.entries(found[s]!)) table.metrics[`${protocol}.${name}`] = metric
      }
    }
  }
  return tables
}

/** A set of measures, which must be of the same cases as that of the first run. */
function sameCases(first: RunMeasures, run: RunMeasures, protocol: string, set: number, id: string): CaseMeasures {
  const [wanted, found] = [first[protocol]![set]!, run[protocol]?.[set]]
  const same = found !== undefined && found.units.length === wanted.units.length
  if (same && Array.from(found.units).every((unit, i) => unit === wanted.units[i])) return found
  throw new VesaliusError('DATA_INVALID', `The runs of ${id} were not measured on the same cases (${protocol}).`, {
    hint: 'The data or the program changed since the first run: compare in a new folder.',
  })
}

/** Measures [system][seed] of the same cases. */
function combineSet(
  sets: readonly (readonly CaseMeasures[])[],
  baseline: number,
  resamples: number,
): Record<string, DetailedMetric>[] {
  const names = Object.keys(sets[0]![0]!.measures)
  const seeds = sets[0]!.length
  const prepared = sets.map((runs) => runs.map(({ measures }) => names.map((name) => preparedMeasure(measures[name]!))))
  const width = sets.length * names.length
  let resample = 0
  const { point, draws } = bootstrapDraws(
    sets[0]![0]!.units.length,
    2 * width,
    (out, counts) => {
      // The data as they are use every seed once; each resample draws seeds anew, the same for all systems.
      const times = new Float64Array(seeds).fill(counts === undefined ? 1 : 0)
      if (counts !== undefined) {
        const stream = random('bootstrap of seeds', resample++)
        for (let s = 0; s < seeds; s++) times[stream.int(seeds)]!++
      }
      for (let k = 0; k < width; k++) {
        const [system, name] = [Math.floor(k / names.length), k % names.length]
        let sum = 0
        for (let s = 0; s < seeds; s++) {
          if (times[s] !== 0) sum += times[s]! * prepared[system]![s]![name]!.on(counts)
        }
        out[k] = sum / seeds
      }
      for (let k = 0; k < width; k++)
        out[width + k] = baseline < 0 ? 0 : out[k]! - out[baseline * names.length + (k % names.length)]!
    },
    { resamples, clusters: sets[0]![0]!.units },
  )
  return prepared.map((runs, system) =>
    Object.fromEntries(
      names.map((name, m) => {
        const k = system * names.length + m
        const perSeed = runs.map((measures) => measures[m]!.on())
        const { count, skipped } = runs[0]![m]!
        return [
          name,
          {
            mean: finite(point[k]!),
            sd: deviation(perSeed),
            interval: pair(intervalOf(point[k]!, draws[k]!)),
            vsClip:
              baseline < 0
                ? null
                : {
                    difference: finite(point[width + k]!),
                    interval: pair(intervalOf(point[width + k]!, draws[width + k]!)),
                  },
            perSeed: perSeed.map(finite),
            n: count - skipped,
            skipped,
          },
        ]
      }),
    ),
  )
}

function deviation(values: readonly number[]): number | null {
  if (values.length < 2 || values.some(Number.isNaN)) return null
  const { value: mean } = meanDefined(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

function pair({ low, high }: { low: number; high: number }): [number, number] | null {
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null
}
