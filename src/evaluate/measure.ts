/**
 * @file A measure: one number of a protocol, kept with what it is computed from, case by case. So intervals, paired
 * differences of two systems and differences over several seeds are all the same resampling, today or from a file.
 */

import { rankedAuprc } from './metrics/auprc.ts'
import { rankedAuroc } from './metrics/auroc.ts'
import {
  type BootstrapOptions,
  type BootstrapRun,
  bootstrapDraws,
  type Interval,
  intervalOf,
} from './metrics/bootstrap.ts'
import { type Finding, meanDefined, rank } from './metrics/ranked.ts'

/** What a number is computed from; every list has one entry a case, in the order of the cases. NaN cases are left out. */
export type Measure =
  /** Mean of one value a case: accuracy from 0 and 1, recall, overlap, contrast. */
  | { kind: 'mean'; values: ArrayLike<number> }
  /** Median of one value a case, such as a rank. */
  | { kind: 'median'; values: ArrayLike<number> }
  /** Sum over sum: pooled overlap, token counts. */
  | { kind: 'ratio'; top: ArrayLike<number>; bottom: ArrayLike<number> }
  /** Mean over findings of the area under the ROC curve; findings with one class only are left out. */
  | { kind: 'auroc'; findings: readonly Finding[] }
  /** Mean over findings of the average precision. */
  | { kind: 'auprc'; findings: readonly Finding[] }
  /** Share of comparable pairs whose risks are in the order of their times (Harrell's C); ties of risk count half. */
  | { kind: 'concordance'; times: ArrayLike<number>; events: ArrayLike<number>; risks: ArrayLike<number> }

/** Measures of the same cases. */
export interface Measured {
  /** Patient (or other unit that is drawn as a whole) of each case. */
  units: ArrayLike<number>
  measures: Readonly<Record<string, Measure>>
}

/** A number with its interval and the cases behind it. */
export interface MeasuredValue {
  /** Null where the measure is undefined on these cases. */
  value: number | null
  interval: [number, number] | null
  /** Cases that took part, and those left out. */
  n: number
  excluded: number
  /** Why there is no value. */
  reason?: string
}

/** The number on counted cases; undefined counts are one each. */
export type CountedStatistic = (counts?: ArrayLike<number>) => number

/** The function of a measure, with everything that can be done once done. */
export function statisticOf(measure: Measure): CountedStatistic {
  switch (measure.kind) {
    case 'mean':
      return meanOf(measure.values)
    case 'median':
      return medianOf(measure.values)
    case 'ratio':
      return (counts) => {
        let [top, bottom] = [0, 0]
        for (let i = 0; i < measure.top.length; i++) {
          if (Number.isNaN(measure.top[i]) || Number.isNaN(measure.bottom[i])) continue
          const count = counts === undefined ? 1 : counts[i]!
          top += count * measure.top[i]!
          bottom += count * measure.bottom[i]!
        }
        return bottom === 0 ? Number.NaN : top / bottom
      }
    case 'auroc':
    case 'auprc': {
      const metric = measure.kind === 'auroc' ? rankedAuroc : rankedAuprc
      const ranked = measure.findings.map(({ name, scores, labels }) => rank(scores, labels, name))
      const used = ranked.filter((finding) => !Number.isNaN(metric(finding)))
      // A resample that loses a finding is another question: it is drawn again.
      return (counts) => {
        const values = used.map((finding) => metric(finding, counts))
        return values.some(Number.isNaN) ? Number.NaN : meanDefined(values).value
      }
    }
    case 'concordance':
      return concordanceOf(measure)
  }
}

function meanOf(values: ArrayLike<number>): CountedStatistic {
  return (counts) => {
    let [sum, total] = [0, 0]
    for (let i = 0; i < values.length; i++) {
      if (Number.isNaN(values[i])) continue
      const count = counts === undefined ? 1 : counts[i]!
      sum += count * values[i]!
      total += count
    }
    return total === 0 ? Number.NaN : sum / total
  }
}

function medianOf(values: ArrayLike<number>): CountedStatistic {
  const order = Array.from(values, (_, i) => i)
    .filter((i) => !Number.isNaN(values[i]))
    .sort((a, b) => values[a]! - values[b]!)
  return (counts) => {
    const total = order.reduce((sum, i) => sum + (counts === undefined ? 1 : counts[i]!), 0)
    if (total === 0) return Number.NaN
    // Means of the two in the middle, as if every case stood there as often as it was drawn.
    const at = (place: number): number => {
      let passed = 0
      for (const i of order) {
        passed += counts === undefined ? 1 : counts[i]!
        if (passed > place) return values[i]!
      }
      return Number.NaN
    }
    return (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2
  }
}

function concordanceOf({ times, events, risks }: Extract<Measure, { kind: 'concordance' }>): CountedStatistic {
  return (counts) => {
    let [concordant, comparable] = [0, 0]
    for (let i = 0; i < times.length; i++) {
      if (events[i] !== 1) continue
      const first = counts === undefined ? 1 : counts[i]!
      if (first === 0) continue
      for (let j = 0; j < times.length; j++) {
        // i died while j was known to live; at equal times only a censored j lived longer.
        if (!(times[i]! < times[j]! || (times[i] === times[j] && events[j] !== 1))) continue
        const weight = first * (counts === undefined ? 1 : counts[j]!)
        comparable += weight
        concordant += weight * (risks[i]! > risks[j]! ? 1 : risks[i] === risks[j] ? 0.5 : 0)
      }
    }
    return comparable === 0 ? Number.NaN : concordant / comparable
  }
}

/** Which cases take part in a measure. */
function partOf(measure: Measure): { n: number; excluded: number } {
  const of = (length: number, known: (i: number) => boolean): { n: number; excluded: number } => {
    let n = 0
    for (let i = 0; i < length; i++) if (known(i)) n++
    return { n, excluded: length - n }
  }
  switch (measure.kind) {
    case 'mean':
    case 'median':
      return of(measure.values.length, (i) => !Number.isNaN(measure.values[i]))
    case 'ratio':
      return of(measure.top.length, (i) => !Number.isNaN(measure.top[i]) && !Number.isNaN(measure.bottom[i]))
    case 'auroc':
    case 'auprc': {
      const { findings } = measure
      return of(findings[0]?.labels.length ?? 0, (i) =>
        findings.some(({ labels }) => labels[i] === 0 || labels[i] === 1),
      )
    }
    case 'concordance':
      return of(measure.times.length, () => true)
  }
}

const undefinedBecause: Record<Measure['kind'], string> = {
  mean: 'no case takes part',
  median: 'no case takes part',
  ratio: 'nothing to divide by on these cases',
  auroc: 'no finding has cases with and without it',
  auprc: 'no finding has a positive case',
  concordance: 'no two cases can be compared',
}

/** All measures with intervals, on the same resamples of units. */
export function withIntervals(
  { units, measures }: Measured,
  options: Omit<BootstrapOptions, 'clusters'> = {},
): { values: Record<string, MeasuredValue>; bootstrap: BootstrapRun } {
  const names = Object.keys(measures)
  const statistics = names.map((name) => statisticOf(measures[name]!))
  const { point, draws, ...run } = bootstrapDraws(
    units.length,
    names.length,
    (out, counts) => {
      for (const [k, statistic] of statistics.entries()) out[k] = statistic(counts)
    },
    { ...options, clusters: units },
  )
  const values = names.map((name, k): [string, MeasuredValue] => {
    const measure = measures[name]!
    const interval: Interval = intervalOf(point[k]!, draws[k]!, options)
    const part = partOf(measure)
    return Number.isNaN(interval.value)
      ? [name, { value: null, interval: null, ...part, reason: undefinedBecause[measure.kind] }]
      : [name, { value: interval.value, interval: boundsOf(interval), ...part }]
  })
  return { values: Object.fromEntries(values), bootstrap: run }
}

/** The bounds, or null where no resample gave a value. */
export function boundsOf({ low, high }: Pick<Interval, 'low' | 'high'>): [number, number] | null {
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null
}

/** Measures as JSON: typed arrays become lists, NaN becomes null, infinities the largest numbers (they only have to sort). */
export function measuredToJson(measured: Measured): unknown {
  const plain = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array)
    if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE
    return value === Number.NEGATIVE_INFINITY ? -Number.MAX_VALUE : value
  }
  return JSON.parse(JSON.stringify(measured, (_, value: unknown) => plain(value))) as unknown
}

/** What {@link measuredToJson} wrote; null is NaN again. */
export function measuredFromJson(value: unknown): Measured {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    Array.isArray(part) && part.some((entry) => entry === null)
      ? part.map((entry: unknown) => entry ?? Number.NaN)
      : part,
  ) as Measured
}
