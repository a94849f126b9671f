/** @file Products. Each checks shapes and dtypes where it is called. */

import { node, type Shape, shapeError, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { broadcastShape } from './elementwise.ts'

/**
 * Matrix product over the last two axes; leading axes broadcast. `transposeA` and `transposeB` read the last two axes
 * of an operand swapped, without a copy; `scale` multiplies the product, at no cost.
 */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false, scale = 1 } = {}): Tensor {
  floats('matmul', a, b)
  if (a.shape.length < 2 || b.shape.length < 2) shapeError('matmul', 'needs at least two axes', a, b)
  const [m, k] = swapped(a.shape.slice(-2), transposeA)
  const [k2, n] = swapped(b.shape.slice(-2), transposeB)
  if (k !== k2) shapeError('matmul', `inner lengths ${k} and ${k2} differ`, a, b)
  const lead = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (lead === undefined) shapeError('matmul', 'leading axes do not broadcast', a, b)
  return node('matmul', [a, b], { transposeA, transposeB, scale }, [...lead, m, n])
}

function swapped(pair: Shape, swap: boolean): [number, number] {
  const [x, y] = pair as [number, number]
  return swap ? [y, x] : [x, y]
}
