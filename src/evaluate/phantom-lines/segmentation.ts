/**
 * @file Reference lines of a domain with masks and no findings: a small U-Net as the bound, the mean mask of the training
 * studies as the baseline that knows places and nothing of the picture.
 */

import { join } from 'node:path'
import sharp from 'sharp'
import { VesaliusError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import { readStudies } from '../../data/studies.ts'
import type { Study } from '../../data/study.ts'
import {
  abs,
  add,
  div,
  exp,
  type Inline,
  input,
  log,
  mean,
  mul,
  neg,
  openRuntime,
  optimizerSchema,
  relu,
  sigmoid,
  sub,
  sum,
} from '../../engine/index.ts'
import { openTraining, type Scope, unet } from '../../nn/index.ts'
import type { SegmentationLines } from '../../phantoms/index.ts'
import type { NetworkContext } from './network.ts'
import { rounded, type Segmentation } from './recipe.ts'

interface Pictures {
  /** [N, C, side, side] in about [-1, 1]. */
  pixels: Float32Array
  /** [N, K, side, side], 0 or 1. */
  masks: Float32Array
  count: number
}

/** Trains the U-Net on the masks in `work` and measures both lines. */
export async function segmentationLines(
  folder: string,
  side: number,
  { base, depth, epochs, batch, rate, train: trainCount, test: testCount }: Segmentation,
  { progress, signal, recipe, threads }: NetworkContext,
): Promise<SegmentationLines> {
  const studies = await readStudies(folder)
  const labels = [...new Set(studies.flatMap(({ masks }) => masks.map(({ label }) => label)))].sort()
  const first = studies[0]?.images[0]?.path ?? ''
  if (labels.length === 0 || !first.endsWith('.png')) {
    throw new VesaliusError('DATA_LACKS_FIELD', 'These studies have neither findings nor masks on PNG pictures.', {
      where: folder,
      hint: 'There is no reference line for this kind of data yet.',
    })
  }
  const channels = (await sharp(join(folder, first)).metadata()).channels === 3 ? 3 : 1
  const read = (split: Study['split'], count: number): Promise<Pictures> =>
    readPictures(folder, studies.filter((study) => study.split === split).slice(0, count), labels, channels, side)
  const training = await read('train', trainCount)
  const test = await read('test', testCount)
  const k = labels.length
  const net = (scope: Scope, rows: number) =>
    unet(scope, input('pixels', [rows, channels, side, side]), { outputs: k, base, depth }).logits

  const runtime = openRuntime({ threads })
  try {
    const model = await openTraining<{ rows: number }>({
      runtime,
      first: { rows: batch },
      seed: recipe.seed,
      optimizer: optimizerSchema.parse({ kind: 'adamw', weightDecay: 0.01 }),
      build(scope, { rows }) {
        const z = net(scope, rows)
        const y = input('masks', [rows, k, side, side])
        const each = sub(add(relu(z), log(add(1, exp(neg(abs(z)))))), mul(z, y))
        const p = sigmoid(z)
        const overlap = div(
          add(mul(2, sum(mul(p, y), [0, 2, 3])), 1),
          add(add(sum(p, [0, 2, 3]), sum(y, [0, 2, 3])), 1),
        )
        return { loss: add(mean(each), sub(1, mean(overlap))), watch: {} }
      },
    })
    const perEpoch = Math.floor(training.count / batch)
    const bar = progress('U-Net', epochs * perEpoch, 'steps')
    const area = side * side
    for (let step = 0; step < epochs * perEpoch; step++) {
      if (signal?.aborted) throw new VesaliusError('INTERRUPTED', 'Measuring was interrupted.', { where: folder })
      const order = random(recipe.seed, 'order', Math.floor(step / perEpoch)).shuffle([...Array(training.count).keys()])
      const rows = order.slice((step % perEpoch) * batch, (step % perEpoch) * batch + batch)
      const share = step / (epochs * perEpoch)
      const factor = Math.min(1, step / 20) * (0.5 + 0.5 * Math.cos(Math.PI * share))
      await model.step(
        { rows: batch },
        {
          pixels: gather(training.pixels, rows, [channels, side, side]),
          masks: gather(training.masks, rows, [k, side, side]),
        },
        rate * factor,
      )
      bar.update(step + 1)
    }
    bar.end()
    const predicted = new Float32Array(test.count * k * area)
    for (let from = 0; from + batch <= test.count; from += batch) {
      const rows = Array.from({ length: batch }, (_, i) => from + i)
      const { z } = await model.evaluate('predict', (scope) => ({ z: net(scope, batch) }), {
        pixels: gather(test.pixels, rows, [channels, side, side]),
      })
      predicted.set(z!.data as Float32Array, from * k * area)
    }
    const seen = Math.floor(test.count / batch) * batch
    const average = new Float32Array(k * area)
    training.masks.forEach((value, i) => {
      average[i % (k * area)]! += value / training.count
    })
    return {
      kind: 'segmentation',
      supervised: dice(labels, (i) => predicted[i]! > 0, test.masks, seen, side),
      meanMask: dice(labels, (i) => average[i % (k * area)]! > 0.5, test.masks, seen, side),
    }
  } finally {
    await runtime.close()
  }
}

/** Rows of a [N, ...shape] array as the input of a step. */
function gather(values: Float32Array, rows: readonly number[], shape: readonly number[]): Inline {
  const length = shape.reduce((a, b) => a * b, 1)
  const data = new Float32Array(rows.length * length)
  rows.forEach((row, i) => {
    data.set(values.subarray(row * length, (row + 1) * length), i * length)
  })
  return { dtype: 'float32', shape: [rows.length, ...shape], data }
}

async function readPictures(
  folder: string,
  studies: readonly Study[],
  labels: readonly string[],
  channels: 1 | 3,
  side: number,
): Promise<Pictures> {
  const area = side * side
  const pixels = new Float32Array(studies.length * channels * area)
  const masks = new Float32Array(studies.length * labels.length * area)
  const raw = (path: string, kernel: 'linear' | 'nearest', colour: boolean): Promise<Buffer> =>
    sharp(join(folder, path))
      .resize(side, side, { fit: 'fill', kernel })
      .toColourspace(colour ? 'srgb' : 'b-w')
      .removeAlpha()
      .raw()
      .toBuffer()
  for (const [n, study] of studies.entries()) {
    const picture = await raw(study.images[0]?.path ?? '', 'linear', channels === 3)
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < channels; c++) {
        pixels[(n * channels + c) * area + i] = (picture[i * channels + c] as number) / 127.5 - 1
      }
    }
    for (const { image, label, path } of study.masks) {
      if (image !== 0) continue
      const mask = await raw(path, 'nearest', false)
      const at = (n * labels.length + labels.indexOf(label)) * area
      for (let i = 0; i < area; i++) if (mask[i]! > 0) masks[at + i] = 1
    }
  }
  return { pixels, masks, count: studies.length }
}

/** 2 |A and B| / (|A| + |B|) over all pixels of the first `count` cases, by label. */
function dice(
  labels: readonly string[],
  said: (index: number) => boolean,
  truth: Float32Array,
  count: number,
  side: number,
): SegmentationLines['supervised'] {
  const area = side * side
  const perLabel: Record<string, number> = {}
  labels.forEach((label, k) => {
    let [both, total] = [0, 0]
    for (let n = 0; n < count; n++) {
      for (let i = 0; i < area; i++) {
        const at = (n * labels.length + k) * area + i
        const [a, b] = [said(at) ? 1 : 0, truth[at] as number]
        both += a * b
        total += a + b
      }
    }
    perLabel[label] = rounded(total === 0 ? 1 : (2 * both) / total)
  })
  return { mean: rounded(Object.values(perLabel).reduce((a, b) => a + b, 0) / labels.length), perLabel }
}
