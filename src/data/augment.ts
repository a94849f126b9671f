/** @file Augmentation of training pictures: a random affine map, brightness, contrast and blur. */

import type { Random } from '../core/random.ts'
import { type Augmentation, type AugmentName, augmentations } from './augmentations.ts'

/** What pictures are like: normalised values of the 0..1 scale are (v - mean) / sd. */
export interface Geometry {
  size: number
  channels: number
  mean: readonly number[]
  sd: readonly number[]
}

/** An affine map from places in the result to places in the source, about the middle of both, and a map of grey values. */
interface Warp {
  /** Source x and y by a step to the right: [xx, yx]; by a step down: [xy, yy]. */
  xx: number
  xy: number
  yx: number
  yy: number
  /** Shift of the source's middle, pixels. */
  dx: number
  dy: number
  /** value = gain * grey + lift, on the 0..1 scale. */
  gain: number
  lift: number
}

/**
 * Augments one picture: reads `source` [C, size, size] with values 0..65535, writes normalised values of the 0..1 scale
 * into `target` at `offset`. `flipped` is the coin of the study, which its words share.
 */
export function augmentInto(
  name: AugmentName,
  source: Uint16Array,
  target: Float32Array,
  offset: number,
  geometry: Geometry,
  stream: Random,
  flipped = false,
): void {
  if (name === 'none') {
    plainInto(source, target, offset, geometry)
    return
  }
  const ranges: Augmentation | undefined = name === 'crop' ? undefined : augmentations[name]
  const warp =
    ranges === undefined ? mildWarp(geometry.size, stream) : drawWarp(ranges, source, geometry, stream, flipped)
  warpInto(source, target, offset, geometry, warp)
  if (ranges === undefined) return
  if (ranges.blur !== undefined && stream.chance(ranges.blur.chance)) {
    const sigma = (stream.uniform(...ranges.blur.sigma) * geometry.size) / ranges.blur.side
    blurInto(target, offset, geometry, sigma)
  }
  clampInto(target, offset, geometry)
}

/**
 * A random similarity (shift up to 3 % of the side, scale 0.96 to 1.04, rotation up to 3 degrees) and a little
 * brightness and contrast: stronger ones cost more than they gave on small sets. No flips: reports say left and right.
 */
function mildWarp(size: number, stream: Random): Warp {
  const angle = (stream.uniform(-3, 3) * Math.PI) / 180
  const zoom = 1 / stream.uniform(0.96, 1.04)
  const [dx, dy] = [stream.uniform(-0.03, 0.03) * size, stream.uniform(-0.03, 0.03) * size]
  const gain = stream.uniform(0.95, 1.05)
  const lift = stream.uniform(-0.03, 0.03)
  const [cos, sin] = [Math.cos(angle) * zoom, Math.sin(angle) * zoom]
  return { xx: cos, xy: -sin, yx: sin, yy: cos, dx, dy, gain, lift: (1 - gain) / 2 + lift }
}

/** Crop, then rotation, shift and zoom about its middle, as one map; brightness, then contrast about the mean grey. */
function drawWarp(
  { crop, rotate = 0, translate = 0, zoom, brightness, contrast }: Augmentation,
  source: Uint16Array,
  { size }: Geometry,
  stream: Random,
  flipped: boolean,
): Warp {
  const angle = (stream.uniform(-rotate, rotate) * Math.PI) / 180
  const scale = 1 / (zoom === undefined ? 1 : stream.uniform(...zoom))
  const [tx, ty] = [stream.uniform(-translate, translate) * size, stream.uniform(-translate, translate) * size]
  const { width, height, dx, dy } = drawCrop(crop, size, stream)
  const light = brightness === undefined ? 1 : stream.uniform(...brightness)
  const sharp = contrast === undefined ? 1 : stream.uniform(...contrast)
  const mirror = flipped ? -1 : 1
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale]
  return {
    xx: mirror * cos * width,
    xy: -sin * height,
    yx: mirror * sin * width,
    yy: cos * height,
    dx: dx + tx,
    dy: dy + ty,
    gain: light * sharp,
    lift: contrast === undefined ? 0 : (1 - sharp) * light * meanOf(source),
  }
}

/** A window of some share of the area and some ratio of its sides (torchvision's RandomResizedCrop), as shares of the side. */
function drawCrop(
  crop: Augmentation['crop'],
  size: number,
  stream: Random,
): { width: number; height: number; dx: number; dy: number } {
  if (crop === undefined) return { width: 1, height: 1, dx: 0, dy: 0 }
  const area = stream.uniform(...crop.scale)
  const ratio = Math.exp(stream.uniform(Math.log(crop.ratio[0]), Math.log(crop.ratio[1])))
  const [width, height] = [Math.min(1, Math.sqrt(area * ratio)), Math.min(1, Math.sqrt(area / ratio))]
  const shift = (side: number): number => stream.uniform(-0.5, 0.5) * (1 - side) * size
  return { width, height, dx: shift(width), dy: shift(height) }
}

function meanOf(source: Uint16Array): number {
  let sum = 0
  for (let i = 0; i < source.length; i++) sum += source[i]!
  return sum / source.length / 65535
}

/** Bilinear, edges repeated. */
function warpInto(source: Uint16Array, target: Float32Array, offset: number, geometry: Geometry, warp: Warp): void {
  const { size, channels, mean, sd } = geometry
  const { xx, xy, yx, yy, dx, dy, gain, lift } = warp
  const middle = (size - 1) / 2
  const area = size * size
  const last = size - 1
  const scale = gain / 65535
  for (let c = 0; c < channels; c++) {
    const base = c * area
    const m = mean[c]!
    const perSd = 1 / sd[c]!
    let at = offset + base
    for (let y = 0; y < size; y++) {
      const u0 = -xx * middle + xy * (y - middle) + middle + dx
      const v0 = -yx * middle + yy * (y - middle) + middle + dy
      for (let x = 0; x < size; x++) {
        const u = Math.min(Math.max(u0 + xx * x, 0), last)
        const v = Math.min(Math.max(v0 + yx * x, 0), last)
        const x0 = u | 0
        const y0 = v | 0
        const fx = u - x0
        const fy = v - y0
        const i = base + y0 * size + x0
        const right = x0 < last ? 1 : 0
        const j = y0 < last ? i + size : i
        const top = source[i]! + (source[i + right]! - source[i]!) * fx
        const low = source[j]! + (source[j + right]! - source[j]!) * fx
        target[at++] = ((top + (low - top) * fy) * scale + lift - m) * perSd
      }
    }
  }
}

/** Gaussian blur of each channel in place, rows then columns, edges repeated; `sigma` in pixels. */
function blurInto(target: Float32Array, offset: number, { size, channels }: Geometry, sigma: number): void {
  const reach = Math.ceil(3 * sigma)
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)))
  const total = weights.reduce((a, b) => a + b, 0)
  const line = new Float32Array(size)
  const lines = (start: number, step: number): void => {
    for (let i = 0; i < size; i++) line[i] = target[start + i * step]!
    for (let i = 0; i < size; i++) {
      let sum = 0
      for (let k = -reach; k <= reach; k++) sum += weights[k + reach]! * line[Math.min(Math.max(i + k, 0), size - 1)]!
      target[start + i * step] = sum / total
    }
  }
  for (let c = 0; c < channels; c++) {
    const base = offset + c * size * size
    for (let y = 0; y < size; y++) lines(base + y * size, 1)
    for (let x = 0; x < size; x++) lines(base + x, size)
  }
}

/** Values held in 0..1 before normalisation. */
function clampInto(target: Float32Array, offset: number, { size, channels, mean, sd }: Geometry): void {
  const area = size * size
  for (let c = 0; c < channels; c++) {
    const [low, high] = [-mean[c]! / sd[c]!, (1 - mean[c]!) / sd[c]!]
    const base = offset + c * area
    for (let i = base; i < base + area; i++) target[i] = Math.min(Math.max(target[i]!, low), high)
  }
}

/** The picture as it is, normalised. */
export function plainInto(
  source: Uint16Array,
  target: Float32Array,
  offset: number,
  { size, channels, mean, sd }: Geometry,
): void {
  const area = size * size
  for (let c = 0; c < channels; c++) {
    for (let i = c * area; i < (c + 1) * area; i++) target[offset + i] = (source[i]! / 65535 - mean[c]!) / sd[c]!
  }
}
