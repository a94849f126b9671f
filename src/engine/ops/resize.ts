/** @file Resizing of spatial axes, as torch.nn.functional.interpolate. It is linear and separable: one product an axis. */

import { shapeError, type Tensor } from '../tensor.ts'
import { mapAxis } from './axis-map.ts'
import { axesOf, floats } from './check.ts'
import type { PerAxis } from './windows.ts'

export interface InterpolateOptions {
  /**
   * nearest: the element at floor(i * step), PyTorch's `nearest`; nearest-exact: the one whose centre is nearest; linear:
   * PyTorch's `linear`, `bilinear` and `trilinear`; cubic: cubic convolution (Keys 1981), PyTorch's `bicubic`.
   */
  mode?: 'nearest' | 'nearest-exact' | 'linear' | 'cubic'
  /** First and last elements stay where they are, instead of the outer edges of the first and last. */
  alignCorners?: boolean
  /** While shrinking, linear and cubic average over all that an element covers (a = -0.5 for cubic, as in PIL). */
  antialias?: boolean
}

/** Every element of the result reads up to some elements of the input, with these weights. */
type Taps = readonly (readonly [index: number, weight: number])[]

/** Weights of the cubic convolution at a distance. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance)
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance))

/** Taps of one element where all that it covers is averaged. */
function averagingTaps(centre: number, step: number, from: number, mode: 'linear' | 'cubic'): Taps {
  const stretch = Math.max(step, 1)
  const reach = (mode === 'linear' ? 1 : 2) * stretch
  const first = Math.max(Math.trunc(centre - reach + 0.5), 0)
  const end = Math.min(Math.trunc(centre + reach + 0.5), from)
  const taps = Array.from({ length: end - first }, (_, j): [number, number] => {
    const distance = (first + j - centre + 0.5) / stretch
    return [first + j, mode === 'linear' ? triangle(distance) : cubic(distance, -0.5)]
  })
  // What lies outside is left out, and the rest scaled up.
  const total = taps.reduce((sum, [, weight]) => sum + weight, 0)
  return taps.map(([index, weight]) => [index, weight / total])
}

/** Taps of element `i` of the result; indices outside are meant to be moved to the edge. */
function tapsOf(i: number, step: number, from: number, options: InterpolateOptions): Taps {
  const { mode = 'nearest', alignCorners = false, antialias = false } = options
  // PyTorch computes these indices in single precision, and the floor shows it.
  if (mode === 'nearest') return [[Math.floor(Math.fround(i * Math.fround(step))), 1]]
  if (mode === 'nearest-exact') return [[Math.floor(Math.fround((i + 0.5) * Math.fround(step))), 1]]
  if (antialias) return averagingTaps((i + 0.5) * step, step, from, mode)
  const at = alignCorners ? i * step : (i + 0.5) * step - 0.5
  const low = Math.floor(at)
  const part = at - low
  if (mode === 'linear') return [[low, 1 - part], [low + 1, part]] // biome-ignore format: two taps
  return [-1, 0, 1, 2].map((offset) => [low + offset, cubic(offset - part, -0.75)])
}

/** Weights [length, from] of a resized axis; `step` is the distance of result elements, in elements of the input. */
function resizeWeights(from: number, length: number, step: number, options: InterpolateOptions): Float32Array {
  const weights = new Float64Array(length * from)
  for (let i = 0; i < length; i++) {
    for (const [index, weight] of tapsOf(i, step, from, options))
      weights[i * from + Math.min(Math.max(index, 0), from - 1)]! += weight
  }
  return Float32Array.from(weights)
}

function checkOptions(op: string, x: Tensor, { mode = 'nearest', alignCorners, antialias }: InterpolateOptions): void {
  const smooth = mode === 'linear' || mode === 'cubic'
  if ((alignCorners || antialias) && !smooth)
    shapeError(op, `alignCorners and antialias belong to linear and cubic, not to ${mode}`, x)
  if (alignCorners && antialias) shapeError(op, 'antialias and alignCorners exclude each other', x)
}

/** One axis of x, wherever it stands, resized to `length` elements. */
export function resizeAxis(x: Tensor, axis: number, length: number, options: InterpolateOptions = {}): Tensor {
  floats('resizeAxis', x)
  checkOptions('resizeAxis', x, options)
  const [only] = axesOf('resizeAxis', x, axis) as [number]
  return resized('resizeAxis', x, only, length, undefined, options)
}

function resized(
  op: string,
  x: Tensor,
  axis: number,
  length: number,
  scale: number | undefined,
  options: InterpolateOptions,
): Tensor {
  const from = x.shape[axis] as number
  if (from < 1 || !Number.isInteger(length) || length < 1)
    shapeError(op, `axis ${axis} cannot be resized from ${from} to ${length} elements`, x)
  const corners = options.alignCorners ? (length > 1 ? (from - 1) / (length - 1) : 0) : undefined
  const step = corners ?? (scale === undefined ? from / length : 1 / scale)
  if (from === length && step === 1) return x
  return mapAxis(x, axis, length, resizeWeights(from, length, step, options))
}

/**
 * x [B, C, ...spatial] with other spatial lengths, by size or `{ scale }` (one number, or one for each axis), as
 * torch.nn.functional.interpolate: nearest unless said; with a scale, lengths are rounded down and the distance of the
 * elements is 1 / scale exactly.
 */
export function interpolate(x: Tensor, to: PerAxis | { scale: PerAxis }, options: InterpolateOptions = {}): Tensor {
  floats('interpolate', x)
  checkOptions('interpolate', x, options)
  const rank = x.shape.length - 2
  const given = typeof to === 'object' && 'scale' in to ? to.scale : to
  const list = typeof given === 'number' ? new Array<number>(Math.max(rank, 0)).fill(given) : given
  if (rank < 1 || list.length !== rank)
    shapeError(
      'interpolate',
      `needs [B, C, ...spatial] and one length or scale a spatial axis, not [${list.join(', ')}]`,
      x,
    )
  const wrong = list.find((n) => !(n > 0 && Number.isFinite(n)))
  if (wrong !== undefined) shapeError('interpolate', `${wrong} is neither a length nor a scale`, x)
  const scaled = given !== to
  return list.reduce((y, n, i) => {
    const length = scaled ? Math.floor(x.shape[i + 2]! * n) : n
    return resized('interpolate', y, i + 2, length, scaled ? n : undefined, options)
  }, x)
}
