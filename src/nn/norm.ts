/** @file Normalisation layers. */

import {
  add,
  channelAffine,
  div,
  layerNorm as layerNormOp,
  mean,
  mul,
  neg,
  reshape,
  sqrt,
  square,
  sub,
  type Tensor,
} from '../engine/index.ts'
import type { Scope } from './scope.ts'

/** Layer normalisation over the last axis, with `weight` and `bias` [D], as torch.nn.LayerNorm. */
export function layerNorm(scope: Scope, x: Tensor, epsilon: number): Tensor {
  const width = x.shape.at(-1) as number
  return layerNormOp(
    x,
    scope.parameter('weight', [width], { kind: 'ones' }),
    scope.parameter('bias', [width], { kind: 'zeros' }),
    epsilon,
  )
}

/**
 * Batch normalisation of x [B, C, H, W] as torch.nn.BatchNorm2d: statistics of the batch while training (running ones
 * are moved by `momentum` towards them, with the unbiased variance), the running ones otherwise.
 */
export function batchNorm2d(scope: Scope, x: Tensor, { epsilon = 1e-5, momentum = 0.1, gain = 1 } = {}): Tensor {
  const [b, c, h, w] = x.shape as [number, number, number, number]
  const weight = scope.parameter('weight', [c], { kind: 'constant', value: gain })
  const bias = scope.parameter('bias', [c], { kind: 'zeros' })
  const runningMean = scope.statistic('running_mean', [c], { kind: 'zeros' })
  const runningVariance = scope.statistic('running_var', [c], { kind: 'ones' })

  let centre = runningMean
  let variance = runningVariance
  if (scope.training) {
    const axes = [0, 2, 3]
    const wide = mean(x, axes, true) //                                                       [1, C, 1, 1]
    centre = reshape(wide, [c])
    variance = mean(square(sub(x, wide)), axes) //                                            [C], two passes: exact
    const count = b * h * w
    const moved = (old: Tensor, now: Tensor): Tensor => add(mul(old, 1 - momentum), mul(now, momentum))
    scope.update('running_mean', moved(runningMean, centre))
    scope.update('running_var', moved(runningVariance, mul(variance, count / Math.max(count - 1, 1))))
  }
  const scale = div(weight, sqrt(add(variance, epsilon))) //                                  [C]
  return channelAffine(x, scale, add(bias, mul(neg(centre), scale)))
}
