/** @file Leaves of the graph and element-wise operations. Each checks shapes and dtypes where it is called. */

import { type DType, node, type Shape, shapeError, sizeOf, type Tensor, type TensorData } from '../tensor.ts'
import { floats } from './check.ts'

/** Stands for minus infinity in masks; finite, so that what sees nothing gives an average and never NaN. */
export const blocked = -1e9

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

type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'pow' | 'mod'
type Comparison = 'equal' | 'less' | 'lessEqual'
type Logic = 'and' | 'or' | 'xor'

function binary(op: Arithmetic | Comparison | Logic, x: Operand, y: Operand, result?: DType): Tensor {
  const a = lift(x)
  const b = lift(y)
  if (a.dtype !== b.dtype) shapeError(op, 'the dtypes differ', a, b)
  if (a.dtype === 'bool' && op !== 'equal' && op !== 'and' && op !== 'or' && op !== 'xor')
    shapeError(op, 'needs numbers', a, b)
  // The runtime would cut integers, as C does.
  if (op === 'div' || op === 'pow') floats(op, a, b)
  const shape = broadcastShape(a.shape, b.shape) ?? shapeError(op, 'the shapes do not broadcast', a, b)
  return node(op, [a, b], {}, shape, result ?? a.dtype)
}

/** True where a float tensor meets the plain number that leaves it as it is: no node is made then. */
function idle(x: Operand, y: Operand, neutral: number): x is Tensor {
  return y === neutral && typeof x !== 'number' && x.dtype === 'float32'
}

/** a + b, broadcasting. */
export function add(a: Operand, b: Operand): Tensor {
  return idle(a, b, 0) ? a : idle(b, a, 0) ? b : binary('add', a, b)
}

/** a - b, broadcasting. */
export function sub(a: Operand, b: Operand): Tensor {
  return idle(a, b, 0) ? a : binary('sub', a, b)
}

/** a * b element by element, broadcasting. */
export function mul(a: Operand, b: Operand): Tensor {
  return idle(a, b, 1) ? a : idle(b, a, 1) ? b : binary('mul', a, b)
}

/** a / b element by element, broadcasting. */
export function div(a: Operand, b: Operand): Tensor {
  return idle(a, b, 1) ? a : binary('div', a, b)
}

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

/** a <= b as bool. */
export const lessEqual = (a: Operand, b: Operand): Tensor => binary('lessEqual', a, b, 'bool')
/** a >= b as bool. */
export const greaterEqual = (a: Operand, b: Operand): Tensor => binary('lessEqual', b, a, 'bool')
/** a != b as bool. */
export const notEqual = (a: Operand, b: Operand): Tensor => not(equal(a, b))

/**
 * a to the power of b, broadcasting. A negative base needs a whole exponent, and has no derivative by the exponent; at
 * base 0 the derivative by the exponent is 0.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof a !== 'number') {
    if (b === 1) return a
    if (b === 2) return square(a)
    if (b === 0.5) return sqrt(a)
    if (b === -1) return div(1, a)
  }
  return binary('pow', a, b)
}

/** Remainder of int32 division with the sign of the divisor, as Python's %; broadcasting. */
export function mod(a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== 'int32' || b.dtype !== 'int32') shapeError('mod', 'needs int32', a, b)
  return binary('mod', a, b)
}

function boolean(op: string, ...xs: Tensor[]): void {
  if (xs.some((x) => x.dtype !== 'bool')) shapeError(op, 'needs bool operands', ...xs)
}

function logic(op: Logic, a: Tensor, b: Tensor): Tensor {
  boolean(op, a, b)
  return binary(op, a, b, 'bool')
}

/** Both true. */
export const and = (a: Tensor, b: Tensor): Tensor => logic('and', a, b)
/** One or both true. */
export const or = (a: Tensor, b: Tensor): Tensor => logic('or', a, b)
/** Exactly one true. */
export const xor = (a: Tensor, b: Tensor): Tensor => logic('xor', a, b)

/** Not true. */
export function not(a: Tensor): Tensor {
  boolean('not', a)
  return node('not', [a], {}, a.shape, 'bool')
}

/** True where x is not a number. */
export function notANumber(x: Tensor): Tensor {
  floats('notANumber', x)
  return node('notANumber', [x], {}, x.shape, 'bool')
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
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'square'
  | 'abs'
  | 'sign'
  | 'sin'
  | 'cos'
  | 'atan'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'stopGradient'

function unary(op: Unary, x: Tensor): Tensor {
  floats(op, x)
  return node(op, [x], {}, x.shape)
}

export const neg = (x: Tensor): Tensor => unary('neg', x)
export const exp = (x: Tensor): Tensor => unary('exp', x)
/** exp(x) - 1, exact for small x. */
export const expm1 = (x: Tensor): Tensor => unary('expm1', x)
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => unary('log', x)
/** log(1 + x), exact for small x. */
export const log1p = (x: Tensor): Tensor => unary('log1p', x)
export const sqrt = (x: Tensor): Tensor => unary('sqrt', x)
export const square = (x: Tensor): Tensor => unary('square', x)
/** |x|, with derivative 0 at 0. */
export const abs = (x: Tensor): Tensor => unary('abs', x)
/** -1, 0 or 1; derivative 0. */
export const sign = (x: Tensor): Tensor => unary('sign', x)
/** Sine; x in radians. */
export const sin = (x: Tensor): Tensor => unary('sin', x)
/** Cosine; x in radians. */
export const cos = (x: Tensor): Tensor => unary('cos', x)
/** Inverse tangent, in (-pi / 2, pi / 2). */
export const atan = (x: Tensor): Tensor => unary('atan', x)
/** Largest whole number <= x; derivative 0. */
export const floor = (x: Tensor): Tensor => unary('floor', x)
/** Smallest whole number >= x; derivative 0. */
export const ceil = (x: Tensor): Tensor => unary('ceil', x)
/** Nearest whole number, halves to the even one; derivative 0. */
export const round = (x: Tensor): Tensor => unary('round', x)
export const tanh = (x: Tensor): Tensor => unary('tanh', x)
/** 1 / (1 + exp(-x)). */
export const sigmoid = (x: Tensor): Tensor => unary('sigmoid', x)
export const erf = (x: Tensor): Tensor => unary('erf', x)
/** The same value, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => unary('stopGradient', x)

/** The same values in another dtype (float to int truncates; to bool: non-zero). */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : node('cast', [x], { to }, x.shape, to)
}

/** x log(y) with 0 where x is 0, whatever y is, and finite derivatives there. */
export function xlogy(x: Tensor, y: Tensor): Tensor {
  const none = equal(x, 0)
  return where(none, 0, mul(x, log(where(none, 1, y))))
}
