/** @file The loss of an objective on features at hand, in float64 on the reference interpreter, with its gradients. */

import { random } from '../src/core/random.ts'
import {
  add,
  type DType,
  gradients,
  initialValues,
  input,
  interpret,
  layOut,
  type Shape,
  scalar,
  sizeOf,
  type Tensor,
  topological,
  valuesByName,
} from '../src/engine/index.ts'
import { trace } from '../src/nn/index.ts'
import type { Objective } from '../src/pretrain/objective.ts'

/** A tensor by values; int32 if it says so. */
export interface Values {
  shape: Shape
  data: ArrayLike<number>
  dtype?: DType
}

export interface LossRequest {
  /** `image.global`, `text.words`, `batch.sentenceKey`, ... and plain facts such as `image.grid`. */
  given: Readonly<Record<string, Values | unknown>>
  config?: Readonly<Record<string, unknown>>
  /** exp(logit_scale). */
  scale?: number
  /** Values of the objective's own parameters by their names behind `objective.`; fresh ones for others. */
  parameters?: Readonly<Record<string, ArrayLike<number>>>
  /** What else the context holds, such as the model. */
  context?: Readonly<Record<string, unknown>>
  training?: boolean
  seed?: number
}

export interface LossResult {
  /** Every scalar that the loss returns. */
  losses: Record<string, number>
  /** Gradient of the sum of the named losses by given tensors and own parameters. */
  gradients: Record<string, Float64Array>
}

const isValues = (value: unknown): value is Values => typeof value === 'object' && value !== null && 'data' in value

/** A loss as a graph, with values of its leaves. */
interface Prepared {
  losses: [string, Tensor][]
  total: Tensor
  leaves: Map<string, Tensor>
  feeds: Map<string, Float64Array>
}

function prepare(objective: Objective, request: LossRequest, of: readonly string[]): Prepared {
  const { given, config, scale = 10, parameters = {}, context: more = {}, training = true, seed = 1 } = request
  const feeds = new Map<string, Float64Array>()
  const leaves = new Map<string, Tensor>()
  const context: Record<string, Record<string, unknown>> = {}
  for (const [path, value] of Object.entries(given)) {
    const [pass, name] = path.split('.') as [string, string]
    const group = context[pass] ?? {}
    context[pass] = group
    if (!isValues(value)) {
      group[name] = value
      continue
    }
    feeds.set(path, Float64Array.from(value.data))
    const leaf = input(path, value.shape, value.dtype ?? 'float32')
    leaves.set(path, leaf)
    group[name] = leaf
  }
  const parsed = objective.config.parse(config ?? objective.tiny?.config ?? {})
  const traced = trace(
    (scope) =>
      objective.loss({
        ...more,
        ...context,
        scale: scalar(scale),
        config: parsed,
        modules: scope.in('objective'),
      } as never),
    { training },
  )
  const layout = layOut(traced.declarations)
  for (const [name, values] of valuesByName(layout, initialValues(layout, seed)))
    feeds.set(name, Float64Array.from(parameters[name.replace(/^objective\./, '')] ?? values))
  for (const [name, tensor] of traced.tensors) leaves.set(name, tensor)
  const losses = Object.entries(traced.outputs)
  const total = of.map((name) => traced.outputs[name] as Tensor).reduce((a, b) => add(a, b))
  if (topological(losses.map(([, loss]) => loss)).some(({ op }) => op === 'random'))
    throw new Error('This loss draws random numbers: give them as features.')
  return { losses, total, leaves, feeds }
}

/** Evaluates `objective.loss`; `of` are the losses whose sum is differentiated, all declared ones if absent. */
export function lossOf(
  objective: Objective,
  request: LossRequest,
  of: readonly string[] = objective.losses,
): LossResult {
  const { losses, total, leaves, feeds } = prepare(objective, request, of)
  const wrt = [...leaves].filter(([, { dtype }]) => dtype === 'float32')
  const slopes = gradients(
    total,
    wrt.map(([, leaf]) => leaf),
  )
  const found = interpret([...losses.map(([, loss]) => loss), ...slopes], feeds)
  return {
    losses: Object.fromEntries(losses.map(([name], i) => [name, found[i]?.[0] as number])),
    gradients: Object.fromEntries(wrt.map(([name], i) => [name, found[losses.length + i] as Float64Array])),
  }
}

/** Normal numbers of a shape, for tests. */
export function noise(shape: Shape, ...keys: (string | number)[]): Values {
  const stream = random('noise', ...keys)
  return { shape, data: Array.from({ length: sizeOf(shape) }, () => stream.normal()) }
}

/** Whole numbers of a shape. */
export function ints(shape: Shape, data: ArrayLike<number>): Values {
  return { shape, data, dtype: 'int32' }
}

/** Rows of the leading axis in another order. */
export function reordered({ shape, data, ...rest }: Values, order: readonly number[]): Values {
  const row = sizeOf(shape.slice(1))
  return { shape, data: order.flatMap((i) => Array.from(data).slice(i * row, (i + 1) * row)), ...rest }
}

/**
 * Largest difference between the gradient of the sum of the losses and central differences, relative to the largest slope,
 * over `count` values of each tensor that is given.
 */
export function gradientError(objective: Objective, request: LossRequest, count = 6, step = 1e-5): number {
  const { total, leaves, feeds } = prepare(objective, request, objective.losses)
  const wrt = [...leaves].filter(([path, { dtype }]) => dtype === 'float32' && path in request.given)
  const slopes = interpret(
    gradients(
      total,
      wrt.map(([, leaf]) => leaf),
    ),
    feeds,
  )
  const size = Math.max(...slopes.flatMap((values) => Array.from(values, Math.abs)))
  let worst = 0
  for (const [k, [path]] of wrt.entries()) {
    const values = feeds.get(path) as Float64Array
    const stream = random('differences', path)
    for (let n = 0; n < count; n++) {
      const i = stream.int(values.length)
      const at = (by: number): number => {
        const moved = values.slice()
        moved[i] = (moved[i] as number) + by
        return interpret([total], new Map([...feeds, [path, moved]]))[0]?.[0] as number
      }
      const slope = (at(step) - at(-step)) / (2 * step)
      worst = Math.max(worst, Math.abs(slope - (slopes[k]?.[i] as number)) / size)
    }
  }
  return worst
}
