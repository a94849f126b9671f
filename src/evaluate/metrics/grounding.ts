/**
 * @file Does a map of a phrase lie where the boxes are? Pointing game, contrast-to-noise ratio (BioViL), IoU over
 * thresholds, rank AUC. A map is [H, W]; NaN marks what lies outside the model's crop and takes no part.
 */

import { auroc } from './auroc.ts'
import { sameSize } from './masks.ts'

/**
 * Pointing game: 1 when the maximum of the map (the first in raster order) lies in the mask, or at most `tolerance` pixels
 * from it, else 0. A mask without a pixel (boxes outside the crop) is a miss; NaN when the map has no finite pixel.
 * @param width W, pixels of a row; needed for a tolerance only
 */
export function pointingGame(map: ArrayLike<number>, mask: ArrayLike<number>, tolerance = 0, width = 0): number {
  sameSize(map, mask, 'of map and mask')
  let best = -1
  for (let i = 0; i < map.length; i++) {
    if (Number.isFinite(map[i]) && (best < 0 || map[i]! > map[best]!)) best = i
  }
  if (best < 0) return Number.NaN
  if (tolerance === 0) return mask[best] === 0 ? 0 : 1
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    const dx = (i % width) - (best % width)
    const dy = Math.floor(i / width) - Math.floor(best / width)
    if (dx * dx + dy * dy <= tolerance * tolerance) return 1
  }
  return 0
}

/**
 * Contrast-to-noise ratio (mean inside - mean outside) / sqrt(variance inside + variance outside), population variances.
 * 0 when both are constant and equal in variance; NaN when no finite pixel is inside, or none outside.
 * `signed` (default) tells an inverted map from a right one; BioViL prints the absolute value, which does not.
 */
export function contrastToNoise(
  map: ArrayLike<number>,
  mask: ArrayLike<number>,
  form: 'signed' | 'absolute' = 'signed',
): number {
  sameSize(map, mask, 'of map and mask')
  const inside = momentsWhere(map, (i) => mask[i] !== 0)
  const outside = momentsWhere(map, (i) => mask[i] === 0)
  if (inside.n === 0 || outside.n === 0) return Number.NaN
  const noise = Math.sqrt(inside.variance + outside.variance)
  const ratio = noise === 0 ? 0 : (inside.mean - outside.mean) / noise
  return form === 'signed' ? ratio : Math.abs(ratio)
}

function momentsWhere(map: ArrayLike<number>, where: (i: number) => boolean) {
  let n = 0
  let mean = 0
  let squares = 0 // Welford: maps of almost equal cosines would lose digits otherwise
  for (let i = 0; i < map.length; i++) {
    if (!Number.isFinite(map[i]) || !where(i)) continue
    n++
    const off = map[i]! - mean
    mean += off / n
    squares += off * (map[i]! - mean)
  }
  return { n, mean, variance: n === 0 ? 0 : squares / n }
}

/** Thresholds of MS-CXR on the scale of cosines. */
export const groundingThresholds: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5]

/**
 * IoU of the pixels at or above each threshold with the mask, averaged over thresholds. A threshold that nothing reaches
 * counts 0. NaN when no finite pixel is in the mask.
 */
export function thresholdedIou(
  map: ArrayLike<number>,
  mask: ArrayLike<number>,
  thresholds: readonly number[] = groundingThresholds,
): number {
  sameSize(map, mask, 'of map and mask')
  let sum = 0
  for (const threshold of thresholds) {
    let both = 0
    let either = 0
    let truth = 0
    for (let i = 0; i < map.length; i++) {
      if (!Number.isFinite(map[i])) continue
      const called = map[i]! >= threshold
      const inside = mask[i] !== 0
      if (inside) truth++
      if (called || inside) either++
      if (called && inside) both++
    }
    if (truth === 0) return Number.NaN
    sum += both / either
  }
  return sum / thresholds.length
}

/** Rank AUC: chance that a pixel in the mask has a higher value than one outside, ties half; NaN when either is missing. */
export function mapAuc(map: ArrayLike<number>, mask: ArrayLike<number>): number {
  sameSize(map, mask, 'of map and mask')
  const labels = Int8Array.from({ length: map.length }, (_, i) =>
    !Number.isFinite(map[i]) ? -1 : mask[i] === 0 ? 0 : 1,
  )
  return auroc(
    Float64Array.from(map, (value) => (Number.isFinite(value) ? value : 0)),
    labels,
  )
}
