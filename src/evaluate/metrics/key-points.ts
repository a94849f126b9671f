/** @file Key points: mean radial error (MRE) in millimetres and successful detection rate (SDR) within a radius. */

import { VesaliusError } from '../../core/errors.ts'
import { type Prepared, prepareMean } from './measure.ts'

/** Coordinates of a point, in pixels or voxels; two or three axes. */
export type Point = readonly number[]

/**
 * Distance in mm of each predicted point to its true one, [N]; NaN where nothing was predicted.
 * @param spacing millimetres a pixel along each axis of a point, one for all points or one for each
 */
export function radialErrors(
  predicted: readonly (Point | null)[],
  truth: readonly Point[],
  spacing: Point | readonly Point[],
): Float64Array {
  if (predicted.length !== truth.length) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `There are ${predicted.length} predicted and ${truth.length} true points.`,
      {
        hint: 'Give one prediction for each point; null where none was made.',
      },
    )
  }
  return Float64Array.from(truth, (point, i) => {
    const guess = predicted[i] ?? null
    if (guess === null) return Number.NaN
    const first = spacing[0]
    const scale = typeof first === 'number' ? (spacing as Point) : (spacing as readonly Point[])[i]
    if (guess.length !== point.length || scale?.length !== point.length) {
      throw new VesaliusError(
        'SHAPE_MISMATCH',
        `Point ${i} has ${point.length} coordinates, its prediction or spacing not.`,
        {
          where: `point ${i}`,
          hint: 'Give prediction, truth and spacing along the same axes.',
        },
      )
    }
    return Math.hypot(...point.map((x, axis) => (guess[axis]! - x) * scale[axis]!))
  })
}

/**
 * Mean radial error in mm. A missing prediction (NaN) is left out and counted, or counts as `missing` mm (the image's
 * diagonal) when that is given, one for all or one for each.
 */
export function prepareMre(errors: ArrayLike<number>, missing?: number | ArrayLike<number>): Prepared {
  const values = Float64Array.from(errors, (error, i) => {
    if (!Number.isNaN(error) || missing === undefined) return error
    return typeof missing === 'number' ? missing : missing[i]!
  })
  return prepareMean(values, {
    variant: missing === undefined ? 'MRE-of-predicted' : 'MRE-missing-as-diagonal',
    rule: 'points without a prediction are left out; undefined when all are',
  })
}

/** Share of points within `radius` mm of the truth; a missing prediction is a miss. */
export function prepareSdr(errors: ArrayLike<number>, radius: number): Prepared {
  return prepareMean(
    Float64Array.from(errors, (error) => (error <= radius ? 1 : 0)),
    { variant: `SDR@${radius}mm`, rule: 'undefined without points' },
  )
}
