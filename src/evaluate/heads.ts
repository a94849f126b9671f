/** @file Small heads trained on frozen features: batches of rows, AdamW with a cosine schedule, predictions row by row. */

import { sampler } from '../data/sampler.ts'
import { type Feed, type Inline, openRuntime, scheduleFactor, type Tensor } from '../engine/index.ts'
import { openTraining, type Scope, type Training } from '../nn/index.ts'

export interface HeadOptions {
  /** Training rows. */
  rows: number
  /** Inputs and targets of these rows at a step, counted from 0. */
  feeds: (rows: readonly number[], step: number) => Record<string, Feed> | Promise<Record<string, Feed>>
  /** Loss [] of a batch of this size. */
  loss: (scope: Scope, batch: number) => Tensor
  steps: number
  /** Peak learning rate: one, or several of which the one with the lowest validation loss is taken. 1e-3 if absent. */
  rate?: number | readonly number[]
  /** What a rate is chosen by; without it, or without rows, the middle one of several is taken. */
  validation?: { rows: number; feeds: HeadOptions['feeds'] } | undefined
  /** Rows a step; 32, or all if fewer. */
  batch?: number
  weightDecay?: number
  /** Threads of an operator; all cores if absent. */
  threads?: number
  seed: number
  /** Values to start from by name, such as those of a trained tower; others are fresh. */
  start?: (name: string) => Float32Array | undefined
}

export interface TrainedHead {
  /** The rate that it was trained with. */
  rate: number
  /** Runs a graph on the trained parameters; graphs of one key are compiled once. */
  run: Training<{ batch: number }>['evaluate']
  /** Outputs of `count` rows, each concatenated over batches: [count, ...]. */
  predict(
    count: number,
    feeds: (rows: readonly number[]) => Record<string, Feed> | Promise<Record<string, Feed>>,
    build: (scope: Scope, batch: number) => Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Float32Array>>
  close(): Promise<void>
}

/** Rows a batch of predictions. */
const chunk = 64
/** A rate is tried for this share of the steps. */
const trial = 1 / 4

/** Trains a head. Close it when the predictions are made. */
export async function trainHead(options: HeadOptions): Promise<TrainedHead> {
  const { rows, feeds, loss, steps, weightDecay = 0.01, seed, start } = options
  const batch = Math.min(options.batch ?? 32, rows)
  const runtime = openRuntime(options.threads === undefined ? {} : { threads: options.threads })
  const training = await openTraining<{ batch: number }>({
    runtime,
    build: (scope, shape) => ({ loss: loss(scope, shape.batch), watch: {} }),
    first: { batch },
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
    clipNorm: 1,
    seed,
  })
  const initial = await training.parameters()
  for (const { name, offset, size } of training.layout.entries) {
    const values = start?.(name)
    if (values?.length === size) initial.set(values, offset)
  }
  const order = sampler({ n: rows, batch, seed })
  const schedule = { kind: 'cosine', warmup: 0.1, floor: 0 } as const
  const train = async (rate: number, count: number): Promise<void> => {
    await training.restart(initial.slice())
    for (let step = 0; step < count; step++) {
      const fed = await feeds(order.batchAt(step).indices, step)
      await training.step({ batch }, fed, rate * scheduleFactor(schedule, step, count))
    }
  }
  const rate = await chosenRate(options, training, train)
  await train(rate, steps)
  return {
    rate,
    run: training.evaluate,
    async predict(count, fedOf, build) {
      const parts = new Map<string, Inline[]>()
      for (let from = 0; from < count; from += chunk) {
        const size = Math.min(chunk, count - from)
        const fed = await fedOf(Array.from({ length: size }, (_, i) => from + i))
        const outputs = await training.evaluate(`predict ${size}`, (scope) => build(scope, size), fed)
        for (const [name, output] of Object.entries(outputs)) parts.set(name, [...(parts.get(name) ?? []), output])
      }
      const joined = [...parts].map(([name, found]): [string, Float32Array] => {
        const values = new Float32Array(found.reduce((sum, { data }) => sum + data.length, 0))
        let at = 0
        for (const { data } of found) {
          values.set(data as Float32Array, at)
          at += data.length
        }
        return [name, values]
      })
      return Object.fromEntries(joined)
    },
    async close() {
      await training.dispose()
      await runtime.close()
    },
  }
}

/** Of several rates the one whose short training has the lowest loss on the validation rows; the lower one of two. */
async function chosenRate(
  { rate = 1e-3, validation, loss, steps }: HeadOptions,
  training: Training<{ batch: number }>,
  train: (rate: number, steps: number) => Promise<void>,
): Promise<number> {
  const rates = typeof rate === 'number' ? [rate] : [...rate].sort((a, b) => a - b)
  if (rates.length === 1 || validation === undefined || validation.rows === 0) return rates[rates.length >> 1]!
  let [best, least] = [rates[0]!, Number.POSITIVE_INFINITY]
  for (const candidate of rates) {
    await train(candidate, Math.max(1, Math.round(trial * steps)))
    let total = 0
    for (let from = 0; from < validation.rows; from += chunk) {
      const count = Math.min(chunk, validation.rows - from)
      const fed = await validation.feeds(
        Array.from({ length: count }, (_, i) => from + i),
        0,
      )
      const outputs = await training.evaluate(`validate ${count}`, (scope) => ({ loss: loss(scope, count) }), fed)
      total += count * (outputs.loss!.data[0] as number)
    }
    if (total < least) [best, least] = [candidate, total]
  }
  return best
}

/** Rows of a table [N, ...shape] as a feed [n, ...shape]. */
export function rowsFeed(values: Float32Array, shape: readonly number[], rows: readonly number[]): Feed {
  const width = shape.reduce((product, n) => product * n, 1)
  const data = new Float32Array(rows.length * width)
  rows.forEach((row, i) => {
    data.set(values.subarray(row * width, (row + 1) * width), i * width)
  })
  return { dtype: 'float32', shape: [rows.length, ...shape], data }
}

/** Mean and standard deviation of each column of [N, width]; 1 for constant columns. */
export function moments(values: Float32Array, width: number): { mean: Float32Array; deviation: Float32Array } {
  const [mean, square] = [new Float64Array(width), new Float64Array(width)]
  const count = values.length / width
  for (let i = 0; i < values.length; i++) mean[i % width]! += values[i]! / count
  for (let i = 0; i < values.length; i++) square[i % width]! += (values[i]! - mean[i % width]!) ** 2 / count
  const deviation = Float32Array.from(square, (variance, d) =>
    Math.sqrt(variance) > 1e-6 * Math.max(1, Math.abs(mean[d]!)) ? Math.sqrt(variance) : 1,
  )
  return { mean: Float32Array.from(mean), deviation }
}

/** A table with its columns brought to mean 0 and deviation 1 by the moments of a training table. */
export function standardised(values: Float32Array, { mean, deviation }: ReturnType<typeof moments>): Float32Array {
  const width = mean.length
  return values.map((value, i) => (value - mean[i % width]!) / deviation[i % width]!)
}
