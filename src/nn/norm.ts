/** @file Normalisation layers. */

import {
  add,
  batchNorm as batchNormOp,
  channelAffine,
  div,
  layerNorm as layerNormOp,
  mean,
  mul,
  reshape,
  type Shape,
  shapeError,
  sizeOf,
  sqrt,
  square,
  standardize,
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

/** Layer normalisation over the channels of x [B, C, ...spatial], at each position by itself (ConvNeXt's LayerNorm2d). */
export function channelNorm(scope: Scope, x: Tensor, epsilon: number): Tensor {
  const c = channelsOf('channelNorm', x)
  const centred = sub(x, mean(x, 1, true))
  const scaled = div(centred, sqrt(add(mean(square(centred), 1, true), epsilon)))
  return channelAffine(
    scaled,
    scope.parameter('weight', [c], { kind: 'ones' }),
    scope.parameter('bias', [c], { kind: 'zeros' }),
  )
}

/** x / sqrt(mean(x^2) + epsilon) over the last axis, times `weight` [D], as torch.nn.RMSNorm (Zhang, Sennrich 2019). */
export function rmsNorm(scope: Scope, x: Tensor, epsilon: number): Tensor {
  const width = x.shape.at(-1)
  if (width === undefined) shapeError('rmsNorm', 'needs an axis', x)
  const scale = sqrt(add(mean(square(x), -1, true), epsilon))
  return mul(div(x, scale), scope.parameter('weight', [width], { kind: 'ones' }))
}

/**
 * Batch normalisation of x [B, C, ...spatial] as torch.nn.BatchNorm1d, 2d and 3d: statistics of the batch while training
 * (running ones are moved by `momentum` towards them, with the unbiased variance), the running ones otherwise.
 */
export function batchNorm(scope: Scope, x: Tensor, { epsilon = 1e-5, momentum = 0.1, gain = 1 } = {}): Tensor {
  const c = channelsOf('batchNorm', x)
  const weight = scope.parameter('weight', [c], { kind: 'constant', value: gain })
  const bias = scope.parameter('bias', [c], { kind: 'zeros' })
  const runningMean = scope.statistic('running_mean', [c], { kind: 'zeros' })
  const runningVariance = scope.statistic('running_var', [c], { kind: 'ones' })

  if (!scope.training) {
    const scale = div(weight, sqrt(add(runningVariance, epsilon))) //                         [C]
    return channelAffine(x, scale, sub(bias, mul(runningMean, scale)))
  }
  const count = sizeOf(x.shape) / c
  if (count < 2) shapeError('batchNorm', 'needs more than one value a channel while training', x)
  const [normed, centre, variance] = batchNormOp(x, weight, bias, epsilon)
  const moved = (old: Tensor, now: Tensor): Tensor => add(mul(old, 1 - momentum), mul(now, momentum))
  scope.update('running_mean', moved(runningMean, centre))
  scope.update('running_var', moved(runningVariance, mul(variance, count / (count - 1))))
  return normed
}

/** Normalisation of x [B, C, ...spatial] over groups of channels and all positions, as torch.nn.GroupNorm. */
export function groupNorm(scope: Scope, x: Tensor, groups: number, { epsilon = 1e-5 } = {}): Tensor {
  const c = channelsOf('groupNorm', x)
  if (!Number.isInteger(groups) || groups < 1 || c % groups !== 0)
    shapeError('groupNorm', `${groups} groups do not divide the ${c} channels of axis 1`, x)
  return channelAffine(
    standardized(x, [x.shape[0]!, groups, sizeOf(x.shape.slice(1)) / groups], epsilon),
    scope.parameter('weight', [c], { kind: 'ones' }),
    scope.parameter('bias', [c], { kind: 'zeros' }),
  )
}

/**
 * Normalisation of each channel of each item of x [B, C, ...spatial] over its positions, as torch.nn.InstanceNorm1d, 2d
 * and 3d (without running statistics). `affine` adds `weight` and `bias` [C]; PyTorch's default is without.
 */
export function instanceNorm(scope: Scope, x: Tensor, { epsilon = 1e-5, affine = false } = {}): Tensor {
  const c = channelsOf('instanceNorm', x)
  const positions = sizeOf(x.shape.slice(2))
  if (positions < 2) shapeError('instanceNorm', 'needs more than one position', x)
  const normed = standardized(x, [x.shape[0]!, c, positions], epsilon)
  if (!affine) return normed
  return channelAffine(
    normed,
    scope.parameter('weight', [c], { kind: 'ones' }),
    scope.parameter('bias', [c], { kind: 'zeros' }),
  )
}

/** x standardised over the last axis of its view `rows`. */
function standardized(x: Tensor, rows: Shape, epsilon: number): Tensor {
  return reshape(standardize(reshape(x, rows), epsilon)[0], x.shape)
}

function channelsOf(op: string, x: Tensor): number {
  if (x.shape.length < 2) shapeError(op, 'needs [B, C, ...spatial]', x)
  return x.shape[1] as number
}
