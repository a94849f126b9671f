/** @file Optimizers as pure element-wise graphs over flat vectors, and learning-rate schedules. */

import type { Outputs } from './onnx/lower.ts'
import * as op from './ops.ts'
import type { Tensor } from './tensor.ts'

export interface AdamWOptions {
  /** Decoupled weight decay of matrices; gains, biases and scales never decay. */
  weightDecay: number
  beta1: number
  beta2: number
  epsilon: number
}

/**
 * AdamW (Loshchilov and Hutter 2019) on vectors: parameters p, gradients g, moments m and v -> the same places after a
 * step. What changes from step to step comes in the vector `rates`, see {@link adamWRates}.
 */
export function adamW(): Outputs {
  const length = 2 // any; the lowering leaves it open
  const [p, g0, m0, v0] = ['p', 'g', 'm', 'v'].map((name) => op.input(name, [length])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ]
  const rates = op.input('rates', [9])
  const [clip, shrink, step, beta1, fresh1, beta2, fresh2, root, epsilon] = Array.from({ length: 9 }, (_, i) =>
    op.slice(rates, 0, i, i + 1),
  ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
  const g = op.mul(g0, clip)
  const m = op.add(op.mul(m0, beta1), op.mul(g, fresh1))
  const v = op.add(op.mul(v0, beta2), op.mul(op.square(g), fresh2))
  const update = op.div(op.mul(m, step), op.add(op.mul(op.sqrt(v), root), epsilon))
  return { 'p+': op.sub(op.mul(p, shrink), update), 'm+': m, 'v+': v }
}

/** The vector `rates` of {@link adamW} at step t = 1, 2, ...; `clip` scales the gradient. */
export function adamWRates(
  { weightDecay, beta1, beta2, epsilon }: AdamWOptions,
  { t, rate, clip, decay }: { t: number; rate: number; clip: number; decay: boolean },
): Float32Array {
  return Float32Array.of(
    clip,
    1 - (decay ? rate * weightDecay : 0),
    rate / (1 - beta1 ** t),
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    1 / Math.sqrt(1 - beta2 ** t),
    epsilon,
  )
}

/** Learning rate at step t = 0, 1, ...: linear warm-up, then half a cosine down to `floor` times the peak. */
export function warmupCosine(
  t: number,
  { peak, warmup, total, floor = 0 }: { peak: number; warmup: number; total: number; floor?: number },
): number {
  if (t < warmup) return (peak * (t + 1)) / warmup
  const share = Math.min(1, (t - warmup) / Math.max(1, total - warmup))
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * share)))
}
