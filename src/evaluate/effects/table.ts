/** @file The table of all systems, from the same runs as the effects, and the controls that stand beside it. */

import { random } from '../../core/random.ts'
import { openLoader } from '../../data/loader.ts'
import { readStudies } from '../../data/studies.ts'
import type { Study } from '../../data/study.ts'
import type { Preprocess } from '../../imaging/index.ts'
import { readMetrics, runFolder } from '../../pretrain/run-folder.ts'
import { poolTo16 } from '../baselines/pixel.ts'
import { type CaseMeasures, preparedMeasure } from '../case-measures.ts'
import { combine } from '../compare/combine.ts'
import { median, resultOf, stepSeconds } from '../compare/compare.ts'
import { labelledFindings } from '../prompts.ts'
import { pixelLine } from '../reference.ts'
import { shareOf } from '../subsets.ts'
import { type Arm, type Family, missing } from './family.ts'
import { measuresOf, runPath } from './verdicts.ts'

/** Columns of the table: heads and measures. */
export const columns = [
  ['CLS 1 %', 'CLS.probe1'],
  ['CLS 10 %', 'CLS.probe10'],
  ['CLS 100 %', 'CLS.probe100'],
  ['ZSC', 'ZSC.macroAuroc'],
  ['ITR R@5', 'ITR.imageToTextR5'],
  ['PG', 'MAP.rankAuc'],
  ['PG, middle', 'MAP.rankAucCentre'],
  ['PG, other phrase', 'MAP.rankAucShuffled'],
  ['SEG', 'SEG.dice'],
  ['DET', 'DET.meanAp'],
] as const

/** A row: means over the seeds that have run. */
export interface ArmRow {
  id: string
  objective: string
  seeds: number
  values: Record<string, number | null>
  stepSeconds: number | null
  /** Most memory of a training process, bytes. */
  peakMemory: number | null
  parameters: number | null
  /** Why it cannot run yet. */
  missing?: string
}

/** What knows nothing of images and words together, and what must be at chance. */
export interface Controls {
  /** Zero-shot AUROC after training on shuffled pairs, mean over seeds with its interval; chance is 0.5. */
  shuffled: { macroAuroc: number | null; interval: [number, number] | null } | null
  /** AUROC of a linear model on 16 x 16 pixels with 1, 10 and 100 % of the labels. */
  pixels: Record<string, number | null>
  /** The same on the words that come before the picture (indication, comparison). */
  words: Record<string, number | null>
}

export async function armRow(family: Family, arm: Arm, work: string): Promise<ArmRow> {
  const paths = Array.from({ length: family.seeds }, (_, s) => runPath(work, arm.id, s + 1))
  const runs = await Promise.all(paths.map((path) => measuresOf(path)))
  const done = runs.filter((run) => run !== undefined)
  const finished = paths.filter((_, i) => runs[i] !== undefined)
  const costs = await Promise.all(finished.map(async (path) => (await resultOf(path)).cost))
  const seconds = await Promise.all(finished.map(async (path) => stepSeconds(await readMetrics(runFolder(path)))))
  const why = missing(arm)
  // A system that compares images and texts in its own way is shown as it does.
  const values = columns.map(([, metric]): [string, number | null] => [
    metric,
    meanOf(done, `${metric}Own`) ?? meanOf(done, metric),
  ])
  return {
    id: arm.id,
    objective: arm.objective,
    seeds: done.length,
    values: Object.fromEntries(values),
    stepSeconds: median(seconds.filter((value) => value !== undefined)) ?? null,
    peakMemory: costs.length === 0 ? null : Math.max(...costs.map(({ peakMemory }) => peakMemory)),
    parameters: costs[0]?.parameters ?? null,
    ...(why === undefined ? {} : { missing: why }),
  }
}

function meanOf(runs: readonly Record<string, CaseMeasures[]>[], metric: string): number | null {
  const [protocol, name] = metric.split('.') as [string, string]
  const values = runs.flatMap((run) => {
    const measure = run[protocol]?.find(({ measures }) => name in measures)?.measures[name]
    return measure === undefined ? [] : [preparedMeasure(measure).on()]
  })
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Control runs and lines on the data in `folder`; null before the data are drawn. */
export async function controlsOf(family: Family, work: string, folder: string | undefined): Promise<Controls | null> {
  if (folder === undefined) return null
  const shuffled = await Promise.all(
    Array.from({ length: family.seeds }, (_, s) => measuresOf(runPath(work, 'clip-shuffled', s + 1))),
  )
  const runs = shuffled.flatMap((run) => (run?.ZSC === undefined ? [] : [{ ZSC: run.ZSC }]))
  const cell = combine([{ id: 'shuffled', runs }])[0]?.metrics['ZSC.macroAuroc']
  const studies = await readStudies(folder)
  const [train, test] = [
    studies.filter(({ split }) => split === 'train'),
    studies.filter(({ split }) => split === 'test'),
  ]
  const findings = [...labelledFindings(test)]
  const line = async (
    of: (some: readonly Study[]) => Promise<Float32Array>,
  ): Promise<Record<string, number | null>> => {
    const found: Record<string, number | null> = {}
    const cases = { studies: test, pooled: await of(test) }
    for (const percent of [1, 10, 100]) {
      const rows = shareOf(train, percent / 100, 1).map((row) => train[row] as Study)
      found[percent] = pixelLine(findings, { studies: rows, pooled: await of(rows) }, cases).macroAuroc
    }
    return found
  }
  return {
    shuffled: cell === undefined ? null : { macroAuroc: cell.mean, interval: cell.interval },
    pixels: await line((some) => coarsePixels(folder, some)),
    words: await line((some) => Promise.resolve(wordsBefore(some))),
  }
}

/** Pictures averaged to 16 x 16: [N, 256]. */
async function coarsePixels(folder: string, studies: readonly Study[]): Promise<Float32Array> {
  const preprocess = {
    size,
    mode: 'stretch',
    resample: 'bicubic',
    channels: 1,
    mean: [0.5],
    std: [0.25],
  } satisfies Preprocess
  const loader = openLoader({ folder, studies, preprocess, augment: 'none', seed: 0, cacheBytes: 0 })
  const pooled = new Float32Array(studies.length * 256)
  for (let n = 0; n < studies.length; n++) pooled.set(poolTo16(await loader.pixels([n], 0), size, size), n * 256)
  return pooled
}

/** Side at which pictures are read to be averaged. */
const size = 64

/** Words of indication and comparison, counted in 256 places drawn by word: [N, 256]. */
function wordsBefore(studies: readonly Study[]): Float32Array {
  const places = new Map<string, number>()
  const rows = new Float32Array(studies.length * 256)
  studies.forEach(({ report }, n) => {
    const text = `${report?.indication ?? ''} ${report?.comparison ?? ''}`.toLowerCase()
    for (const word of text.match(/[\p{L}\p{N}]+/gu) ?? []) {
      const place = places.get(word) ?? random('word', word).int(256)
      places.set(word, place)
      rows[n * 256 + place]! += 1
    }
  })
  return rows
}
