/**
 * @file The operations that models are written with. Each checks shapes and dtypes where it is called, makes one node
 * (or a few, for the composite ones at the end), and computes nothing. Leaves and element-wise operations are in
 * elementwise.ts.
 */

import {
  add,
  broadcastShape,
  div,
  exp,
  floats,
  log,
  maximum,
  scalar,
  sqrt,
  square,
  stopGradient,
  sub,
} from './elementwise.ts'
import { node, nodes, type Shape, shapeError, sizeOf, type Tensor, type Window2d } from './tensor.ts'

export {
  abs,
  add,
  and,
  broadcastShape,
  cast,
  constant,
  div,
  equal,
  erf,
  exp,
  gelu,
  greater,
  input,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  not,
  type Operand,
  parameter,
  quickGelu,
  relu,
  scalar,
  sigmoid,
  sign,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
} from './elementwise.ts'

/** A float32 tensor with every element `value`. */
export function full(shape: Shape, value: number): Tensor {
  return broadcast(scalar(value), shape)
}

// ---------------------------------------------------------------- reductions

function axesOf(op: string, x: Tensor, axes: number | readonly number[] | undefined): number[] {
  const list = axes === undefined ? x.shape.map((_, i) => i) : typeof axes === 'number' ? [axes] : [...axes]
  const normal = list.map((axis) => (axis < 0 ? axis + x.shape.length : axis))
  if (normal.some((axis) => axis < 0 || axis >= x.shape.length) || new Set(normal).size !== normal.length) {
    shapeError(op, `axes [${list.join(', ')}] do not fit`, x)
  }
  return normal.sort((a, b) => a - b)
}

function reduced(shape: Shape, axes: readonly number[], keep: boolean): number[] {
  return shape.flatMap((n, i) => (axes.includes(i) ? (keep ? [1] : []) : [n]))
}

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

// ---------------------------------------------------------------- shape

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

// ---------------------------------------------------------------- products

/**
 * Matrix product over the last two axes; leading axes broadcast. `transposeA` and `transposeB` read the last two axes
 * of an operand swapped, without a copy.
 */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
  floats('matmul', a, b)
  if (a.shape.length < 2 || b.shape.length < 2) shapeError('matmul', 'needs at least two axes', a, b)
  const [m, k] = swapped(a.shape.slice(-2), transposeA)
  const [k2, n] = swapped(b.shape.slice(-2), transposeB)
  if (k !== k2) shapeError('matmul', `inner lengths ${k} and ${k2} differ`, a, b)
  const lead = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (lead === undefined) shapeError('matmul', 'leading axes do not broadcast', a, b)
  return node('matmul', [a, b], { transposeA, transposeB }, [...lead, m, n])
}

function swapped(pair: Shape, swap: boolean): [number, number] {
  const [x, y] = pair as [number, number]
  return swap ? [y, x] : [x, y]
}

/** Output length of a window along one axis. */
export function windowLength(length: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((length + 2 * padding - kernel) / stride) + 1
}

/** 2-D convolution (cross-correlation): x [B, C, H, W], weight [O, C, kh, kw] -> [B, O, H', W']. */
export function conv2d(x: Tensor, weight: Tensor, { strides, pads }: Window2d): Tensor {
  floats('conv2d', x, weight)
  if (x.shape.length !== 4 || weight.shape.length !== 4) shapeError('conv2d', 'needs four axes', x, weight)
  const [b, c, h, w] = x.shape as [number, number, number, number]
  const [o, c2, kh, kw] = weight.shape as [number, number, number, number]
  if (c !== c2) shapeError('conv2d', 'the channels differ', x, weight)
  const shape = [b, o, windowLength(h, kh, strides[0], pads[0]), windowLength(w, kw, strides[1], pads[1])]
  return node('conv2d', [x, weight], { strides, pads }, shape)
}

/** 2-D max pooling of x [B, C, H, W]; padding never wins. At a tie the first position gets the gradient. */
export function maxPool2d(x: Tensor, window: Window2d & { kernel: readonly [number, number] }): Tensor {
  const { kernel, strides, pads } = window
  floats('maxPool2d', x)
  const [b, c, h, w] = x.shape as [number, number, number, number]
  if (x.shape.length !== 4) shapeError('maxPool2d', 'needs [B, C, H, W]', x)
  // ONNX Runtime asks for this; more padding would make windows without a single element.
  if (kernel.some((k, i) => pads[i]! >= k)) shapeError('maxPool2d', 'the padding must be smaller than the kernel', x)
  const shape = [b, c, windowLength(h, kernel[0], strides[0], pads[0]), windowLength(w, kernel[1], strides[1], pads[1])]
  const results = [
    { shape, dtype: 'float32' as const },
    { shape, dtype: 'int32' as const },
  ]
  return nodes('maxPool2d', [x], window, results)[0] as Tensor
}

// ---------------------------------------------------------------- normalisation

/** (x - mean) / sqrt(variance + epsilon) over the last axis, times gain [D], plus bias [D]. */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  floats('layerNorm', x, gain, bias)
  const width = x.shape.at(-1)
  if (gain.shape.length !== 1 || gain.shape[0] !== width) shapeError('layerNorm', 'the gain does not fit', x, gain)
  if (bias.shape.length !== 1 || bias.shape[0] !== width) shapeError('layerNorm', 'the bias does not fit', x, bias)
  return node('layerNorm', [x, gain, bias], { epsilon }, x.shape)
}

/** Standardised last axis: `[ (x - mean) * r, r ]` with r = 1 / sqrt(variance + epsilon), r keeping a length-1 axis. */
export function standardize(x: Tensor, epsilon: number): [Tensor, Tensor] {
  floats('standardize', x)
  if (x.shape.length === 0) shapeError('standardize', 'needs an axis', x)
  const narrow = [...x.shape.slice(0, -1), 1]
  const results = [
    { shape: x.shape, dtype: 'float32' as const },
    { shape: narrow, dtype: 'float32' as const },
  ]
  return nodes('standardize', [x], { epsilon }, results) as unknown as [Tensor, Tensor]
}

/** x [B, C, ...] times a [C] plus b [C], per channel. */
export function channelAffine(x: Tensor, a: Tensor, b: Tensor): Tensor {
  floats('channelAffine', x, a, b)
  for (const v of [a, b]) {
    if (v.shape.length !== 1 || v.shape[0] !== x.shape[1])
      shapeError('channelAffine', 'needs one value a channel', x, v)
  }
  return node('channelAffine', [x, a, b], {}, x.shape)
}

// ---------------------------------------------------------------- composites

/** log(sum(exp(x))) along an axis, stable. */
export function logSumExp(x: Tensor, axis = -1, keep = false): Tensor {
  const top = stopGradient(max(x, axis, true))
  const total = add(log(sum(exp(sub(x, top)), axis, true)), top)
  return keep ? total : reshape(total, reduced(x.shape, axesOf('logSumExp', x, axis), false))
}

/** x divided by its Euclidean norm along the last axis, n(x) = x / max(|x|, 1e-8). */
export function l2Normalize(x: Tensor): Tensor {
  return div(x, maximum(sqrt(maximum(sum(square(x), -1, true), 1e-24)), 1e-8))
}

/** Adds up a value that was broadcast, back to `shape`: the derivative of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const extra = x.shape.length - shape.length
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []))
  return axes.length === 0 ? x : reshape(sum(x, axes), shape)
}
