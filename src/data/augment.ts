/** @file Augmentation of training pictures. No flips: reports say left and right. */

import type { Random } from '../core/random.ts'

/**
 * A random similarity (shift up to 3 % of the side, scale 0.96 to 1.04, rotation up to 3 degrees) and a little
 * brightness and contrast of one picture: stronger ones cost more than they gave on small sets. Reads `source`
 * [C, size, size] with values 0..65535, writes normalised values of the 0..1 scale into `target` at `offset`. Bilinear,
 * edges repeated.
 */
export function augmentInto(
  source: Uint16Array,
  target: Float32Array,
  offset: number,
  { size, channels, mean, sd }: { size: number; channels: number; mean: readonly number[]; sd: readonly number[] },
  stream: Random,
): void {
  const angle = (stream.uniform(-3, 3) * Math.PI) / 180
  const zoom = 1 / stream.uniform(0.96, 1.04)
  const [dx, dy] = [stream.uniform(-0.03, 0.03) * size, stream.uniform(-0.03, 0.03) * size]
  const gain = stream.uniform(0.95, 1.05)
  const lift = stream.uniform(-0.03, 0.03)
  const [cos, sin] = [Math.cos(angle) * zoom, Math.sin(angle) * zoom]
  const middle = (size - 1) / 2
  const area = size * size
  const last = size - 1
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = cos * (x - middle) - sin * (y - middle) + middle + dx
      const v = sin * (x - middle) + cos * (y - middle) + middle + dy
      const cu = Math.min(Math.max(u, 0), last)
      const cv = Math.min(Math.max(v, 0), last)
      const [x0, y0] = [Math.floor(cu), Math.floor(cv)]
      const [x1, y1] = [x0 < last ? x0 + 1 : last, y0 < last ? y0 + 1 : last]
      const [fx, fy] = [cu - x0, cv - y0]
      for (let c = 0; c < channels; c++) {
        const base = c * area
        const top = source[base + y0 * size + x0]! * (1 - fx) + source[base + y0 * size + x1]! * fx
        const low = source[base + y1 * size + x0]! * (1 - fx) + source[base + y1 * size + x1]! * fx
        const grey = (top * (1 - fy) + low * fy) / 65535
        target[offset + base + y * size + x] = ((grey - 0.5) * gain + 0.5 + lift - mean[c]!) / sd[c]!
      }
    }
  }
}

/** The picture as it is, normalised. */
export function plainInto(
  source: Uint16Array,
  target: Float32Array,
  offset: number,
  { size, channels, mean, sd }: { size: number; channels: number; mean: readonly number[]; sd: readonly number[] },
): void {
  const area = size * size
  for (let c = 0; c < channels; c++) {
    for (let i = c * area; i < (c + 1) * area; i++) target[offset + i] = (source[i]! / 65535 - mean[c]!) / sd[c]!
  }
}
