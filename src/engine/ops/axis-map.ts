/** @file Linear maps along one axis: what resizing and adaptive averaging are made of, with their derivatives for nothing. */

import { shapeError, sizeOf, type Tensor } from '../tensor.ts'
import { axesOf, floats } from './check.ts'
import { constant } from './elementwise.ts'
import { matmul } from './products.ts'
import { reshape } from './shape.ts'

/**
 * Every line of x along an axis, of n elements, mapped to `length` elements by one constant matrix [length, n], given row
 * by row. A matrix product even where most weights are zero: up to some 200 elements an axis it is faster than ONNX's
 * Resize (12 against 24 ms for [8, 64, 56, 56] to twice its size on two cores), and its transpose is the derivative.
 * A value that is not finite spoils its whole line.
 */
export function mapAxis(x: Tensor, axis: number, length: number, weights: Float32Array): Tensor {
  floats('mapAxis', x)
  const [only] = axesOf('mapAxis', x, axis) as [number]
  const n = x.shape[only] as number
  if (weights.length !== n * length)
    shapeError('mapAxis', `${weights.length} weights do not map axis ${only} to ${length} elements`, x)
  const matrix = constant(weights, [length, n])
  if (only > 0 && only === x.shape.length - 1) return matmul(x, matrix, { transposeB: true })
  const [before, after] = [x.shape.slice(0, only), x.shape.slice(only + 1)]
  const mapped = matmul(matrix, reshape(x, [...before, n, sizeOf(after)]))
  return reshape(mapped, [...before, length, ...after])
}
