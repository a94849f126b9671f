/** @file Shared terms of contrastive objectives (building blocks B1 and B2 of the method sheets). */

import {
  add,
  blocked,
  cast,
  constant,
  equal,
  greater,
  l2Normalize,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  reshape,
  sum,
  type Tensor,
  where,
} from '../../engine/index.ts'

/** Cosines of every row of a [N, D] with every row of b [M, D]: [N, M]. Rows are images, columns texts. */
export function cosineMatrix(a: Tensor, b: Tensor): Tensor {
  return matmul(l2Normalize(a), l2Normalize(b), { transposeB: true })
}

/** Identity [n, n]: the one-hot targets of paired rows and columns. */
export function diagonal(n: number): Tensor {
  const values = new Float32Array(n * n)
  for (let i = 0; i < n; i++) values[i * n + i] = 1
  return constant(values, [n, n])
}

/** Mean over rows (axis 1) or columns (axis 0) of the cross-entropy of logits [N, N] with the diagonal as target. */
export function diagonalCrossEntropy(logits: Tensor, axis: 0 | 1): Tensor {
  const n = logits.shape[0] as number
  return mul(neg(sum(mul(logSoftmax(logits, axis), diagonal(n)))), 1 / n)
}

export interface ContrastOptions {
  /** Weight λ of image to text; text to image has 1 - λ. CLIP: 0.5; ConVIRT and its family: 0.75. */
  imageToText?: number
  /** bool [N, N]: pairs that take part; others (false negatives) are left out of the denominators. */
  mask?: Tensor | undefined
}

/** λ mean_i CE(row i) + (1 - λ) mean_j CE(column j) of logits [N, N], pairs on the diagonal. */
export function contrastive(logits: Tensor, { imageToText = 0.5, mask }: ContrastOptions = {}): Tensor {
  const seen = mask === undefined ? logits : where(mask, logits, blocked)
  return add(
    mul(diagonalCrossEntropy(seen, 1), imageToText), //                                       image -> text
    mul(diagonalCrossEntropy(seen, 0), 1 - imageToText), //                                   text -> image
  )
}

/** Share of a batch whose text another one has too, by keys int32 [N]: they are false negatives of each other; []. */
export function sameTextShare(keys: Tensor): Tensor {
  const n = keys.shape[0] as number
  const alike = equal(reshape(keys, [n, 1]), reshape(keys, [1, n]))
  return mean(cast(greater(sum(cast(alike, 'float32'), 1), 1), 'float32'))
}
