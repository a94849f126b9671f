/** @file Reductions and softmax. Each checks shapes and dtypes where it is called. */

import { node, shapeError, type Tensor } from '../tensor.ts'
import { axesOf, axisOf, floats, reduced } from './check.ts'
import {
  abs,
  add,
  blocked,
  cast,
  div,
  equal,
  exp,
  greater,
  lessEqual,
  log,
  mul,
  not,
  sqrt,
  square,
  stopGradient,
  sub,
  where,
} from './elementwise.ts'
import { concat, full, reshape, slice } from './shape.ts'

/** One axis, several, or all. Negative ones count from the end. */
type Axes = number | readonly number[] | undefined

/** Sum over axes (all by default); `keep` leaves them with length 1. */
export function sum(x: Tensor, axes?: Axes, keep = false): Tensor {
  floats('sum', x)
  const list = axesOf('sum', x, axes)
  if (list.length === 0) return x
  return node('sum', [x], { axes: list, keep }, reduced(x.shape, list, keep))
}

/** Mean over axes (all by default). */
export function mean(x: Tensor, axes?: Axes, keep = false): Tensor {
  const count = axesOf('mean', x, axes).reduce((product, axis) => product * (x.shape[axis] as number), 1)
  if (count === 0) shapeError('mean', 'there is nothing to average', x)
  return div(sum(x, axes, keep), count)
}

function extremum(op: 'reduceMax' | 'reduceMin', name: string, x: Tensor, axes: Axes, keep: boolean): Tensor {
  floats(name, x)
  const list = axesOf(name, x, axes)
  if (list.length === 0) return x
  if (list.some((axis) => x.shape[axis] === 0)) shapeError(name, 'an axis is empty', x)
  return node(op, [x], { axes: list, keep }, reduced(x.shape, list, keep))
}

/** Largest value over axes (all by default); at ties the gradient is shared equally. */
export function max(x: Tensor, axes?: Axes, keep = false): Tensor {
  return extremum('reduceMax', 'max', x, axes, keep)
}

/** Smallest value over axes (all by default); at ties the gradient is shared equally. */
export function min(x: Tensor, axes?: Axes, keep = false): Tensor {
  return extremum('reduceMin', 'min', x, axes, keep)
}

/** Product over axes (all by default); of nothing it is 1. The derivative is exact also where factors are 0. */
export function product(x: Tensor, axes?: Axes, keep = false): Tensor {
  floats('product', x)
  const list = axesOf('product', x, axes)
  if (list.length === 0) return x
  return node('product', [x], { axes: list, keep }, reduced(x.shape, list, keep))
}

function position(op: 'argMax' | 'argMin', x: Tensor, axis: number): Tensor {
  const only = axisOf(op, x, axis)
  if (x.dtype === 'bool') shapeError(op, 'needs numbers', x)
  if (x.shape[only] === 0) shapeError(op, 'an axis is empty', x)
  return node(op, [x], { axis: only }, reduced(x.shape, [only], false), 'int32')
}

/** Index of the largest value along an axis (the first at a tie), as int32, axis removed. */
export const argMax = (x: Tensor, axis: number): Tensor => position('argMax', x, axis)
/** Index of the smallest value along an axis (the first at a tie), as int32, axis removed. */
export const argMin = (x: Tensor, axis: number): Tensor => position('argMin', x, axis)

/** Whether any element over the axes (all by default) is true; false of nothing. */
export function any(x: Tensor, axes?: Axes, keep = false): Tensor {
  if (x.dtype !== 'bool') shapeError('any', 'needs bool', x)
  return greater(sum(cast(x, 'float32'), axes, keep), 0)
}

/** Whether all elements over the axes (all by default) are true; true of nothing. */
export function all(x: Tensor, axes?: Axes, keep = false): Tensor {
  if (x.dtype !== 'bool') shapeError('all', 'needs bool', x)
  return not(any(not(x), axes, keep))
}

/**
 * Sums of the first elements along an axis, each its own included (`exclusive`: not included); `reverse` counts from the
 * end.
 */
export function cumulativeSum(x: Tensor, axis = -1, { exclusive = false, reverse = false } = {}): Tensor {
  floats('cumulativeSum', x)
  return node('cumulativeSum', [x], { axis: axisOf('cumulativeSum', x, axis), exclusive, reverse }, x.shape)
}

/** Products of the first elements along an axis, each its own included. log2(n) steps of doubling; zeros are no trouble. */
export function cumulativeProduct(x: Tensor, axis = -1): Tensor {
  floats('cumulativeProduct', x)
  const only = axisOf('cumulativeProduct', x, axis)
  const n = x.shape[only] as number
  const ones = (count: number): Tensor =>
    full(
      x.shape.map((length, i) => (i === only ? count : length)),
      1,
    )
  let total = x
  for (let reach = 1; reach < n; reach *= 2)
    total = mul(total, concat([ones(reach), slice(total, only, 0, n - reach)], only))
  return total
}

// ---------------------------------------------------------------- moments and norms

/** Mean square distance from the mean over axes (all by default), in two passes; divides by n - `correction`. */
export function variance(x: Tensor, axes?: Axes, keep = false, correction = 0): Tensor {
  const list = axesOf('variance', x, axes)
  const count = list.reduce((n, axis) => n * (x.shape[axis] as number), 1) - correction
  if (count <= 0) shapeError('variance', `${count + correction} values are too few for correction ${correction}`, x)
  return div(sum(square(sub(x, mean(x, list, true))), list, keep), count)
}

/** Square root of the variance. Its derivative is 0 where all values are equal. */
export function standardDeviation(x: Tensor, axes?: Axes, keep = false, correction = 0): Tensor {
  return safeRoot(variance(x, axes, keep, correction))
}

/** Sum of absolute values over axes (all by default). */
export const l1Norm = (x: Tensor, axes?: Axes, keep = false): Tensor => sum(abs(x), axes, keep)
/** Root of the sum of squares over axes (all by default). Its derivative is 0 at 0. */
export const l2Norm = (x: Tensor, axes?: Axes, keep = false): Tensor => safeRoot(sum(square(x), axes, keep))

/** Square root of what is never negative, with derivative 0 at 0 in place of infinity. */
export function safeRoot(x: Tensor): Tensor {
  const none = lessEqual(x, 0)
  return where(none, 0, sqrt(where(none, 1, x)))
}

// ---------------------------------------------------------------- softmax

/** Softmax along an axis (the last by default). */
export function softmax(x: Tensor, axis = -1): Tensor {
  floats('softmax', x)
  const only = axisOf('softmax', x, axis)
  return node('softmax', [x], { axis: only }, x.shape)
}

/** Logarithm of the softmax along an axis (the last by default). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  floats('logSoftmax', x)
  const only = axisOf('logSoftmax', x, axis)
  return node('logSoftmax', [x], { axis: only }, x.shape)
}

/** log(sum(exp(x))) along an axis, stable. */
export function logSumExp(x: Tensor, axis = -1, keep = false): Tensor {
  const top = stopGradient(max(x, axis, true))
  const total = add(log(sum(exp(sub(x, top)), axis, true)), top)
  return keep ? total : reshape(total, reduced(x.shape, axesOf('logSumExp', x, axis), false))
}

/**
 * log(sum(exp(x))) along an axis over the elements where `mask` (bool, broadcasts to x) is true. Where it is true nowhere
 * the value is -1e9 and nothing flows back.
 */
export function maskedLogSumExp(x: Tensor, mask: Tensor, axis = -1, keep = false): Tensor {
  const seen = where(mask, x, blocked)
  if (seen.shape.length !== x.shape.length || seen.shape.some((n, i) => n !== x.shape[i]))
    shapeError('maskedLogSumExp', 'the mask does not broadcast to the values', x, mask)
  const top = stopGradient(max(seen, axis, true))
  const total = sum(where(mask, exp(sub(seen, top)), 0), axis, true)
  const none = equal(total, 0)
  const wide = where(none, blocked, add(log(where(none, 1, total)), top))
  return keep ? wide : reshape(wide, reduced(x.shape, [axisOf('maskedLogSumExp', x, axis)], false))
}
