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
  const scale = gain / 65535
  const shift = (1 - gain) / 2 + lift
  for (let c = 0; c < channels; c++) {
    const base = c * area
    const m = mean[c]!
    const perSd = 1 / sd[c]!
    let at = offset + base
    for (let y = 0; y < size; y++) {
      const u0 = -cos * middle - sin * (y - middle) + middle + dx
      const v0 = -sin * middle + cos * (y - middle) + middle + dy
      for (let x = 0; x < size; x++) {
        const u = Math.min(Math.max(u0 + cos * x, 0), last)
        const v = Math.min(Math.max(v0 + sin * x, 0), last)
        const x0 = u | 0
        const y0 = v | 0
        const fx = u - x0
        const fy = v - y0
        const i = base + y0 * size + x0
        const right = x0 < last ? 1 : 0
        const j = y0 < last ? i + size : i
        const top = source[i]! + (source[i + right]! - source[i]!) * fx
        const low = source[j]! + (source[j + right]! - source[j]!) * fx
        target[at++] = ((top + (low - top) * fy) * scale + shift - m) * perSd
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
