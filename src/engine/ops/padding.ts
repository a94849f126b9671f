/** @file Padding, by a value or by what lies at the edge. Each checks shapes and dtypes where it is called. */

import { node, shapeError, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { broadcast, concat, flip, slice } from './shape.ts'

/** `value` (0 by default) before and after, per axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[], value = 0): Tensor {
  floats('pad', x)
  checkWidths('pad', x, before, after)
  const shape = x.shape.map((n, i) => n + (before[i] as number) + (after[i] as number))
  return node('pad', [x], { before, after, value }, shape)
}

/** Mirrored at the outermost elements, which are not doubled: `c b | a b c | b a`. Any dtype. */
export function padReflect(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  checkWidths('padReflect', x, before, after)
  return eachAxis(x, before, after, (part, axis, [left, right]) => {
    const n = part.shape[axis] as number
    if (left >= n || right >= n) shapeError('padReflect', `axis ${axis} is too short for padding ${left}, ${right}`, x)
    return [flip(slice(part, axis, 1, left + 1), axis), part, flip(slice(part, axis, n - 1 - right, n - 1), axis)]
  })
}

/** The outermost elements repeated: `a a | a b c | c`. Any dtype. */
export function padEdge(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  checkWidths('padEdge', x, before, after)
  return eachAxis(x, before, after, (part, axis, [left, right]) => {
    const n = part.shape[axis] as number
    if (n === 0) shapeError('padEdge', `axis ${axis} has no edge`, x)
    const repeated = (from: number, count: number): Tensor =>
      broadcast(
        slice(part, axis, from, from + 1),
        part.shape.map((length, i) => (i === axis ? count : length)),
      )
    return [repeated(0, left), part, repeated(n - 1, right)]
  })
}

function eachAxis(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  parts: (x: Tensor, axis: number, widths: readonly [number, number]) => readonly Tensor[],
): Tensor {
  return before.reduce((padded, left, axis) => {
    const right = after[axis] as number
    if (left === 0 && right === 0) return padded
    const some = parts(padded, axis, [left, right]).filter((part) => part.shape[axis] !== 0)
    return concat(some, axis)
  }, x)
}

function checkWidths(op: string, x: Tensor, before: readonly number[], after: readonly number[]): void {
  const wrong = [...before, ...after].some((n) => !Number.isInteger(n) || n < 0)
  if (wrong || before.length !== x.shape.length || after.length !== x.shape.length)
    shapeError(op, `padding [${before.join(', ')}] and [${after.join(', ')}] does not fit`, x)
}
