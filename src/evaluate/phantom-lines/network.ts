/** @file The supervised bound: the image tower of the house, trained on what is true of each case. */

import { VesaliusError } from '../../core/errors.ts'
import type { Progress } from '../../core/progress.ts'
import { random } from '../../core/random.ts'
import { augmentInto } from '../../data/augment.ts'
import { concat, type Feed, input, max, mean, reshape, type Tensor } from '../../engine/index.ts'
import { resnetSchema } from '../../models/config.ts'
import { imagePreset } from '../../models/presets.ts'
import { resnet } from '../../models/resnet.ts'
import { linear, type Scope } from '../../nn/index.ts'
import { multiLabelCrossEntropy } from '../../pretrain/parts/labels.ts'
import { trainHead } from '../heads.ts'
import { labelsOf } from '../studies.ts'
import type { LineCases } from './cases.ts'
import type { Recipe } from './recipe.ts'

export interface Learnt {
  /** Logits [N, K] of the test cases. */
  logits: Float32Array
  /** Pooled features of all cases, [N, F]. */
  training: Float32Array
  test: Float32Array
  width: number
}

export interface NetworkContext {
  recipe: Recipe
  threads: number
  progress: (label: string, total: number, unit: string) => Progress
  signal?: AbortSignal | undefined
}

/** Trains the tower on the training cases and reads it out on all. */
export async function learn(
  findings: readonly string[],
  training: LineCases,
  test: LineCases,
  { recipe, threads, progress, signal }: NetworkContext,
): Promise<Learnt> {
  const { epochs, batch, rate, weightDecay } = recipe.supervised
  const [views, channels, height, width] = training.shape
  const count = training.studies.length
  const steps = Math.ceil((epochs * count) / batch)
  const k = findings.length
  const prepared = preparer(training, recipe.seed)
  const columns = findings.map((name) => labelsOf(training.studies, name))
  const net = (scope: Scope, rows: number): { features: Tensor; logits: Tensor } => {
    const pixels = input('pixels', [rows * views, channels, height, width])
    const preset = imagePreset(recipe.image)
    const config = resnetSchema.parse({ ...preset, size: 32 * Math.ceil(width / 32), channels })
    const { globalRaw } = resnet(scope.in('image'), (x) => x, pixels, config)
    const bags = reshape(globalRaw, [rows, views, globalRaw.shape[1] as number])
    const features = views === 1 ? globalRaw : concat([mean(bags, [1]), max(bags, [1])], 1) //               [B, F]
    return { features, logits: linear(scope.in('head'), features, k) }
  }
  const pixels = (cases: LineCases, rows: readonly number[], step?: number): Feed => ({
    dtype: 'float32',
    shape: [rows.length * views, channels, height, width],
    data: prepared(cases, rows, step),
  })
  const table = (rows: readonly number[], of: (label: number) => number): Feed => ({
    dtype: 'float32',
    shape: [rows.length, k],
    data: Float32Array.from(rows.flatMap((n) => columns.map((column) => of(column[n] as number)))),
  })
  const bar = progress('Supervised', steps, 'steps')
  const head = await trainHead({
    rows: count,
    batch,
    steps,
    rate,
    weightDecay,
    threads,
    seed: recipe.seed,
    feeds: (rows, step) => {
      if (signal?.aborted) throw new VesaliusError('INTERRUPTED', 'Measuring was interrupted.', { where: 'training' })
      bar.update(step)
      return {
        pixels: pixels(training, rows, step),
        labels: table(rows, (label) => (label === 1 ? 1 : 0)),
        known: table(rows, (label) => (label === -1 ? 0 : 1)),
      }
    },
    loss: (scope, rows) =>
      multiLabelCrossEntropy(net(scope, rows).logits, input('labels', [rows, k]), input('known', [rows, k])),
  })
  try {
    bar.end()
    const read = (cases: LineCases): Promise<Record<string, Float32Array>> =>
      head.predict(cases.studies.length, (rows) => ({ pixels: pixels(cases, rows) }), net)
    const [seen, held] = [await read(training), await read(test)]
    const features = held.features as Float32Array
    return {
      logits: held.logits as Float32Array,
      training: seen.features as Float32Array,
      test: features,
      width: features.length / test.studies.length,
    }
  } finally {
    await head.close()
  }
}

/** Values as the tower wants them: mean 0 and deviation 1 a channel over the training cases; augmented if a step is given. */
function preparer(
  training: LineCases,
  seed: number,
): (cases: LineCases, rows: readonly number[], step?: number) => Float32Array {
  const [views, channels, height, width] = training.shape
  const area = height * width
  const planes = views * channels
  const length = planes * area
  const [sum, square] = [new Float64Array(channels), new Float64Array(channels)]
  const { values } = training
  for (let i = 0; i < values.length; i++) {
    const [c, value] = [Math.floor(i / area) % channels, (values[i] as number) / 65535]
    sum[c]! += value
    square[c]! += value * value
  }
  const each = values.length / channels
  const means = Array.from(sum, (total) => total / each)
  const deviations = Array.from(square, (total, c) => Math.sqrt(Math.max(1e-6, total / each - means[c]! ** 2)))
  const repeat = (list: readonly number[]): number[] => Array.from({ length: planes }, (_, p) => list[p % channels]!)
  const geometry = { size: width, channels: planes, mean: repeat(means), sd: repeat(deviations) }
  return (cases, rows, step) => {
    const out = new Float32Array(rows.length * length)
    rows.forEach((row, i) => {
      const source = cases.values.subarray(row * length, (row + 1) * length)
      if (step !== undefined && height === width) {
        augmentInto('crop', source, out, i * length, geometry, random(seed, 'augment', step, row))
        return
      }
      for (let p = 0; p < planes; p++)
        for (let j = p * area; j < (p + 1) * area; j++)
          out[i * length + j] = (source[j]! / 65535 - geometry.mean[p]!) / geometry.sd[p]!
    })
    return out
  }
}
