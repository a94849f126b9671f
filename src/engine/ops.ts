/**
 * @file The operations that models are written with. Each checks shapes and dtypes where it is called, makes one node
 * (or a few, for the composite ones at the end), and computes nothing.
 */

import {
  type DType,
  node,
  nodes,
  type Shape,
  shapeError,
  sizeOf,
  type Tensor,
  type TensorData,
  type Window2d,
} from './tensor.ts'

/** A tensor, or a number that stands for a float32 scalar. */
export type Operand = Tensor | number

// ---------------------------------------------------------------- leaves

/** A value supplied at each run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return node('input', [], { name }, shape, dtype)
}

/** A named float32 value of the parameter store. */
export function parameter(name: string, shape: Shape): Tensor {
  return node('parameter', [], { name }, shape)
}

/** A value fixed in the graph; dtype follows the array (Uint8Array is bool). */
export function constant(data: TensorData, shape: Shape): Tensor {
  const dtype: DType = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool'
  const made = node('constant', [], { data }, shape, dtype)
  if (data.length !== sizeOf(shape)) shapeError('constant', `${data.length} values do not fill the shape`, made)
  return made
}

/** A float32 scalar. */
export function scalar(value: number): Tensor {
  return constant(Float32Array.of(value), [])
}

/** A float32 tensor with every element `value`. */
export function full(shape: Shape, value: number): Tensor {
  return broadcast(scalar(value), shape)
}

function lift(x: Operand): Tensor {
  return typeof x === 'number' ? scalar(x) : x
}

// ---------------------------------------------------------------- element-wise

/** The shape both broadcast to (NumPy rules), or undefined. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length)
  const out: number[] = []
  for (let i = 0; i < rank; i++) {
    const m = a[i - rank + a.length] ?? 1
    const n = b[i - rank + b.length] ?? 1
    if (m !== n && m !== 1 && n !== 1) return undefined
    out.push(m === 1 ? n : m)
  }
  return out
}

type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum'

function binary(op: Binary | 'equal' | 'less' | 'and', x: Operand, y: Operand, result?: DType): Tensor {
  const a = lift(x)
  const b = lift(y)
  if (a.dtype !== b.dtype) shapeError(op, 'the dtypes differ', a, b)
  if (a.dtype === 'bool' && op !== 'equal' && op !== 'and') shapeError(op, 'needs numbers', a, b)
  // The runtime would cut integers, as C does.
  if (op === 'div') floats(op, a, b)
  const shape = broadcastShape(a.shape, b.shape) ?? shapeError(op, 'the shapes do not broadcast', a, b)
  return node(op, [a, b], {}, shape, result ?? a.dtype)
}

/** a + b, broadcasting. */
export const add = (a: Operand, b: Operand): Tensor => binary('add', a, b)
/** a - b, broadcasting. */
export const sub = (a: Operand, b: Operand): Tensor => binary('sub', a, b)
/** a * b element by element, broadcasting. */
export const mul = (a: Operand, b: Operand): Tensor => binary('mul', a, b)
/** a / b element by element, broadcasting. */
export const div = (a: Operand, b: Operand): Tensor => binary('div', a, b)
/** The larger of a and b; at a tie the gradient is shared equally. */
export const maximum = (a: Operand, b: Operand): Tensor => binary('maximum', a, b)
/** The smaller of a and b; at a tie the gradient is shared equally. */
export const minimum = (a: Operand, b: Operand): Tensor => binary('minimum', a, b)
/** a == b as bool. */
export const equal = (a: Operand, b: Operand): Tensor => binary('equal', a, b, 'bool')
/** a < b as bool. */
export const less = (a: Operand, b: Operand): Tensor => binary('less', a, b, 'bool')
/** a > b as bool. */
export const greater = (a: Operand, b: Operand): Tensor => binary('less', b, a, 'bool')

function floats(op: string, ...xs: Tensor[]): void {
  if (xs.some((x) => x.dtype !== 'float32')) shapeError(op, 'needs float32', ...xs)
}

function boolean(op: string, ...xs: Tensor[]): void {
  if (xs.some((x) => x.dtype !== 'bool')) shapeError(op, 'needs bool operands', ...xs)
}

/** Both true. */
export function and(a: Tensor, b: Tensor): Tensor {
  boolean('and', a, b)
  return binary('and', a, b, 'bool')
}

/** Not true. */
export function not(a: Tensor): Tensor {
  boolean('not', a)
  return node('not', [a], {}, a.shape, 'bool')
}

/** a where the condition holds, else b; all three broadcast. */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  const a = lift(x)
  const b = lift(y)
  boolean('where', condition)
  if (a.dtype !== b.dtype) shapeError('where', 'the dtypes differ', a, b)
  const both = broadcastShape(a.shape, b.shape) ?? shapeError('where', 'the shapes do not broadcast', a, b)
  const shape = broadcastShape(condition.shape, both)
  return node(
    'where',
    [condition, a, b],
    {},
    shape ?? shapeError('where', 'the condition does not broadcast', condition, a),
    a.dtype,
  )
}

type Unary =
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'square'
  | 'abs'
  | 'sign'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'relu'
  | 'gelu'
  | 'quickGelu'
  | 'stopGradient'

function unary(op: Unary, x: Tensor): Tensor {
  floats(op, x)
  return node(op, [x], {}, x.shape)
}

export const neg = (x: Tensor): Tensor => unary('neg', x)
export const exp = (x: Tensor): Tensor => unary('exp', x)
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => unary('log', x)
export const sqrt = (x: Tensor): Tensor => unary('sqrt', x)
export const square = (x: Tensor): Tensor => unary('square', x)
/** |x|, with derivative 0 at 0. */
export const abs = (x: Tensor): Tensor => unary('abs', x)
/** -1, 0 or 1; derivative 0. */
export const sign = (x: Tensor): Tensor => unary('sign', x)
export const tanh = (x: Tensor): Tensor => unary('tanh', x)
/** 1 / (1 + exp(-x)). */
export const sigmoid = (x: Tensor): Tensor => unary('sigmoid', x)
export const erf = (x: Tensor): Tensor => unary('erf', x)
/** max(x, 0), with derivative 0 at 0. */
export const relu = (x: Tensor): Tensor => unary('relu', x)
/** x Φ(x), exact. */
export const gelu = (x: Tensor): Tensor => unary('gelu', x)
/** x sigmoid(1.702 x), the activation of OpenAI's CLIP. */
export const quickGelu = (x: Tensor): Tensor => unary('quickGelu', x)
/** The same value, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => unary('stopGradient', x)

/** The same values in another dtype (float to int truncates; to bool: non-zero). */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : node('cast', [x], { to }, x.shape, to)
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
