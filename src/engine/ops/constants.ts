/** @file Constants with a pattern: ranges, grids, triangles. */

import { type Shape, shapeError, type Tensor } from '../tensor.ts'
import { constant, where } from './elementwise.ts'
import { broadcast, reshape } from './shape.ts'

/** int32 [n]: 0 .. n-1. */
export function range(n: number): Tensor {
  return constant(
    Int32Array.from({ length: n }, (_, i) => i),
    [n],
  )
}

/** float32 [n]: evenly spaced from `start` to `end`, both included. */
export function linspace(start: number, end: number, n: number): Tensor {
  return constant(
    Float32Array.from({ length: n }, (_, i) => (n === 1 ? start : start + ((end - start) * i) / (n - 1))),
    [n],
  )
}

/** The grid that axes [n1], [n2] ... span: one tensor [n1, n2, ...] an axis, which varies along that axis only. */
export function meshGrid(...axes: readonly Tensor[]): Tensor[] {
  const flat = axes.find((axis) => axis.shape.length !== 1)
  if (flat !== undefined) shapeError('meshGrid', 'needs tensors with one axis', flat)
  const shape = axes.map((axis) => axis.shape[0] as number)
  return axes.map((axis, i) =>
    broadcast(
      reshape(
        axis,
        shape.map((n, j) => (j === i ? n : 1)),
      ),
      shape,
    ),
  )
}

/** bool [rows, columns]: true where column - row <= `diagonal`. With 0: on and below the main diagonal. */
export function lowerTriangle(rows: number, columns: number, diagonal = 0): Tensor {
  const bytes = Uint8Array.from({ length: rows * columns }, (_, i) =>
    (i % columns) - Math.floor(i / columns) <= diagonal ? 1 : 0,
  )
  return constant(bytes, [rows, columns])
}

/** The last two axes with zeros above the diagonal. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return where(lowerTriangle(...matrix('tril', x.shape, x), diagonal), x, 0)
}

/** The last two axes with zeros below the diagonal. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return where(lowerTriangle(...matrix('triu', x.shape, x), diagonal - 1), 0, x)
}

function matrix(op: string, shape: Shape, x: Tensor): [number, number] {
  if (shape.length < 2) shapeError(op, 'needs at least two axes', x)
  return shape.slice(-2) as [number, number]
}
