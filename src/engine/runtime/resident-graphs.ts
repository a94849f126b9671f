/** @file Small graphs over whole buffers that {@link resident.ts} runs on the device. */

import type { Outputs } from '../onnx/lower.ts'
import * as op from '../ops.ts'
import type { Shape, Tensor } from '../tensor.ts'

/** Elements of one partial sum of a norm, which the host adds up in float64. */
const partialSum = 4096

/** Elements start to end of a flat buffer. */
export const flatPart = (x: Tensor, start: number, end: number): Tensor =>
  start === 0 && end === x.shape[0] ? x : op.slice(x, 0, start, end)

/** Sums of squares of elements start to end of a buffer `x` of this length, in parts: `rows` [R], `rest` [1]. */
export function normGraph(length: number, start: number, end: number): Outputs {
  const n = end - start
  const rows = Math.floor(n / partialSum)
  const x = flatPart(op.input('x', [length]), start, end)
  const squares = (from: number, to: number, shape: Shape): Tensor =>
    op.sum(op.square(op.reshape(flatPart(x, from, to), shape)), 1)
  return {
    ...(rows > 0 ? { rows: squares(0, rows * partialSum, [rows, partialSum]) } : {}),
    ...(rows * partialSum < n ? { rest: squares(rows * partialSum, n, [1, n - rows * partialSum]) } : {}),
  }
}
