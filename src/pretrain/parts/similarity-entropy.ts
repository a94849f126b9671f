/** @file How spread a similarity is (building block B12 of the method sheets; Palepu and Beam 2023). */

import {
  add,
  blocked,
  cast,
  constant,
  div,
  log,
  maximum,
  mul,
  neg,
  reshape,
  softmax,
  sum,
  type Tensor,
  where,
} from '../../engine/index.ts'

/**
 * Entropy of the softmax of each row of `scores` [B, N, M] over its real columns, mean over all real rows; []. `rows` int32
 * [B, N] and `columns` int32 [B, M] mark what is real; all is if absent. As released: -Σ (π + 1e-7) ln(π + 1e-7).
 */
export function similarityEntropy(scores: Tensor, rows: Tensor | undefined, columns: Tensor | undefined): Tensor {
  const [b, n, m] = scores.shape as [number, number, number]
  const seen = columns === undefined ? undefined : where(cast(reshape(columns, [b, 1, m]), 'bool'), scores, blocked)
  const shares = add(softmax(seen ?? scores), 1e-7)
  const terms = mul(shares, log(shares))
  const real = columns === undefined ? terms : mul(terms, reshape(cast(columns, 'float32'), [b, 1, m]))
  const entropies = neg(sum(real, -1)) //                                                      [B, N]
  const counted = rows === undefined ? constant(new Float32Array(b * n).fill(1), [b, n]) : cast(rows, 'float32')
  return div(sum(mul(entropies, counted)), maximum(sum(counted), 1))
}
