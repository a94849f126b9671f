/** @file Two sets of one study that look at each other (building block B7 of the method sheets). */

import {
  blocked,
  cast,
  matmul,
  mul,
  sigmoid,
  softmax,
  swapAxes,
  type Tensor,
  unsqueeze,
  where,
} from '../../engine/index.ts'
import { type LinearOptions, linear, type Scope } from '../../nn/index.ts'

export interface CrossAttention {
  /** What each row of a sees of b, [B, N, D], and of b in a, [B, M, D]. */
  a: Tensor
  b: Tensor
  /** Weights [B, N, M] of a over b, and [B, M, N] of b over a. */
  weightsA: Tensor
  weightsB: Tensor
}

/**
 * One key projection shared by both sides, so that a sees b as much as b sees a; shared value and output projections
 * (Müller et al. 2022b). a [B, N, D] is whole, of b [B, M, D] `mask` int32 [B, M] marks the real rows. Softmax over what is
 * seen; rows of b that are not real see nothing. Parameters: `key_projection.*`, `value_projection.*`, `output_projection.*`.
 */
export function sharedCrossAttention(scope: Scope, a: Tensor, b: Tensor, mask: Tensor): CrossAttention {
  const d = a.shape[2] as number
  const init: LinearOptions = { init: { kind: 'normal', sd: d ** -0.5 }, biasInit: { kind: 'zeros' } }
  const projected = (name: string, x: Tensor): Tensor => linear(scope.in(name), x, d, init)
  const scale = d ** -0.5
  const scores = matmul(projected('key_projection', a), projected('key_projection', b), { transposeB: true, scale })
  const real = cast(mask, 'bool')
  const weightsA = softmax(where(unsqueeze(real, 1), scores, blocked)) //                      [B, N, M]
  const weightsB = mul(softmax(swapAxes(scores, 1, 2)), unsqueeze(cast(mask, 'float32'), 2)) // [B, M, N]
  const seen = (weights: Tensor, other: Tensor): Tensor =>
    projected('output_projection', matmul(weights, projected('value_projection', other)))
  return { a: seen(weightsA, b), b: seen(weightsB, a), weightsA, weightsB }
}

/**
 * Query, key and value of each side's own. `softmax`: what a row sees of the other side sums to 1. `sigmoid`: each score by
 * itself, so that a row may see much or nothing (Cheng et al. 2023). a [B, N, D] is whole, of b [B, M, D] `mask` int32 [B, M]
 * marks the real rows; others are not seen and see nothing. Parameters: `query1.*` ... for a, `query2.*` ... for b.
 */
export function crossAttention(
  scope: Scope,
  a: Tensor,
  b: Tensor,
  mask: Tensor,
  form: 'softmax' | 'sigmoid',
): CrossAttention {
  const d = a.shape[2] as number
  const projected = (name: string, x: Tensor): Tensor => linear(scope.in(name), x, d)
  const real = cast(mask, 'float32')
  const [ofB, ofA] = [unsqueeze(real, 1), unsqueeze(real, 2)] //                               columns, rows that are b's
  const weights = (query: Tensor, key: Tensor, seen?: Tensor): Tensor => {
    const scores = matmul(query, key, { transposeB: true, scale: d ** -0.5 })
    if (form === 'sigmoid') return seen === undefined ? sigmoid(scores) : mul(sigmoid(scores), seen)
    return softmax(seen === undefined ? scores : where(cast(seen, 'bool'), scores, blocked))
  }
  const weightsA = weights(projected('query1', a), projected('key2', b), ofB) //               [B, N, M]
  const weightsB = mul(weights(projected('query2', b), projected('key1', a)), ofA) //          [B, M, N]
  return {
    a: matmul(weightsA, projected('value2', b)),
    b: matmul(weightsB, projected('value1', a)),
    weightsA,
    weightsB,
  }
}
