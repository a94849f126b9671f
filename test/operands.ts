/** @file Values to try primitives on, drawn from fixed streams, and exact in float32. */

import { random } from '../src/core/random.ts'
import { type DType, type Shape, sizeOf } from '../src/engine/tensor.ts'

/** A value of a case: exact in float32, so that interpreter and runtime start from the same numbers. */
export interface Operand {
  shape: Shape
  dtype: DType
  values: Float64Array
}

let drawn = 0

function draw(shape: Shape, value: (stream: ReturnType<typeof random>) => number, dtype: DType = 'float32'): Operand {
  const stream = random('primitive case', drawn++)
  return { shape, dtype, values: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(value(stream))) }
}

/** Standard normal values. */
export const normal = (...shape: number[]): Operand => draw(shape, (r) => r.normal())
/** Values in [0.5, 2]. */
export const positive = (...shape: number[]): Operand => draw(shape, (r) => r.uniform(0.5, 2))
/** Values away from zero, of both signs. */
export const away = (...shape: number[]): Operand => draw(shape, (r) => (r.chance(0.5) ? 1 : -1) * r.uniform(0.5, 2))
/** Booleans. */
export const coins = (...shape: number[]): Operand => draw(shape, (r) => r.int(2), 'bool')
/** These very values. */
export const given = (shape: Shape, values: readonly number[], dtype: DType = 'float32'): Operand => ({
  shape,
  dtype,
  values: Float64Array.from(values, (v) => (dtype === 'float32' ? Math.fround(v) : v)),
})

/** "[2,3] and [3]", for the names of cases. */
export const over = (a: Shape, b: Shape): string => `[${a}] and [${b}]`
