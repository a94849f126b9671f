/**
 * @file Linear interpolation between the elements around a point, by gathering them: the corners of a cell of the grid,
 * how much each weighs, and how the weights change with the point.
 */

import { type Shape, sizeOf, type Tensor } from '../tensor.ts'
import { clip } from './activations.ts'
import { add, and, cast, constant, floor, lessEqual, mul, notANumber, sub, where } from './elementwise.ts'
import { batchGather } from './indexing.ts'
import { matmul } from './products.ts'
import { reshape, slice, transpose, unsqueeze } from './shape.ts'

/** What surrounds points [B, P, rank] in a grid of `spatial` lengths; K = 2 ** rank corners. */
export interface Corners {
  /** int32 [B, P, K]: row-major places among the spatial elements; of corners outside, the nearest inside. */
  places: Tensor
  /** float32 [B, P, K]: linear weights; 0 for corners outside. */
  weights: Tensor
  /** For each coordinate of the point, the derivative of the weights. */
  slopes: readonly Tensor[]
}

/** Elements of a tensor whose last axis has `rank` numbers, one at a time, that axis removed. */
export function coordinates(points: Tensor): Tensor[] {
  const rank = points.shape.at(-1) as number
  return Array.from({ length: rank }, (_, i) => reshape(slice(points, -1, i, i + 1), points.shape.slice(0, -1)))
}

/** Whether 0 <= at <= last, as 0 and 1. */
export function within(at: Tensor, low: number, high: number): Tensor {
  return cast(and(lessEqual(low, at), lessEqual(at, high)), 'float32')
}

/** Whole numbers held in 0..last, as int32; 0 for what is no number, so that no gather leaves the table. */
export function asIndex(at: Tensor, last: number): Tensor {
  return cast(clip(where(notANumber(at), 0, at), 0, last), 'int32')
}

/** Row-major places from one int32 index an axis, which broadcast. */
export function placesOf(indices: readonly Tensor[], spatial: Shape): Tensor {
  return indices.reduce((places, index, i) => add(mul(places, constant(Int32Array.of(spatial[i]!), [])), index))
}

/** The corners around points whose coordinates count elements, the last spatial axis first (x, y, z). */
export function cornersOf(points: Tensor, spatial: Shape): Corners {
  const rank = spatial.length
  const [b, p] = points.shape as [number, number]
  const both = (values: readonly [number, number]): Tensor => constant(Float32Array.from(values), [2])
  // Per axis [B, P, 2]: the two elements around the coordinate, their weights, and the weights' derivatives.
  const axes = coordinates(points).map((coordinate, i) => {
    const n = spatial[rank - 1 - i] as number
    const low = floor(coordinate)
    const at = add(unsqueeze(low, 2), both([0, 1]))
    const inside = within(at, 0, n - 1)
    const part = unsqueeze(sub(coordinate, low), 2)
    return {
      index: asIndex(at, n - 1),
      weight: mul(add(mul(part, both([-1, 1])), both([1, 0])), inside),
      slope: mul(inside, both([-1, 1])),
    }
  })
  // The two of spatial axis i stand on axis 2 + i of the corners.
  const spread = (t: Tensor, i: number): Tensor =>
    reshape(t, [b, p, ...spatial.map((_, axis) => (axis === rank - 1 - i ? 2 : 1))])
  const flat = (t: Tensor): Tensor => reshape(t, [b, p, 2 ** rank])
  const product = (factors: readonly Tensor[]): Tensor => flat(factors.map(spread).reduce((x, y) => mul(x, y)))
  return {
    places: flat(placesOf(axes.map(({ index }, i) => spread(index, i)).reverse(), spatial)),
    weights: product(axes.map(({ weight }) => weight)),
    slopes: axes.map((_, j) => product(axes.map(({ weight, slope }, i) => (i === j ? slope : weight)))),
  }
}

/** x [B, C, ...n] as rows [B, product(n), C]. */
export function asRows(x: Tensor): Tensor {
  const [b, c, ...spatial] = x.shape as [number, number, ...number[]]
  return transpose(reshape(x, [b, c, sizeOf(spatial)]), [0, 2, 1])
}

/** x [B, C, ...n] at points [B, P, rank] -> [B, C, P]: linear between elements, and towards zeros beyond the border. */
export function sampleByCorners(x: Tensor, points: Tensor): Tensor {
  const { places, weights } = cornersOf(points, x.shape.slice(2))
  const rows = batchGather(asRows(x), places) //                                            [B, P, K, C]
  const mixed = matmul(unsqueeze(weights, 2), rows) //                                      [B, P, 1, C]
  const [b, c] = x.shape as [number, number]
  return transpose(reshape(mixed, [b, places.shape[1]!, c]), [0, 2, 1])
}
