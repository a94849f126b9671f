/** @file Scaled dot-product attention over several heads. */

import { add, matmul, mul, reshape, softmax, type Tensor, transpose } from '../engine/index.ts'

/** [B, T, D] -> [B, heads, T, D / heads]. */
function splitHeads(x: Tensor, heads: number): Tensor {
  const [b, t, d] = x.shape as [number, number, number]
  return transpose(reshape(x, [b, t, heads, d / heads]), [0, 2, 1, 3])
}

/**
 * softmax(q k^T / sqrt(d) + mask) v for q [B, T, D], k and v [B, S, D]; `mask` is additive and broadcasts to
 * [B, heads, T, S]. Result [B, T, D]. Projections belong to the caller, who knows their names.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor, heads: number, mask?: Tensor): Tensor {
  const [b, t, d] = q.shape as [number, number, number]
  const scores = matmul(splitHeads(mul(q, (d / heads) ** -0.5), heads), splitHeads(k, heads), { transposeB: true })
  const weights = softmax(mask === undefined ? scores : add(scores, mask)) //                 [B, heads, T, S]
  return reshape(transpose(matmul(weights, splitHeads(v, heads)), [0, 2, 1, 3]), [b, t, d])
}
