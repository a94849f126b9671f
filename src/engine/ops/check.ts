/** @file Checks that several operations share. */

import { type Shape, shapeError, type Tensor } from '../tensor.ts'

/** Says so if an operand is not float32. */
export function floats(op: string, ...xs: Tensor[]): void {
  if (xs.some((x) => x.dtype !== 'float32')) shapeError(op, 'needs float32', ...xs)
}

/** The axes of x that are meant, not negative, in order. */
export function axesOf(op: string, x: Tensor, axes: number | readonly number[] | undefined): number[] {
  const list = axes === undefined ? x.shape.map((_, i) => i) : typeof axes === 'number' ? [axes] : [...axes]
  const normal = list.map((axis) => (axis < 0 ? axis + x.shape.length : axis))
  if (normal.some((axis) => axis < 0 || axis >= x.shape.length) || new Set(normal).size !== normal.length) {
    shapeError(op, `axes [${list.join(', ')}] do not fit`, x)
  }
  return normal.sort((a, b) => a - b)
}

/** The one axis of x that is meant, not negative. */
export function axisOf(op: string, x: Tensor, axis: number): number {
  const normal = axis < 0 ? axis + x.shape.length : axis
  if (!Number.isInteger(normal) || normal < 0 || normal >= x.shape.length) shapeError(op, `there is no axis ${axis}`, x)
  return normal
}

/** The shape that a reduction leaves. */
export function reduced(shape: Shape, axes: readonly number[], keep: boolean): number[] {
  return shape.flatMap((n, i) => (axes.includes(i) ? (keep ? [1] : []) : [n]))
}
