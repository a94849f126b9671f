/** @file Reductions and softmax. Each checks shapes and dtypes where it is called. */

import { node, shapeError, type Tensor } from '../tensor.ts'
import { axesOf, floats, reduced } from './check.ts'
import { add, div, exp, log, stopGradient, sub } from './elementwise.ts'
import { reshape } from './shape.ts'

/** Sum over axes (all by default); `keep` leaves them with length 1. */
export function sum(x: Tensor, axes?: number | readonly number[], keep = false): Tensor {
  floats('sum', x)
  const list = axesOf('sum', x, axes)
  if (list.length === 0) return x
  return node('sum', [x], { axes: list, keep }, reduced(x.shape, list, keep))
}

/** Mean over axes (all by default). */
export function mean(x: Tensor, axes?: number | readonly number[], keep = false): Tensor {
  const count = axesOf('mean', x, axes).reduce((product, axis) => product * (x.shape[axis] as number), 1)
  if (count === 0) shapeError('mean', 'there is nothing to average', x)
  return div(sum(x, axes, keep), count)
}

/** Largest value over axes (all by default); at ties the gradient is shared equally. */
export function max(x: Tensor, axes?: number | readonly number[], keep = false): Tensor {
  floats('max', x)
  const list = axesOf('max', x, axes)
  if (list.length === 0) return x
  if (list.some((axis) => x.shape[axis] === 0)) shapeError('max', 'an axis is empty', x)
  return node('reduceMax', [x], { axes: list, keep }, reduced(x.shape, list, keep))
}

/** Index of the largest value along an axis (the first at a tie), as int32, axis removed. */
export function argMax(x: Tensor, axis: number): Tensor {
  const [only] = axesOf('argMax', x, axis) as [number]
  if (x.dtype === 'bool') shapeError('argMax', 'needs numbers', x)
  if (x.shape[only] === 0) shapeError('argMax', 'an axis is empty', x)
  return node('argMax', [x], { axis: only }, reduced(x.shape, [only], false), 'int32')
}

/** Softmax along an axis (the last by default). */
export function softmax(x: Tensor, axis = -1): Tensor {
  floats('softmax', x)
  const [only] = axesOf('softmax', x, axis) as [number]
  return node('softmax', [x], { axis: only }, x.shape)
}

/** Logarithm of the softmax along an axis (the last by default). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  floats('logSoftmax', x)
  const [only] = axesOf('logSoftmax', x, axis) as [number]
  return node('logSoftmax', [x], { axis: only }, x.shape)
}

/** log(sum(exp(x))) along an axis, stable. */
export function logSumExp(x: Tensor, axis = -1, keep = false): Tensor {
  const top = stopGradient(max(x, axis, true))
  const total = add(log(sum(exp(sub(x, top)), axis, true)), top)
  return keep ? total : reshape(total, reduced(x.shape, axesOf('logSumExp', x, axis), false))
}
