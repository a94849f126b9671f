/** @file A comparison of objectives: trains each from the same start on the same batches, evaluates all on the same tasks. */

import { join } from 'node:path'
import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { VesaliusError } from '../../core/errors.ts'
import { readJson, writeJsonAtomic } from '../../core/files.ts'
import { readStudies } from '../../data/studies.ts'
import { splitStudies } from '../../pretrain/prepare.ts'
import { type MetricsLine, readMetrics, runFolder } from '../../pretrain/run-folder.ts'
import { measuresFromJson } from '../case-measures.ts'
import { percentile } from '../metrics/bootstrap.ts'
import { labelledFindings } from '../prompts.ts'
import { combine, type DetailedMetric, type RunMeasures } from './combine.ts'
import { finishRuns, type RunOptions } from './runs.ts'
import { type ComparedRun, type ComparisonSettings, fixSettings, runsOf } from './settings.ts'

export interface CompareOptions extends RunOptions {
  out: string
  objectives: readonly string[]
  seeds: number
  settings: ComparisonSettings
  resamples?: number
}

/** What a system costs: medians over seeds. */
export interface Cost {
  /** Median seconds of a step, data included. */
  stepSeconds: number | null
  /** Most memory that a training process held, bytes. */
  peakMemory: number
  /** Values that were trained. */
  parameters: number
}

export interface ComparedSystem {
  id: string
  metrics: Record<string, DetailedMetric>
  cost: Cost
  /** Loss by step, mean over seeds. */
  curve: { steps: number[]; losses: number[] }
}

export interface Comparison {
  steps: number
  seeds: number
  systems: ComparedSystem[]
  /** Protocols that the data do not allow, and why. */
  skipped: Record<string, string>
}

const resultSchema = z.object({
  version: z.literal(1),
  cost: z.object({ peakMemory: z.number(), parameters: z.number() }),
  protocols: z.record(
    z.string(),
    z.union([z.object({ skipped: z.string() }), z.object({ measured: z.array(z.unknown()) })]),
  ),
})

/** Does what is missing of a comparison, then sums it up; `comparison.json` in its folder holds the whole. */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { out, objectives, seeds, settings, resamples } = options
  const twice = objectives.find((id, i) => objectives.indexOf(id) !== i)
  if (twice !== undefined || objectives.length === 0) {
    throw new VesaliusError(
      'USAGE',
      twice === undefined ? 'There is nothing to compare.' : `"${twice}" is named twice.`,
      {
        where: '--objectives',
        hint: 'Name each objective once: --objectives clip,convirt',
      },
    )
  }
  await fixSettings(out, settings)
  const { train } = splitStudies(await readStudies(settings.data), { folds: undefined, fold: undefined })
  const runs = runsOf(out, settings, objectives, seeds, [...labelledFindings(train)])
  await finishRuns(runs, settings, options)

  const skipped: Record<string, string> = {}
  const systems = await Promise.all(
    objectives.map(async (id) => {
      const own = runs.filter(({ objective }) => objective === id)
      const results = await Promise.all(own.map(({ path }) => resultOf(path)))
      const measures = results.map(({ protocols }): RunMeasures => {
        const found: Record<string, RunMeasures[string]> = {}
        for (const [name, entry] of Object.entries(protocols)) {
          if ('skipped' in entry) skipped[name] = entry.skipped
          else found[name] = entry.measured.map(measuresFromJson)
        }
        return found
      })
      const logs = await Promise.all(own.map(({ path }) => readMetrics(runFolder(path))))
      const cost = {
        stepSeconds: median(logs.map(stepSeconds).filter((value) => value !== undefined)) ?? null,
        peakMemory: Math.max(...results.map((result) => result.cost.peakMemory)),
        parameters: results[0]!.cost.parameters,
      }
      return { id, runs: measures, cost, curve: meanCurve(logs) }
    }),
  )
  const tables = combine(systems, { ...(resamples === undefined ? {} : { resamples }) })
  const comparison: Comparison = {
    steps: settings.steps,
    seeds,
    systems: systems.map(({ id, cost, curve }, s) => ({ id, metrics: tables[s]!.metrics, cost, curve })),
    skipped,
  }
  await writeJsonAtomic(join(out, 'comparison.json'), { version: 1, ...comparison })
  return comparison
}

/** The document of `--json`: no more than the contract says. */
export function comparisonDocument({ steps, seeds, systems }: Comparison): Record<string, unknown> {
  return {
    steps,
    seeds,
    systems: systems.map(({ id, metrics, cost }) => ({
      id,
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, { mean, sd, interval, vsClip }]) => [name, { mean, sd, interval, vsClip }]),
      ),
      cost,
    })),
  }
}

/** What a finished run measured. */
export async function resultOf(path: ComparedRun['path']): Promise<z.output<typeof resultSchema>> {
  const file = join(path, 'result.json')
  return parseWith(resultSchema, await readJson(file), file)
}

/** Median seconds of a step between two lines of the log; the first line pays for compiling. */
export function stepSeconds(lines: readonly MetricsLine[]): number | undefined {
  const trained = lines.filter(({ kind }) => kind === 'train')
  const each = trained.slice(1).flatMap((line, i) => {
    const before = trained[i]!
    // The clock starts anew at a resume: the line after it says nothing.
    const spent = Number(line.seconds) - Number(before.seconds)
    return spent > 0 ? [spent / (line.step - before.step)] : []
  })
  return median(each)
}

/** The middle value. */
export function median(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : percentile(
        [...values].sort((a, b) => a - b),
        0.5,
      )
}

function meanCurve(logs: readonly (readonly MetricsLine[])[]): ComparedSystem['curve'] {
  const sums = new Map<number, number[]>()
  for (const { kind, step, loss } of logs.flat()) {
    if (kind === 'train') sums.set(step, [...(sums.get(step) ?? []), Number(loss)])
  }
  const steps = [...sums.keys()].sort((a, b) => a - b)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return { steps, losses: steps.map((step) => mean(sums.get(step)!)) }
}
