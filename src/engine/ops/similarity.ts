/** @file How near vectors are to each other, and transport between sets of them. */

import { shapeError, type Tensor } from '../tensor.ts'
import { relu } from './activations.ts'
import { floats } from './check.ts'
import { add, div, exp, log, mul, square, sub } from './elementwise.ts'
import { l2Normalize } from './norm.ts'
import { matmul } from './products.ts'
import { logSumExp, safeRoot, sum } from './reductions.ts'
import { swapAxes, unsqueeze } from './shape.ts'

/** Sum of products along an axis (the last by default) of tensors that broadcast; the axis is removed. */
export const dot = (a: Tensor, b: Tensor, axis = -1): Tensor => sum(mul(a, b), axis)

/** Every product of an element of a [..., N] with one of b [..., M]: [..., N, M]. */
export const outer = (a: Tensor, b: Tensor): Tensor => mul(unsqueeze(a, -1), unsqueeze(b, -2))

/** Cosine of the angle between rows a [..., D] and b [..., D], which broadcast: [...]. 0 where a row is 0. */
export const cosineSimilarity = (a: Tensor, b: Tensor): Tensor => dot(l2Normalize(a), l2Normalize(b))

/**
 * Squared Euclidean distances of every row of a [..., N, D] to every row of b [..., M, D]: [..., N, M]. By one matrix
 * product: of rows that are near to each other and far from 0, digits are lost; centre them first.
 */
export function squaredDistances(a: Tensor, b: Tensor): Tensor {
  floats('squaredDistances', a, b)
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-1))
    shapeError('squaredDistances', 'needs rows of one length', a, b)
  const squares = add(sum(square(a), -1, true), swapAxes(sum(square(b), -1, true), -1, -2))
  // Rounding must not make a distance negative.
  return relu(sub(squares, mul(matmul(a, b, { transposeB: true }), 2)))
}

/** Euclidean distances of every row to every row, as {@link squaredDistances}; the derivative at distance 0 is 0. */
export const distances = (a: Tensor, b: Tensor): Tensor => safeRoot(squaredDistances(a, b))

export interface SinkhornOptions {
  /** Divides the scores: the smaller, the closer to an assignment. */
  temperature: number
  iterations: number
  /** Mass of each row [..., N] and column [..., M], positive and of equal sums; even and of sum 1 if not given. */
  rows?: Tensor
  columns?: Tensor
}

/**
 * Entropic optimal transport (Cuturi 2013), in logarithms: the plan [..., N, M] that prefers high scores [..., N, M] and
 * has the given row and column sums; the columns' exactly, the rows' after enough iterations. The gradient flows through
 * the iterations.
 */
export function sinkhorn(scores: Tensor, { temperature, iterations, rows, columns }: SinkhornOptions): Tensor {
  floats('sinkhorn', scores)
  const [n, m] = scores.shape.slice(-2)
  if (scores.shape.length < 2 || n === 0 || m === 0) shapeError('sinkhorn', 'needs scores [..., N, M]', scores)
  if (!(temperature > 0) || !Number.isInteger(iterations) || iterations < 1)
    shapeError('sinkhorn', `temperature ${temperature} or ${iterations} iterations are out of range`, scores)
  if (rows !== undefined && rows.shape.at(-1) !== n) shapeError('sinkhorn', 'needs one mass a row', scores, rows)
  if (columns !== undefined && columns.shape.at(-1) !== m)
    shapeError('sinkhorn', 'needs one mass a column', scores, columns)
  const logRows = rows === undefined ? -Math.log(n as number) : log(unsqueeze(rows, -1)) //          [..., N, 1]
  const logColumns = columns === undefined ? -Math.log(m as number) : log(unsqueeze(columns, -2)) // [..., 1, M]
  const gains = div(scores, temperature)
  // Potentials of rows [..., N, 1] and columns [..., 1, M]: the plan is exp(gains + row + column).
  let column: Tensor | number = 0
  for (let i = 1; ; i++) {
    const row: Tensor = sub(logRows, logSumExp(add(gains, column), -1, true))
    const shifted = add(gains, row)
    column = sub(logColumns, logSumExp(shifted, -2, true))
    if (i === iterations) return exp(add(shifted, column))
  }
}
