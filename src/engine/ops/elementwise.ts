/** @file Leaves of the graph and element-wise operations. Each checks shapes and dtypes where it is called. */

import { type DType, node, type Shape, shapeError, sizeOf, type Tensor, type TensorData } from '../tensor.ts'
import { floats } from './check.ts'

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
