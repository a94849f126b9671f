/** @file Shared terms of contrastive objectives (building blocks B1 and B2 of the method sheets). */

import { constant, l2Normalize, logSoftmax, matmul, mul, neg, sum, type Tensor } from '../../engine/index.ts'

/** Cosines of every row of a [N, D] with every row of b [M, D]: [N, M]. Rows are images, columns texts. */
export function cosineMatrix(a: Tensor, b: Tensor): Tensor {
  return matmul(l2Normalize(a), l2Normalize(b), { transposeB: true })
}

/** Identity [n, n]: the one-hot targets of paired rows and columns. */
function diagonal(n: number): Tensor {
  const values = new Float32Array(n * n)
  for (let i = 0; i < n; i++) values[i * n + i] = 1
  return constant(values, [n, n])
}

/** Mean over rows (axis 1) or columns (axis 0) of the cross-entropy of logits [N, N] with the diagonal as target. */
export function diagonalCrossEntropy(logits: Tensor, axis: 0 | 1): Tensor {
  const n = logits.shape[0] as number
  return mul(neg(sum(mul(logSoftmax(logits, axis), diagonal(n)))), 1 / n)
}
