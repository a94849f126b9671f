/** @file What a rule of the reference interpreter sees, and plain loops that several rules share. */

import type { PrimitiveName, Primitives } from '../primitives.ts'
import { type Node, type Shape, sizeOf, type Tensor } from '../tensor.ts'

/** Values of one tensor in row-major order; booleans are 0 and 1. */
export type Values = Float64Array

export interface Site<Name extends PrimitiveName> {
  x: readonly Values[]
  inputs: readonly Tensor[]
  shape: Shape
  attributes: Primitives[Name]
  node: Node
  feeds: ReadonlyMap<string, Values>
}

export type Rule<Name extends PrimitiveName> = (site: Site<Name>) => Values | Values[]
export type Rules<Names extends PrimitiveName> = { [Name in Names]: Rule<Name> }

/** Row-major strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number)
  return strides
}

/** The multi-index of each element, in row-major order; the array is re-used between calls of `visit`. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const index = new Array<number>(shape.length).fill(0)
  const total = sizeOf(shape)
  for (let flat = 0; flat < total; flat++) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (shape[axis] as number)) break
      index[axis] = 0
    }
  }
}

/** Flat position in an operand of `shape` of a multi-index of the (larger) broadcast result. */
export function broadcastPosition(shape: Shape, strides: readonly number[], index: readonly number[]): number {
  const extra = index.length - shape.length
  let flat = 0
  for (let i = 0; i < shape.length; i++)
    if (shape[i] !== 1) flat += (strides[i] as number) * (index[i + extra] as number)
  return flat
}

/** Element-wise over broadcast operands. */
export function zip(f: (...values: number[]) => number): Rule<PrimitiveName> {
  return ({ x, inputs, shape }) => {
    const strides = inputs.map((t) => stridesOf(t.shape))
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(shape, (index, flat) => {
      out[flat] = f(
        ...x.map((v, i) => v[broadcastPosition((inputs[i] as Tensor).shape, strides[i] as number[], index)] as number),
      )
    })
    return out
  }
}

/** Groups of elements that a reduction over `axes` combines, folded one by one. */
export function fold(
  x: Values,
  shape: Shape,
  axes: readonly number[],
  start: number,
  f: (a: number, b: number) => number,
): Values {
  const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n))
  const strides = stridesOf(kept)
  const out = new Float64Array(sizeOf(kept)).fill(start)
  forEachIndex(shape, (index, flat) => {
    const at = broadcastPosition(kept, strides, index)
    out[at] = f(out[at] as number, x[flat] as number)
  })
  return out
}

/** Applies `f` to every line of elements along an axis. */
export function alongAxis(x: Values, shape: Shape, axis: number, f: (line: number[]) => number[]): Values {
  const out = new Float64Array(x.length)
  const stride = stridesOf(shape)[axis] as number
  const length = shape[axis] as number
  for (let start = 0; start < x.length; start++) {
    if (Math.floor(start / stride) % length !== 0) continue
    const line = f(Array.from({ length }, (_, i) => x[start + i * stride] as number))
    line.forEach((value, i) => {
      out[start + i * stride] = value
    })
  }
  return out
}
