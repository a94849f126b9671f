/**
 * DET: detection by a one-stage head on frozen regions: for every cell one score a label and one box. The cell of a box's
 * middle has to find it. AP as COCO counts it, at IoU 0.4 to 0.75 (RSNA's thresholds), images without boxes included.
 * Beside it stand the mean boxes of the training studies, which look at no picture.
 */

import {
  abs,
  add,
  div,
  input,
  maximum,
  mul,
  relu,
  reshape,
  sigmoid,
  slice,
  sub,
  sum,
  type Tensor,
} from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'
import { multiLabelCrossEntropy } from '../../pretrain/parts/labels.ts'
import type { CaseMeasure } from '../case-measures.ts'
import { moments, rowsFeed, standardised, trainHead } from '../heads.ts'
import { boxIou } from '../metrics/boxes.ts'
import type { Detection, DetectionCase } from '../metrics/detection.ts'
import { type PlacedBox, placedBoxes } from '../places.ts'
import type { EvaluationData, Protocol } from '../protocol.ts'
import { patientsOf } from '../studies.ts'
import { gridOf } from './regions.ts'

const thresholds = Array.from({ length: 8 }, (_, i) => (40 + 5 * i) / 100)
const hidden = 64
/** Boxes of one label that overlap more than this are one. */
const overlap = 0.4
const most = 20

export const det: Protocol = {
  id: 'DET',
  name: 'Detection on frozen features',
  measures:
    'Average precision at IoU 0.4 to 0.75 of a small head on frozen regions; beside it that of the mean training boxes.',
  lacks: (data) => (labelsOf(data).length === 0 ? 'training and test studies share no boxes' : undefined),
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
    const boxesOf = (studies: EvaluationData['train']): Promise<PlacedBox[][]> =>
      Promise.all(
        studies.map(async (study) =>
          (await placedBoxes(data.folder, study, model.preprocess)).filter(({ label }) => labels.includes(label)),
        ),
      )
    const [truthTrain, truthTest] = [await boxesOf(data.train), await boxesOf(data.test)]
    const outputs = (scope: Scope, batch: number): { scores: Tensor; boxes: Tensor } => {
      const cells = input('regions', [batch, p, w])
      const inner = relu(linear(scope.in('inner'), cells, hidden))
      const out = linear(scope.in('head'), inner, k + 4) //                                   [B, P, K + 4]
      return { scores: slice(out, 2, 0, k), boxes: sigmoid(slice(out, 2, k, k + 4)) }
    }
    const cellOf = ([x, y, bw, bh]: PlacedBox['box']): number => {
      const column = Math.min(columns - 1, Math.floor(((x + bw / 2) / size) * columns))
      return Math.min(rows - 1, Math.floor(((y + bh / 2) / size) * rows)) * columns + column
    }
    const head = await trainHead({
      rows: data.train.length,
      steps: settings.headSteps,
      rate: 3e-3,
      seed: settings.seed,
      feeds(some) {
        const scores = new Float32Array(some.length * p * k)
        const boxes = new Float32Array(some.length * p * 4)
        const there = new Float32Array(some.length * p)
        some.forEach((row, i) => {
          for (const { label, box } of truthTrain[row]!) {
            const cell = i * p + cellOf(box)
            scores[cell * k + labels.indexOf(label)] = 1
            boxes.set(
              box.map((value) => value / size),
              cell * 4,
            )
            there[cell] = 1
          }
        })
        const n = some.length
        return {
          regions: rowsFeed(train, [p, w], some),
          scores: { dtype: 'float32', shape: [n, p * k], data: scores },
          boxes: { dtype: 'float32', shape: [n, p, 4], data: boxes },
          there: { dtype: 'float32', shape: [n, p], data: there },
        }
      },
      loss(scope, batch) {
        const found = outputs(scope, batch)
        const there = input('there', [batch, p])
        const wanted = input('scores', [batch, p * k])
        // A cell with something in it weighs ten empty ones.
        const weight = add(1, mul(9, wanted))
        const scores = multiLabelCrossEntropy(reshape(found.scores, [batch, p * k]), wanted, weight)
        const off = mul(abs(sub(found.boxes, input('boxes', [batch, p, 4]))), reshape(there, [batch, p, 1]))
        return add(scores, div(sum(off), maximum(sum(there), 1)))
      },
    })
    try {
      const { scores, boxes } = await head.predict(
        data.test.length,
        (some) => ({ regions: rowsFeed(test, [p, w], some) }),
        (scope, batch) => {
          const found = outputs(scope, batch)
          return { scores: sigmoid(found.scores), boxes: found.boxes }
        },
      )
      const found = data.test.map((_, n) => {
        const all = Array.from({ length: p * k }, (_, i): Detection & { label: string } => {
          const cell = n * p + Math.floor(i / k)
          const box = Array.from(boxes!.subarray(cell * 4, cell * 4 + 4), (value) => value * size)
          return { box, score: scores![cell * k + (i % k)]!, label: labels[i % k]! }
        })
        return strongest(all)
      })
      const truth = (n: number) => truthTest[n]!.map(({ label, box }) => ({ label, box }))
      const always = meanBoxes(labels, truthTrain)
      const cases = (of: (n: number) => Detection[]): DetectionCase[] =>
        data.test.map((_, n) => ({ detections: of(n), truth: truth(n) }))
      const measures: Record<string, CaseMeasure> = {
        meanAp: { kind: 'detection', cases: cases((n) => found[n]!), thresholds, which: 'ap' },
        recall: { kind: 'detection', cases: cases((n) => found[n]!), thresholds, which: 'recall' },
        meanApMeanBoxes: { kind: 'detection', cases: cases(() => always), thresholds, which: 'ap' },
      }
      return {
        measured: [{ units: patientsOf(data.test), measures }],
        details: { labels, thresholds, grid: [rows, columns], steps: settings.headSteps },
      }
    } finally {
      await head.close()
    }
  },
}

/** Labels of boxes of the first picture that both training and test studies have. */
function labelsOf({ train, test }: EvaluationData): string[] {
  const of = (studies: EvaluationData['train']) =>
    new Set(
      studies.flatMap(({ boxes }) =>
        boxes.filter(({ image, box }) => image === 0 && box.length === 4).map(({ label }) => label),
      ),
    )
  const there = of(test)
  return [...of(train)].filter((label) => there.has(label)).sort()
}

/** The surest boxes, those that lie on a surer one of the same label left out. */
function strongest(all: readonly (Detection & { label: string })[]): Detection[] {
  const kept: (Detection & { label: string })[] = []
  for (const one of [...all].sort((a, b) => b.score - a.score)) {
    if (kept.length === most) break
    if (!kept.some(({ label, box }) => label === one.label && boxIou(box, one.box) > overlap)) kept.push(one)
  }
  return kept
}

/** The mean box of each label, as sure as the label is frequent. */
function meanBoxes(labels: readonly string[], truth: readonly PlacedBox[][]): Detection[] {
  return labels.map((label) => {
    const boxes = truth.flatMap((list) => list.filter((one) => one.label === label).map(({ box }) => box))
    const box = [0, 1, 2, 3].map((i) => boxes.reduce((total, one) => total + one[i]!, 0) / boxes.length)
    return { label, box, score: boxes.length / truth.length }
  })
}
