/** @file Scaled dot-product attention over several heads. */

import { attentionWeights, matmul, reshape, shapeError, type Tensor, transpose } from '../engine/index.ts'

/** [B, T, D] -> [B, heads, T, D / heads]. */
function splitHeads(x: Tensor, heads: number): Tensor {
  const [b, t, d] = x.shape as [number, number, number]
  if (x.shape.length !== 3 || d % heads !== 0) shapeError('attention', `needs [B, T, D] with D in ${heads} heads`, x)
  return transpose(reshape(x, [b, t, heads, d / heads]), [0, 2, 1, 3])
}

export interface AttentionOptions {
  heads: number
  /** Additive masks and biases, each broadcasting to [B, heads, T, S]. */
  masks?: readonly Tensor[]
  /** Applied to the weights before they mix the values: dropout. */
  onWeights?: (weights: Tensor) => Tensor
  /** Factor of the scores; (D / heads)^-0.5 if not given. */
  scale?: number
}

/**
 * softmax(scale q k^T + masks) v for q [B, T, D], k [B, S, D], v [B, S, E]: `mixed` [B, T, E] and the weights
 * [B, heads, T, S]. Projections belong to the caller, who knows their names.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { heads, masks = [], onWeights = (weights) => weights, scale }: AttentionOptions,
): { mixed: Tensor; weights: Tensor } {
  const [b, t] = q.shape as [number, number]
  const weights = attentionWeights(splitHeads(q, heads), splitHeads(k, heads), { masks, scale }) // [B, heads, T, S]
  const mixed = transpose(matmul(onWeights(weights), splitHeads(v, heads)), [0, 2, 1, 3])
  return { mixed: reshape(mixed, [b, t, v.shape[2] as number]), weights }
}

/** The mixed values [B, T, D] of {@link attention} with at most one mask. */
export function attend(q: Tensor, k: Tensor, v: Tensor, heads: number, mask?: Tensor): Tensor {
  return attention(q, k, v, { heads, masks: mask === undefined ? [] : [mask] }).mixed
}
