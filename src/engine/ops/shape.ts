/** @file Operations that move elements. Each checks shapes and dtypes where it is called. */

import { node, type Shape, shapeError, sizeOf, type Tensor } from '../tensor.ts'
import { axesOf, floats } from './check.ts'
import { broadcastShape, scalar } from './elementwise.ts'
import { sum } from './reductions.ts'
/** A float32 tensor with every element `value`. */
export function full(shape: Shape, value: number): Tensor {
  return broadcast(scalar(value), shape)
}

/** The same elements in another shape; one length may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1)
  const target = shape.map((n) => (n === -1 ? sizeOf(x.shape) / known : n))
  if (sizeOf(target) !== sizeOf(x.shape) || !target.every(Number.isInteger))
    shapeError('reshape', `cannot become [${shape.join(', ')}]`, x)
  if (target.length === x.shape.length && target.every((n, i) => n === x.shape[i])) return x
  return node('reshape', [x], { shape: target }, target, x.dtype)
}

/** Axes in another order: result axis i is axis `order[i]` of x. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  if (order.length !== x.shape.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    shapeError('transpose', `[${order.join(', ')}] is not an order of its axes`, x)
  }
  return node(
    'transpose',
    [x],
    { order },
    order.map((axis) => x.shape[axis] as number),
    x.dtype,
  )
}

/** Repeats axes of length 1, and adds leading axes, up to `shape`. */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  const both = broadcastShape(x.shape, shape)
  if (both === undefined || both.length !== shape.length || both.some((n, i) => n !== shape[i])) {
    shapeError('broadcast', `does not broadcast to [${shape.join(', ')}]`, x)
  }
  if (x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i])) return x
  return node('broadcast', [x], { shape }, shape, x.dtype)
}

/** Joins tensors along an axis; all other axes must agree. */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  const [first] = xs
  if (first === undefined) throw new RangeError('concat: there is nothing to join.')
  const [only] = axesOf('concat', first, axis) as [number]
  for (const x of xs) {
    const fits = x.shape.length === first.shape.length && x.shape.every((n, i) => i === only || n === first.shape[i])
    if (!fits || x.dtype !== first.dtype) shapeError('concat', `cannot be joined along axis ${only}`, first, x)
  }
  const total = xs.reduce((n, x) => n + (x.shape[only] as number), 0)
  return node(
    'concat',
    xs,
    { axis: only },
    first.shape.map((n, i) => (i === only ? total : n)),
    first.dtype,
  )
}

/** Elements `start` (included) to `end` (excluded) along an axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const [only] = axesOf('slice', x, axis) as [number]
  const length = x.shape[only] as number
  if (start < 0 || end > length || start > end) shapeError('slice', `${start}..${end} is outside axis ${only}`, x)
  if (start === 0 && end === length) return x
  const starts = x.shape.map((_, i) => (i === only ? start : 0))
  const ends = x.shape.map((n, i) => (i === only ? end : n))
  return node(
    'slice',
    [x],
    { starts, ends },
    ends.map((n, i) => n - (starts[i] as number)),
    x.dtype,
  )
}

/** Zeros before and after, per axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  floats('pad', x)
  if (before.length !== x.shape.length || after.length !== x.shape.length || [...before, ...after].some((n) => n < 0)) {
    shapeError('pad', `padding [${before.join(', ')}] and [${after.join(', ')}] does not fit`, x)
  }
  const shape = x.shape.map((n, i) => n + (before[i] as number) + (after[i] as number))
  return node('pad', [x], { before, after }, shape)
}

/** Rows of `table` [N, ...rest] by int32 indices [...I]: result [...I, ...rest]. Indices must lie in 0..N-1. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  if (table.shape.length === 0 || indices.dtype !== 'int32')
    shapeError('gather', 'needs rows and int32 indices', table, indices)
  return node('gather', [table, indices], {}, [...indices.shape, ...table.shape.slice(1)], table.dtype)
}

/** A table [size, ...rest] of zeros to which rows `values` [...I, ...rest] are added at int32 `indices` [...I]. */
export function scatterAdd(values: Tensor, indices: Tensor, size: number): Tensor {
  const rest = values.shape.slice(indices.shape.length)
  const fits = indices.shape.every((n, i) => n === values.shape[i])
  if (!fits || indices.dtype !== 'int32')
    shapeError('scatterAdd', 'the indices do not lead the values', values, indices)
  if (values.dtype !== 'float32') shapeError('scatterAdd', 'needs float32 values', values, indices)
  return node('scatterAdd', [values, indices], { size }, [size, ...rest])
}

/** Adds up a value that was broadcast, back to `shape`: the derivative of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const extra = x.shape.length - shape.length
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []))
  return axes.length === 0 ? x : reshape(sum(x, axes), shape)
}
