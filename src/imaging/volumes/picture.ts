/** @file One slice of a volume as a picture: axial, seen as radiologists see it, smallest to largest value as black to white. */

import { VesaliusError } from '../../core/errors.ts'
import type { DecodedImage, ReadOptions } from '../types.ts'
import { toCanonical } from './orientation.ts'
import { unsupportedVolume, type Volume } from './volume.ts'

/**
 * The axial slice `options.frame` (counted from the feet, default the middle one) of the first volume: the patient's right
 * on the left side, front at the top. Throws USAGE for a slice there is none of, FORMAT_UNSUPPORTED for vectors.
 */
export function pictureOf(volume: Volume, where: string, options: ReadOptions = {}): DecodedImage {
  if (volume.channels !== 1)
    throw unsupportedVolume(where, `has ${volume.channels} values a voxel, and pictures have one`)
  const { size, values, spacing, provenance } = toCanonical(volume)
  const [width, height, depth] = size
  const slice = options.frame ?? depth >> 1
  if (!Number.isInteger(slice) || slice < 0 || slice >= depth) {
    throw new VesaliusError('USAGE', `${where} has no slice ${slice}.`, {
      where,
      hint: `It has slices 0 to ${depth - 1}.`,
    })
  }
  const area = width * height
  const plane = values.subarray(slice * area, (slice + 1) * area)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < area; i++) {
    const value = plane[i]!
    if (value < low) low = value
    if (value > high) high = value
  }
  const span = high - low
  const pixels = new Float32Array(area)
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const value = plane[(height - 1 - y) * width + width - 1 - x]!
      // What is not a number is shown black.
      pixels[to] = span > 0 && value >= low ? (value - low) / span : 0
    }
  }
  return {
    width,
    height,
    channels: 1,
    bitDepth: 32,
    pixels,
    range: { black: span >= 0 ? low : 0, white: span >= 0 ? high : 0 },
    spacing: [spacing[0], spacing[1]],
    provenance: {
      format: volume.provenance.format,
      steps: [
        { step: 'decode', format: provenance.format, orientation: provenance.orientation },
        { step: 'orientation', note: `axial slice ${slice} of ${depth}, right on the left side`, slice },
        { step: 'window', low, high, note: 'smallest to largest value of the slice' },
      ],
    },
  }
}
