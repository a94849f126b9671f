/** @file Operations that move elements. Each checks shapes and dtypes where it is called. */

import { node, nodes, type Shape, shapeError, sizeOf, type Tensor } from '../tensor.ts'
import { axesOf, axisOf } from './check.ts'
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
  const only = axisOf('concat', first, axis)
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

/** Elements `start` (included) to `end` (excluded) along an axis, every `step`-th of them. */
export function slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
  const only = axisOf('slice', x, axis)
  const length = x.shape[only] as number
  if (!Number.isInteger(step) || step < 1) shapeError('slice', `the step ${step} is not a positive whole number`, x)
  if (start < 0 || end > length || start > end) shapeError('slice', `${start}..${end} is outside axis ${only}`, x)
  const starts = x.shape.map((_, i) => (i === only ? start : 0))
  const ends = x.shape.map((n, i) => (i === only ? end : n))
  const cut =
    end - start === length
      ? x
      : node(
          'slice',
          [x],
          { starts, ends },
          ends.map((n, i) => n - (starts[i] as number)),
          x.dtype,
        )
  if (step === 1) return cut
  return node('stride', [cut], { axis: only, step }, withLength(cut, only, Math.ceil((end - start) / step)), x.dtype)
}

/** The shape of x with another length of one axis. */
function withLength(x: Tensor, axis: number, length: number): number[] {
  return x.shape.map((n, i) => (i === axis ? length : n))
}

/** The parts of x along an axis, with these lengths. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  const only = axisOf('split', x, axis)
  if (sizes.reduce((n, size) => n + size, 0) !== x.shape[only])
    shapeError('split', `the lengths [${sizes.join(', ')}] do not add up to axis ${only}`, x)
  if (sizes.length === 1) return [x]
  const results = sizes.map((size) => ({ shape: withLength(x, only, size), dtype: x.dtype }))
  return nodes('split', [x], { axis: only, sizes }, results)
}

/** x cut into `count` equal parts along an axis. */
export function chunk(x: Tensor, count: number, axis: number): readonly Tensor[] {
  const only = axisOf('chunk', x, axis)
  const size = (x.shape[only] as number) / count
  if (!Number.isInteger(size)) shapeError('chunk', `axis ${only} does not divide into ${count} parts`, x)
  return split(x, only, new Array<number>(count).fill(size))
}

/** Tensors of one shape joined along a new axis. */
export function stack(xs: readonly Tensor[], axis: number): Tensor {
  return concat(
    xs.map((x) => unsqueeze(x, axis)),
    axis,
  )
}

/** The parts of x along an axis, which is removed. */
export function unstack(x: Tensor, axis: number): Tensor[] {
  const only = axisOf('unstack', x, axis)
  return split(x, only, new Array<number>(x.shape[only] as number).fill(1)).map((part) => squeeze(part, only))
}

/** A new axis of length 1 at this place of the result. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const rank = x.shape.length + 1
  const place = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(place) || place < 0 || place >= rank) shapeError('unsqueeze', `no place for axis ${axis}`, x)
  return reshape(x, [...x.shape.slice(0, place), 1, ...x.shape.slice(place)])
}

/** Removes axes of length 1. */
export function squeeze(x: Tensor, axes: number | readonly number[]): Tensor {
  const list = axesOf('squeeze', x, axes)
  const long = list.find((axis) => x.shape[axis] !== 1)
  if (long !== undefined) shapeError('squeeze', `axis ${long} is not of length 1`, x)
  return reshape(
    x,
    x.shape.filter((_, i) => !list.includes(i)),
  )
}

/** x with two axes exchanged. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const [i, j] = [axisOf('swapAxes', x, a), axisOf('swapAxes', x, b)]
  if (i === j) return x
  return transpose(
    x,
    x.shape.map((_, k) => (k === i ? j : k === j ? i : k)),
  )
}

/** The order of elements reversed along axes. */
export function flip(x: Tensor, axes: number | readonly number[]): Tensor {
  const list = axesOf('flip', x, axes)
  return list.length === 0 ? x : node('flip', [x], { axes: list }, x.shape, x.dtype)
}

/** Elements moved on by `shift` places along an axis; what leaves at one end enters at the other. */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  const only = axisOf('roll', x, axis)
  const length = x.shape[only] as number
  if (!Number.isInteger(shift)) shapeError('roll', `the shift ${shift} is not a whole number`, x)
  const by = length === 0 ? 0 : ((shift % length) + length) % length
  if (by === 0) return x
  return concat([slice(x, only, length - by, length), slice(x, only, 0, length - by)], only)
}

/** The whole of x repeated, `counts[i]` times along axis i. */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  if (counts.length !== x.shape.length) shapeError('tile', `[${counts.join(', ')}] has not one count an axis`, x)
  const wide = broadcast(
    reshape(
      x,
      x.shape.flatMap((n) => [1, n]),
    ),
    x.shape.flatMap((n, i) => [counts[i] as number, n]),
  )
  return reshape(
    wide,
    x.shape.map((n, i) => n * (counts[i] as number)),
  )
}

/** Each element of x `count` times in a row, along an axis. */
export function repeat(x: Tensor, count: number, axis: number): Tensor {
  const only = axisOf('repeat', x, axis)
  const shape = [...x.shape.slice(0, only + 1), count, ...x.shape.slice(only + 1)]
  return reshape(broadcast(unsqueeze(x, only + 1), shape), withLength(x, only, (x.shape[only] as number) * count))
}

/** Adds up a value that was broadcast, back to `shape`: the derivative of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const extra = x.shape.length - shape.length
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []))
  return axes.length === 0 ? x : reshape(sum(x, axes), shape)
}
