/** @file What a linear model may see of a case: all channels on a coarse grid, as the pixel baseline of the evaluation. */

import { pooledSide } from '../baselines/pixel.ts'
import type { LineCases } from './cases.ts'

/** Features [N, F]: 16 x 16 a channel, the mean picture of a bag, 8 x 8 x 8 of a volume, 64 times of a lead. */
export function coarse({ values, shape, studies }: LineCases, volume: boolean): Float32Array {
  const [views, channels, height, width] = shape
  const side = volume ? 8 : pooledSide
  const [v, h, w] = [volume ? 8 : 1, height === 1 ? 1 : side, height === 1 ? 64 : side]
  // The three channels of a slab are neighbours: one is enough.
  const depth = volume ? 1 : channels
  const cells = v * depth * h * w
  const features = new Float32Array(studies.length * cells)
  const counts = new Float32Array(cells)
  const length = views * channels * height * width
  const cellOf = new Int32Array(length)
  let at = 0
  for (let a = 0; a < views; a++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const plane = Math.floor((a * v) / views) * depth + (volume ? 0 : c)
          const cell = (plane * h + Math.floor((y * h) / height)) * w + Math.floor((x * w) / width)
          cellOf[at++] = cell
          counts[cell]!++
        }
  for (let n = 0; n < studies.length; n++)
    for (let i = 0; i < length; i++) features[n * cells + cellOf[i]!]! += values[n * length + i]! / 65535
  for (let i = 0; i < features.length; i++) features[i]! /= counts[i % cells]!
  return features
}
