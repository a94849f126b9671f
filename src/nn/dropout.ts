/** @file Dropout: random zeros while training, nothing otherwise. */

import { VesaliusError } from '../core/errors.ts'
import { mul, type Shape, type Tensor } from '../engine/index.ts'
import type { Scope } from './scope.ts'

/**
 * Each element is zero with probability `p` while training, the others are divided by 1 - p (Srivastava et al. 2014,
 * inverted); unchanged otherwise. A second dropout in one scope needs a `name` of its own.
 */
export function dropout(scope: Scope, x: Tensor, p: number, name = 'dropout'): Tensor {
  return masked(scope, x, p, name, x.shape)
}

/** Stochastic depth (Huang et al. 2016): a whole row of the leading axis of x [B, ...] is kept or dropped. */
export function dropPath(scope: Scope, x: Tensor, p: number, name = 'drop_path'): Tensor {
  return masked(
    scope,
    x,
    p,
    name,
    x.shape.map((n, i) => (i === 0 ? n : 1)),
  )
}

function masked(scope: Scope, x: Tensor, p: number, name: string, shape: Shape): Tensor {
  if (!(p >= 0 && p < 1)) {
    throw new VesaliusError('MODEL_INVALID', `${name}: the probability ${p} of dropping is not in 0 <= p < 1.`)
  }
  if (!scope.training || p === 0) return x
  const keep = scope.random(name, shape, { kind: 'bernoulli', keep: 1 - p })
  return mul(x, mul(keep, 1 / (1 - p)))
}
