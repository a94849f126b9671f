/**
 * CLS: findings by labels on top of the image tower, at 1, 10 and 100 % of the training labels (nested, by patient, fixed
 * by the seed). A linear probe on the frozen features before the projection, by logistic regression fitted to the end; and
 * fine-tuning of tower and head together. The probe's penalty and the learning rate of fine-tuning are chosen on the
 * validation studies.
 */

import type { Study } from '../../data/study.ts'
import { type Feed, input, type Tensor, valuesByName } from '../../engine/index.ts'
import { readWeights } from '../../models/folder.ts'
import { encodeImage } from '../../models/two-tower.ts'
import { linear } from '../../nn/index.ts'
import { multiLabelCrossEntropy } from '../../pretrain/parts/labels.ts'
import { type Design, fitLogistic, hessianBound } from '../baselines/logistic.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { pictures } from '../context.ts'
import { type HeadOptions, moments, standardised, trainHead } from '../heads.ts'
import { macroAuroc } from '../metrics/auroc.ts'
import type { Finding } from '../metrics/ranked.ts'
import { labelledFindings } from '../prompts.ts'
import type { EvaluationData, Protocol, ProtocolContext } from '../protocol.ts'
import { labelsOf, patientsOf } from '../studies.ts'
import { shareOf } from '../subsets.ts'

const shares = { 1: 0.01, 10: 0.1, 100: 1 } as const
/** C, the inverse of the penalty: 0.01 where there is nothing to choose by. */
const strengths = [0.001, 0.01, 0.1]
/** From large towers, whose weights move less than those of a fresh head, to small ones that were trained at 1e-3. */
const rates = [1e-4, 1e-3, 3e-3, 1e-2]

export const cls: Protocol = {
  id: 'CLS',
  name: 'Classification with labels',
  measures:
    'AUROC averaged over findings: a linear probe on frozen features, and fine-tuning, with 1, 10 and 100 % of the training labels.',
  chance: { probe1: 0.5, probe10: 0.5, probe100: 0.5, fineTune1: 0.5, fineTune10: 0.5, fineTune100: 0.5 },
  lacks: ({ train, test }) =>
    commonFindings(train, test).length === 0 ? 'training and test studies share no labelled finding' : undefined,
  async run(context) {
    const { data, settings, features } = context
    const names = commonFindings(data.train, data.test)
    const train = (await features('train', 'globalRaw')).values
    const { shape, values: test } = await features('test', 'globalRaw')
    const width = shape[0] as number
    const validate = data.validate.length > 0 ? (await features('validate', 'globalRaw')).values : undefined
    const measures: Record<string, CaseMeasure> = {}
    const chosen: Record<string, number> = {}
    const fineTuneRates: Record<string, number> = {}
    for (const [percent, share] of Object.entries(shares)) {
      const rows = shareOf(data.train, share, settings.seed)
      const fits = probes(names, data, rows, width, { train, test, ...(validate ? { validate } : {}) })
      measures[`probe${percent}`] = { kind: 'auroc', findings: fits.findings }
      chosen[`probe${percent}`] = fits.strength
    }
    for (const [percent, share] of settings.fineTune === false ? [] : Object.entries(shares)) {
      const rows = shareOf(data.train, share, settings.seed)
      const { findings, rate } = await fineTuned(context, names, rows)
      measures[`fineTune${percent}`] = { kind: 'auroc', findings }
      fineTuneRates[`fineTune${percent}`] = rate
    }
    return {
      measured: [{ units: patientsOf(data.test), measures }],
      details: { findings: names, inversePenalty: chosen, fineTuneRates, fineTuneSteps: settings.headSteps },
    }
  },
}

/** Findings with both kinds of cases among the training and among the test studies. */
function commonFindings(train: readonly Study[], test: readonly Study[]): string[] {
  const both = (studies: readonly Study[], name: string): boolean => {
    const labels = labelsOf(studies, name)
    return labels.includes(1) && labels.includes(0)
  }
  return [...labelledFindings(test)].filter((name) => both(train, name) && both(test, name)).sort()
}

/** Scores of linear probes fitted on these training rows, with the penalty that is best on the validation studies. */
function probes(
  names: readonly string[],
  data: EvaluationData,
  rows: readonly number[],
  width: number,
  tables: { train: Float32Array; validate?: Float32Array; test: Float32Array },
): { findings: Finding[]; strength: number } {
  const own = new Float32Array(rows.length * width)
  rows.forEach((row, i) => {
    own.set(tables.train.subarray(row * width, (row + 1) * width), i * width)
  })
  const scale = moments(own, width)
  const design: Design = { features: Float64Array.from(standardised(own, scale)), count: rows.length, width }
  const studies = rows.map((row) => data.train[row]!)
  const scored = (table: Float32Array, of: readonly Study[], strength: number): Finding[] => {
    const features = standardised(table, scale)
    const precondition = hessianBound(design, strength, 1 / 4)
    return names.map((name) => {
      const labels = labelsOf(studies, name)
      const known = Int32Array.from([...labels.keys()].filter((i) => labels[i] === 0 || labels[i] === 1))
      const positives = known.reduce((sum, i) => sum + labels[i]!, 0)
      const scores = new Float64Array(of.length)
      // With one kind of cases alone nothing can be learned: all scores are equal.
      if (positives > 0 && positives < known.length) {
        const { weights, intercepts } = fitLogistic(design, known, labels, strength, precondition)
        for (let n = 0; n < of.length; n++) {
          let z = intercepts[0]!
          for (let d = 0; d < width; d++) z += weights[d]! * features[n * width + d]!
          scores[n] = z
        }
      }
      return { name, scores, labels: labelsOf(of, name) }
    })
  }
  const { validate } = tables
  const quality = (strength: number): number =>
    validate === undefined ? 0 : macroAuroc(scored(validate, data.validate, strength)).value || 0
  const ranked = validate === undefined ? [0.01] : [...strengths].sort((a, b) => quality(b) - quality(a) || a - b)
  const strength = ranked[0]!
  return { findings: scored(tables.test, data.test, strength), strength }
}

/** Scores of the image tower and a head, trained together on these training rows from the model's weights. */
async function fineTuned(
  { model, data, settings }: ProtocolContext,
  names: readonly string[],
  rows: readonly number[],
): Promise<{ findings: Finding[]; rate: number }> {
  const { config, folder } = model
  const { layout, flat } = await readWeights(folder)
  const values = valuesByName(layout, flat)
  const { size, channels } = config.image
  const logits = (scope: Parameters<typeof encodeImage>[0], batch: number): Tensor => {
    const { globalRaw } = encodeImage(scope, input('pixels', [batch, channels, size, size]), config)
    return linear(scope.in('head'), globalRaw, names.length) //                               [B, K]
  }
  const pixelsOf = (studies: readonly Study[]) => {
    const load = pictures(model, data.folder, studies)
    return async (some: readonly number[]): Promise<Record<string, Feed>> => ({
      pixels: { dtype: 'float32', shape: [some.length, channels, size, size], data: await load(some) },
    })
  }
  const labelled = (studies: readonly Study[]): HeadOptions['feeds'] => {
    const pixels = pixelsOf(studies)
    const columns = names.map((name) => labelsOf(studies, name))
    return async (some) => {
      const shape = [some.length, names.length]
      const of = (value: (label: number) => number) =>
        Float32Array.from(some.flatMap((row) => columns.map((labels) => value(labels[row]!))))
      return {
        ...(await pixels(some)),
        labels: { dtype: 'float32', shape, data: of((label) => (label === 1 ? 1 : 0)) },
        known: { dtype: 'float32', shape, data: of((label) => (label === -1 ? 0 : 1)) },
      }
    }
  }
  const head = await trainHead({
    rows: rows.length,
    steps: settings.headSteps,
    rate: rates,
    validation: { rows: data.validate.length, feeds: labelled(data.validate) },
    weightDecay: 0.05,
    seed: settings.seed,
    start: (name) => values.get(name),
    feeds: labelled(rows.map((row) => data.train[row]!)),
    loss(scope, batch) {
      const known = input('known', [batch, names.length])
      return multiLabelCrossEntropy(logits(scope, batch), input('labels', known.shape), known)
    },
  })
  try {
    const { z } = await head.predict(data.test.length, pixelsOf(data.test), (scope, batch) => ({
      z: logits(scope, batch),
    }))
    const findings = names.map((name, k) => ({
      name,
      scores: Float64Array.from(data.test, (_, n) => z![n * names.length + k]!),
      labels: labelsOf(data.test, name),
    }))
    return { findings, rate: head.rate }
  } finally {
    await head.close()
  }
}
