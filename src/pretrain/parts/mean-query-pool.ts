/** @file Attention pooling with the mean as its query (building block B5 of the method sheets). */

import { mean, reshape, type Tensor, unsqueeze } from '../../engine/index.ts'
import { multiHeadAttention, type Scope } from '../../nn/index.ts'
import { poolMasked } from './pooling.ts'

export interface MeanQueryOptions {
  heads: number
  /** int32 [B, N], 1 = real; all are if absent. */
  mask?: Tensor | undefined
}

/**
 * Rows x [B, N, D] pooled by attention whose query is their mean: `pooled` [B, D], and how much each row counted,
 * `weights` [B, N] averaged over heads, which sum to 1 over the real rows.
 */
export function meanQueryPool(
  scope: Scope,
  x: Tensor,
  { heads, mask }: MeanQueryOptions,
): { pooled: Tensor; weights: Tensor } {
  const [b, n, d] = x.shape as [number, number, number]
  const query = mask === undefined ? mean(x, 1) : poolMasked(x, mask, 'mean') //               [B, D]
  const options = { heads, key: x, ...(mask === undefined ? {} : { keyMask: mask }) }
  const { output, weights } = multiHeadAttention(scope, unsqueeze(query, 1), options) //       weights [B, heads, 1, N]
  return { pooled: reshape(output, [b, d]), weights: reshape(mean(weights, 1), [b, n]) }
}
