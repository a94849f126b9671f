/** @file Projection heads with batch normalisation over the real rows of a padded set. */

import { add, cast, div, maximum, mul, relu, reshape, sqrt, square, sub, sum, type Tensor } from '../../engine/index.ts'
import { batchNorm, linear, type Scope } from '../../nn/index.ts'

/**
 * Batch normalisation of rows x [..., C] as torch.nn.BatchNorm1d; with `mask` int32 [...] the statistics are those of the
 * real rows, so that padding changes nothing.
 */
export function rowNorm(scope: Scope, x: Tensor, mask?: Tensor, { epsilon = 1e-5, momentum = 0.1 } = {}): Tensor {
  const c = x.shape.at(-1) as number
  const rows = reshape(x, [-1, c])
  if (mask === undefined || !scope.training) return reshape(batchNorm(scope, rows, { epsilon, momentum }), x.shape)
  const weight = scope.parameter('weight', [c], { kind: 'ones' })
  const bias = scope.parameter('bias', [c], { kind: 'zeros' })
  const real = reshape(cast(mask, 'float32'), [-1, 1])
  const count = maximum(sum(real), 1)
  const centre = div(sum(mul(rows, real), 0), count) //                                        [C]
  const variance = div(sum(mul(square(sub(rows, centre)), real), 0), count)
  const moved = (name: string, first: 'zeros' | 'ones', now: Tensor): void => {
    const old = scope.statistic(name, [c], { kind: first })
    scope.update(name, add(mul(old, 1 - momentum), mul(now, momentum)))
  }
  moved('running_mean', 'zeros', centre)
  moved('running_var', 'ones', mul(variance, div(count, maximum(sub(count, 1), 1))))
  const normed = div(sub(rows, centre), sqrt(add(variance, epsilon)))
  return reshape(add(mul(normed, weight), bias), x.shape)
}

export interface HeadOptions {
  hidden: number
  outputs: number
  /** int32 [...] of the real rows. */
  mask?: Tensor | undefined
}

/** Rows x [..., C] -> Linear, batch normalisation, ReLU, Linear -> [..., outputs]. Parameters: `before.*`, `norm.*`, `after.*`. */
export function projectionHead(scope: Scope, x: Tensor, { hidden, outputs, mask }: HeadOptions): Tensor {
  const wide = relu(rowNorm(scope.in('norm'), linear(scope.in('before'), x, hidden), mask))
  return linear(scope.in('after'), wide, outputs)
}
