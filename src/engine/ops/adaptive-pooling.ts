/** @file Pooling to a given size: window i of o over an axis of n goes from floor(i n / o) to ceil((i + 1) n / o). */

import { shapeError, type Tensor } from '../tensor.ts'
import { mapAxis } from './axis-map.ts'
import { floats } from './check.ts'
import { constant } from './elementwise.ts'
import { gather } from './indexing.ts'
import { averagePool1d, averagePool2d, averagePool3d, maxPool1d, maxPool2d, maxPool3d } from './pooling.ts'
import { mean } from './reductions.ts'
import { type PerAxis, perAxis } from './windows.ts'

/** First element and end of each of `count` windows over an axis of `length`. */
function windowsOf(length: number, count: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => [
    Math.floor((i * length) / count),
    Math.ceil(((i + 1) * length) / count),
  ])
}

/** The sizes asked for, and the kernel of a plain pooling where they divide the lengths. */
function plan(op: string, x: Tensor, size: PerAxis): { sizes: number[]; kernel: number[] | undefined } {
  floats(op, x)
  const rank = x.shape.length - 2
  if (rank < 1 || rank > 3) shapeError(op, 'needs [B, C, ...spatial] with one, two or three spatial axes', x)
  const sizes = perAxis(op, 'size', size, rank, 1, x)
  const kernel = sizes.map((n, i) => x.shape[i + 2]! / n)
  if (kernel.some((k) => k === 0)) shapeError(op, 'a spatial axis is empty', x)
  return { sizes, kernel: kernel.every(Number.isInteger) ? kernel : undefined }
}

/** Average pooling of x [B, C, ...spatial] to `size`, one length for all spatial axes or one for each. */
export function adaptiveAveragePool(x: Tensor, size: PerAxis): Tensor {
  const { sizes, kernel } = plan('adaptiveAveragePool', x, size)
  if (sizes.every((n) => n === 1)) return mean(x, sizes.map((_, i) => i + 2), true) // biome-ignore format: one call
  if (kernel !== undefined) return [averagePool1d, averagePool2d, averagePool3d][sizes.length - 1]!(x, { kernel })
  return sizes.reduce((y, count, i) => {
    const length = x.shape[i + 2]!
    if (count === length) return y
    const weights = new Float32Array(count * length)
    windowsOf(length, count).forEach(([from, to], row) => {
      weights.fill(1 / (to - from), row * length + from, row * length + to)
    })
    return mapAxis(y, i + 2, count, weights)
  }, x)
}

/** Max pooling of x [B, C, ...spatial] to `size`. At a tie the first position gets the gradient. */
export function adaptiveMaxPool(x: Tensor, size: PerAxis): Tensor {
  const { sizes, kernel } = plan('adaptiveMaxPool', x, size)
  const pool = [maxPool1d, maxPool2d, maxPool3d][sizes.length - 1]!
  if (kernel !== undefined) return pool(x, { kernel })
  // Windows laid side by side, the shorter ones with their last element twice: a plain pooling of them.
  const widths: number[] = []
  const spread = sizes.reduce((y, count, i) => {
    const windows = windowsOf(x.shape[i + 2]!, count)
    const width = Math.max(...windows.map(([from, to]) => to - from))
    widths.push(width)
    const places = windows.flatMap(([from, to]) => Array.from({ length: width }, (_, j) => Math.min(from + j, to - 1)))
    return gather(y, constant(Int32Array.from(places), [places.length]), i + 2)
  }, x)
  return pool(spread, { kernel: widths })
}
