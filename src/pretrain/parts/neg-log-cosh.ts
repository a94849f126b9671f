/** @file A similarity whose dimensions do not depend on each other (building block B19 of the method sheets; Pan et al. 2022). */

import {
  abs,
  add,
  concat,
  exp,
  l2Normalize,
  log1p,
  mean,
  mul,
  neg,
  recomputed,
  reshape,
  slice,
  sub,
  type Tensor,
} from '../../engine/index.ts'

/** log cosh x without overflow: |x| + log(1 + exp(-2 |x|)) - ln 2. */
export function logCosh(x: Tensor): Tensor {
  const size = abs(x)
  return sub(add(size, log1p(exp(mul(size, -2)))), Math.LN2)
}

/**
 * -1/D Σ_d log cosh( s (û_d - v̂_d) ) of every row of u [N, D] with every row of v [M, D], û = u / |u|: [N, M], 0 at most.
 * `chunk` rows of v at once; what lies in between is computed again for the gradient.
 */
export function negLogCosh(u: Tensor, v: Tensor, { sharpness, chunk }: { sharpness: number; chunk: number }): Tensor {
  const [n, d] = u.shape as [number, number]
  const m = v.shape[0] as number
  const [left, right] = [mul(l2Normalize(u), sharpness), mul(l2Normalize(v), sharpness)]
  const some = (a: Tensor, b: Tensor): Tensor =>
    neg(mean(logCosh(sub(reshape(a, [n, 1, d]), reshape(b, [1, -1, d]))), -1)) //              [N, C]
  const columns: Tensor[] = []
  for (let from = 0; from < m; from += chunk) {
    const part = slice(right, 0, from, Math.min(m, from + chunk))
    columns.push(m > chunk ? recomputed(some, left, part) : some(left, part))
  }
  return concat(columns, 1)
}
