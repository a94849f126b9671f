/**
 * SEG: segmentation by a linear map of frozen regions (a 1 x 1 convolution), enlarged bilinearly to the model's square,
 * trained with cross-entropy and soft Dice. A U-Net with skips would bring edges that the encoder never saw. Beside it
 * stands the mean mask of the training studies, which looks at no picture.
 */

import {
  add,
  div,
  full,
  input,
  interpolate,
  mean,
  mul,
  reshape,
  sigmoid,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'
import { multiLabelCrossEntropy } from '../../pretrain/parts/labels.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { moments, rowsFeed, standardised, trainHead } from '../heads.ts'
import { dice, iou, overlapOf } from '../metrics/masks.ts'
import { above, placedMask } from '../places.ts'
import type { EvaluationData, Protocol } from '../protocol.ts'
import { patientsOf } from '../studies.ts'
import { gridOf } from './regions.ts'

export const seg: Protocol = {
  id: 'SEG',
  name: 'Segmentation on frozen features',
  measures:
    'Dice of a linear map of frozen regions, averaged over the labels that a test picture has; beside it that of the mean training mask.',
  lacks: (data) => (labelsOf(data).length === 0 ? 'training and test studies share no masks' : undefined),
  async run({ model, data, settings, features }) {
    const labels = labelsOf(data)
    const k = labels.length
    const { size } = model.config.image
    const raw = await features('train', 'regionsRaw')
    const [p, w] = raw.shape as [number, number]
    const [rows, columns] = gridOf(model.config, p)
    const scale = moments(raw.values, w)
    const train = standardised(raw.values, scale)
    const test = standardised((await features('test', 'regionsRaw')).values, scale)
    const area = size * size
    const nothing = new Uint8Array(area)
    // A study with masks that has none of a label has nothing there; one without any masks is not known.
    const known = data.train.flatMap((study, i) => (study.masks.length > 0 ? [i] : []))
    const masks = async (studies: EvaluationData['train']): Promise<(Uint8Array | undefined)[][]> =>
      Promise.all(
        studies.map((study) =>
          Promise.all(
            labels.map(async (label) =>
              study.masks.length === 0
                ? undefined
                : ((await placedMask(data.folder, study, label, model.preprocess)) ?? nothing),
            ),
          ),
        ),
      )
    const [truthTrain, truthTest] = [await masks(known.map((i) => data.train[i]!)), await masks(data.test)]
    const logits = (scope: Scope, batch: number): Tensor => {
      const cells = linear(scope.in('head'), input('regions', [batch, p, w]), k) //             [B, P, K]
      const map = transpose(reshape(cells, [batch, rows, columns, k]), [0, 3, 1, 2])
      return interpolate(map, [size, size], { mode: 'linear' }) //                            [B, K, size, size]
    }
    const head = await trainHead({
      rows: known.length,
      steps: settings.headSteps,
      rate: 1e-2,
      seed: settings.seed,
      feeds: (some) => ({
        regions: rowsFeed(
          train,
          [p, w],
          some.map((row) => known[row]!),
        ),
        masks: {
          dtype: 'float32',
          shape: [some.length, k, size, size],
          data: masksFeed(
            some.flatMap((row) => truthTrain[row]!),
            area,
          ),
        },
      }),
      loss(scope, batch) {
        const z = logits(scope, batch)
        const y = input('masks', [batch, k, size, size])
        const flat = (x: Tensor): Tensor => reshape(x, [batch, k * area])
        const s = sigmoid(z)
        const overlap = div(
          add(mul(2, sum(mul(s, y), [0, 2, 3])), 1),
          add(add(sum(s, [0, 2, 3]), sum(y, [0, 2, 3])), 1),
        ) //                                                                                  soft Dice [K]
        return add(multiLabelCrossEntropy(flat(z), flat(y), full([batch, k * area], 1)), sub(1, mean(overlap)))
      },
    })
    try {
      const { z } = await head.predict(
        data.test.length,
        (some) => ({ regions: rowsFeed(test, [p, w], some) }),
        (scope, batch) => ({ z: logits(scope, batch) }),
      )
      const prior = labels.map((_, l) =>
        meanMask(
          truthTrain.map((masksOf) => masksOf[l]),
          area,
        ),
      )
      const measures: Record<string, CaseMeasure> = {}
      const n = data.test.length
      const cells = (of: (study: number, label: number) => ArrayLike<number>, metric: typeof dice) =>
        labels.map((_, l) =>
          Float64Array.from(truthTest, (masksOf, i) => {
            const truth = masksOf[l]
            return truth === undefined || !truth.includes(1) ? Number.NaN : metric(overlapOf(of(i, l), truth))
          }),
        )
      const predicted = (i: number, l: number): Uint8Array =>
        above(z!.subarray((i * k + l) * area, (i * k + l + 1) * area), Number.MIN_VALUE)
      const average = (perLabel: Float64Array[]): CaseMeasure => ({
        kind: 'mean',
        values: Float64Array.from({ length: n }, (_, i) => {
          const known = perLabel.map((list) => list[i]!).filter((value) => !Number.isNaN(value))
          return known.length === 0 ? Number.NaN : known.reduce((a, b) => a + b, 0) / known.length
        }),
      })
      const perLabel = cells(predicted, dice)
      measures.dice = average(perLabel)
      measures.iou = average(cells(predicted, iou))
      measures.diceMeanMask = average(cells((_, l) => prior[l]!, dice))
      labels.forEach((label, l) => {
        measures[`dice ${label}`] = { kind: 'mean', values: perLabel[l]! }
      })
      return {
        measured: [{ units: patientsOf(data.test), measures }],
        details: { labels, grid: [rows, columns], steps: settings.headSteps, trained: w * k + k },
      }
    } finally {
      await head.close()
    }
  },
}

/** Labels of masks of the first picture that both training and test studies have. */
function labelsOf({ train, test }: EvaluationData): string[] {
  const of = (studies: EvaluationData['train']) =>
    new Set(studies.flatMap(({ masks }) => masks.filter(({ image }) => image === 0).map(({ label }) => label)))
  const there = of(test)
  return [...of(train)].filter((label) => there.has(label)).sort()
}

/** Masks one after another, those that are not known as empty. */
function masksFeed(masks: readonly (Uint8Array | undefined)[], area: number): Float32Array {
  const feed = new Float32Array(masks.length * area)
  masks.forEach((mask, i) => void (mask === undefined || feed.set(mask, i * area)))
  return feed
}

/** 1 where at least half of the masks are. */
function meanMask(masks: readonly (Uint8Array | undefined)[], area: number): Uint8Array {
  const known = masks.filter((mask) => mask !== undefined)
  const counts = new Uint32Array(area)
  for (const mask of known) for (let i = 0; i < area; i++) counts[i]! += mask[i]!
  return above(counts, Math.max(1, known.length) / 2)
}
