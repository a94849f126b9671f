/**
 * @file Reference lines of a domain's masks: a small U-Net as the bound, the mean mask of the training pictures as the
 * baseline that knows places and nothing of the picture.
 */

import { VesaliusError } from '../../core/errors.ts'
import { readStudies } from '../../data/studies.ts'
import type { Study } from '../../data/study.ts'
import {
  abs,
  add,
  div,
  exp,
  input,
  log,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  relu,
  sigmoid,
  sub,
  sum,
  type Tensor,
} from '../../engine/index.ts'
import { type Scope, unet } from '../../nn/index.ts'
import type { SegmentationLines } from '../../phantoms/index.ts'
import { rowsFeed, trainHead } from '../heads.ts'
import { type Pictures, readMasked } from './masks.ts'
import type { NetworkContext } from './network.ts'
import { rounded, type Segmentation } from './recipe.ts'

/** Trains the U-Net on the masks in `folder` and measures both lines. */
export async function segmentationLines(
  folder: string,
  side: number,
  { labels, base, depth, epochs, batch, rate, train: trainCount, test: testCount }: Segmentation,
  { progress, signal, recipe, threads }: NetworkContext,
): Promise<SegmentationLines> {
  const k = labels.length
  const studies = await readStudies(folder)
  const read = (split: Study['split'], count: number): Promise<Pictures> => {
    const chosen = studies.filter((study) => study.split === split)
    return readMasked(folder, chosen, { labels, form: recipe.form, side, count })
  }
  const training = await read('train', trainCount)
  const order = rareOften(training, k)
  const test = await read('test', testCount)
  const { channels } = training
  const net = (scope: Scope, rows: number): Tensor =>
    unet(scope, input('pixels', [rows, channels, side, side]), { outputs: k, base, depth }).logits
  const pixels = (pictures: Pictures, rows: readonly number[]) =>
    rowsFeed(pictures.pixels, [channels, side, side], rows)
  const steps = epochs * Math.ceil(order.length / batch)
  const bar = progress('U-Net', steps, 'steps')
  const head = await trainHead({
    rows: order.length,
    batch,
    steps,
    rate,
    threads,
    seed: recipe.seed,
    feeds: (places, step) => {
      const rows = places.map((place) => order[place] as number)
      if (signal?.aborted) throw new VesaliusError('INTERRUPTED', 'Measuring was interrupted.', { where: folder })
      bar.update(step)
      return { pixels: pixels(training, rows), masks: rowsFeed(training.masks, [k, side, side], rows) }
    },
    loss(scope, rows) {
      const z = net(scope, rows)
      const y = input('masks', [rows, k, side, side])
      const each = sub(add(relu(z), log(add(1, exp(neg(abs(z)))))), mul(z, y))
      const p = sigmoid(z)
      const area = sum(y, [0, 2, 3]) //                                                          [K]
      const overlap = div(add(mul(2, sum(mul(p, y), [0, 2, 3])), 1), add(add(sum(p, [0, 2, 3]), area), 1))
      // The overlap of a label that the batch does not hold would only teach that it is never there.
      const held = minimum(area, 1)
      const lost = div(sum(mul(sub(1, overlap), held)), maximum(sum(held), 1))
      return add(mean(each), lost)
    },
  })
  try {
    bar.end()
    const { z } = await head.predict(
      test.count,
      (rows) => ({ pixels: pixels(test, rows) }),
      (scope, rows) => ({ z: net(scope, rows) }),
    )
    const average = new Float32Array(k * side * side)
    training.masks.forEach((value, i) => {
      average[i % average.length]! += value / training.count
    })
    return {
      kind: 'segmentation',
      supervised: dice(labels, (i) => z![i]! > 0, test),
      meanMask: dice(labels, (i) => average[i % average.length]! > 0.5, test),
    }
  } finally {
    await head.close()
  }
}

/** No picture comes more often than this an epoch. */
const mostOften = 8

/** Pictures in the order they are learnt from: those with rare labels come again, until a tenth or so holds each label. */
function rareOften({ masks, count }: Pictures, k: number): number[] {
  const area = masks.length / (count * k)
  const holds = Array.from({ length: count }, (_, n) =>
    Array.from({ length: k }, (_, label) =>
      masks.subarray((n * k + label) * area, (n * k + label + 1) * area).includes(1),
    ),
  )
  const again = Array.from({ length: k }, (_, label) => {
    const often = holds.filter((held) => held[label]).length
    return Math.min(mostOften, Math.ceil(count / 10 / Math.max(1, often)))
  })
  return holds.flatMap((held, n) => {
    const times = Math.max(1, ...held.map((here, label) => (here ? (again[label] as number) : 1)))
    return new Array<number>(times).fill(n)
  })
}

/** 2 |A and B| / (|A| + |B|) over all pixels of the cases, by label. */
function dice(
  labels: readonly string[],
  said: (index: number) => boolean,
  { masks, count }: Pictures,
): SegmentationLines['supervised'] {
  const area = masks.length / (count * labels.length)
  const perLabel: Record<string, number> = {}
  labels.forEach((label, k) => {
    let [both, total] = [0, 0]
    for (let n = 0; n < count; n++) {
      for (let i = 0; i < area; i++) {
        const at = (n * labels.length + k) * area + i
        const [a, b] = [said(at) ? 1 : 0, masks[at] as number]
        both += a * b
        total += a + b
      }
    }
    perLabel[label] = rounded(total === 0 ? 1 : (2 * both) / total)
  })
  return { mean: rounded(Object.values(perLabel).reduce((a, b) => a + b, 0) / labels.length), perLabel }
}
