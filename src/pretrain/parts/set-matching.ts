/** @file Predictions brought into the order of the targets they fit best (building block B17 of the method sheets). */

import {
  abs,
  batchGather,
  concat,
  full,
  matching,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'

/**
 * Of predictions [B, N, D] the one that belongs to each target [B, N, D], in the order of the targets: the assignment of
 * least total L1 distance. Gradients flow through what was matched.
 */
export function matchedTo(targets: Tensor, predictions: Tensor): Tensor {
  const cost = sum(abs(sub(unsqueeze(targets, 2), unsqueeze(predictions, 1))), -1) //          [B, targets, predictions]
  return batchGather(predictions, matching(stopGradient(cost)))
}

/** Rows x [B, N, D] cut, or filled up with zeros, to `count`. */
export function toCount(x: Tensor, count: number): Tensor {
  const [b, n, d] = x.shape as [number, number, number]
  if (n >= count) return slice(x, 1, 0, count)
  return concat([x, full([b, count - n, d], 0)], 1)
}
