/**
 * @file Distances between the surfaces of two masks, in millimetres, in 2-D and 3-D: Hausdorff distance (also its 95th
 * percentile), mean surface distance, normalised surface distance (surface Dice). A surface is the voxels of the mask with
 * a background voxel, or the image border, across a face, as in MONAI (`use_subvoxels=False`). Distances are exact
 * (Felzenszwalb and Huttenlocher 2012), between voxel centres.
 */

import { VesaliusError } from '../../core/errors.ts'
import { percentile } from './bootstrap.ts'
import { sameSize } from './masks.ts'

/** Size and spacing of a grid, slowest axis first, as the mask is stored. */
export interface Grid {
  /** Elements along each axis, such as [height, width] or [depth, height, width]. */
  size: readonly number[]
  /** Millimetres between neighbours along each axis, same order; 1 each by default. */
  spacing?: readonly number[]
}

/** Distances of each surface voxel to the other surface, ascending, in mm. */
export interface SurfaceDistances {
  /** [S] from the surface of the prediction to that of the truth. */
  fromPredicted: Float64Array
  /** [T] from the surface of the truth to that of the prediction. */
  fromTruth: Float64Array
}

/** Throws SHAPE_MISMATCH or DATA_INVALID for a grid that a mask of this length does not fit. */
export function checkGrid(length: number, { size, spacing }: Grid): void {
  if (size.reduce((product, n) => product * n, 1) !== length || size.length === 0) {
    throw new VesaliusError('SHAPE_MISMATCH', `A mask of ${length} voxels is not of size ${size.join(' x ')}.`, {
      hint: 'Give the size as stored, slowest axis first: [height, width] or [depth, height, width].',
    })
  }
  const good = spacing === undefined || (spacing.length === size.length && spacing.every((s) => s > 0 && s < Infinity))
  if (!good) {
    throw new VesaliusError('DATA_INVALID', `The spacing ${spacing?.join(' x ')} does not fit ${size.join(' x ')}.`, {
      hint: 'Give one positive number of millimetres for each axis, in the order of the size.',
    })
  }
}

/** Indices of the surface voxels of a mask (not 0 = inside), ascending. */
export function surfaceVoxels(mask: ArrayLike<number>, grid: Grid): Int32Array {
  checkGrid(mask.length, grid)
  const { size } = grid
  const strides = stridesOf(size)
  const found: number[] = []
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    for (let axis = 0; axis < size.length; axis++) {
      const stride = strides[axis]!
      const at = Math.floor(i / stride) % size[axis]!
      if (at === 0 || at === size[axis]! - 1 || mask[i - stride] === 0 || mask[i + stride] === 0) {
        found.push(i)
        break
      }
    }
  }
  return Int32Array.from(found)
}

/** Elements from one step along each axis to the next. */
export function stridesOf(size: readonly number[]): number[] {
  const strides = new Array<number>(size.length).fill(1)
  for (let axis = size.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * size[axis + 1]!
  return strides
}

/**
 * Squared distance in mm^2 of every voxel to the nearest of the given voxels (at least one).
 * One pass an axis; each line is the lower envelope of parabolas, so the result is exact for any spacing.
 */
export function squaredDistances(voxels: ArrayLike<number>, { size, spacing }: Grid): Float64Array {
  const strides = stridesOf(size)
  const total = size.reduce((product, n) => product * n, 1)
  const distances = new Float64Array(total).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < voxels.length; i++) distances[voxels[i]!] = 0
  const longest = Math.max(...size)
  const line = new Float64Array(longest)
  const centre = new Int32Array(longest)
  const border = new Float64Array(longest + 1)
  for (let axis = 0; axis < size.length; axis++) {
    const n = size[axis]!
    const stride = strides[axis]!
    const step = spacing?.[axis] ?? 1
    for (let start = 0; start < total; start++) {
      if (Math.floor(start / stride) % n !== 0) continue
      let parabolas = 0
      for (let q = 0; q < n; q++) {
        const value = distances[start + q * stride]!
        line[q] = value
        if (value === Number.POSITIVE_INFINITY) continue
        let from = Number.NEGATIVE_INFINITY
        while (parabolas > 0) {
          const p = centre[parabolas - 1]!
          from = (value - line[p]! + step * step * (q * q - p * p)) / (2 * step * step * (q - p))
          if (from > border[parabolas - 1]!) break
          parabolas--
        }
        centre[parabolas] = q
        border[parabolas] = parabolas === 0 ? Number.NEGATIVE_INFINITY : from
        parabolas++
      }
      if (parabolas === 0) continue
      for (let q = 0, k = 0; q < n; q++) {
        while (k + 1 < parabolas && border[k + 1]! < q) k++
        const p = centre[k]!
        distances[start + q * stride] = line[p]! + ((q - p) * step) ** 2
      }
    }
  }
  return distances
}

/** Both directed surface distances of two masks (not 0 = inside); a list is empty where its own mask is, infinite where the other is. */
export function surfaceDistances(predicted: ArrayLike<number>, truth: ArrayLike<number>, grid: Grid): SurfaceDistances {
  sameSize(predicted, truth)
  const p = surfaceVoxels(predicted, grid)
  const y = surfaceVoxels(truth, grid)
  return { fromPredicted: directed(p, y, grid), fromTruth: directed(y, p, grid) }
}

/** Only the box around both surfaces is searched: nothing outside it is nearer. */
function directed(from: Int32Array, to: Int32Array, { size, spacing }: Grid): Float64Array {
  if (to.length === 0) return new Float64Array(from.length).fill(Number.POSITIVE_INFINITY)
  const strides = stridesOf(size)
  const low = size.map((n) => n)
  const high = size.map(() => 0)
  for (const list of [from, to]) {
    for (const i of list) {
      for (let axis = 0; axis < size.length; axis++) {
        const at = Math.floor(i / strides[axis]!) % size[axis]!
        if (at < low[axis]!) low[axis] = at
        if (at > high[axis]!) high[axis] = at
      }
    }
  }
  const box = size.map((_, axis) => high[axis]! - low[axis]! + 1)
  const boxStrides = stridesOf(box)
  const place = (i: number): number => {
    let at = 0
    for (let axis = 0; axis < size.length; axis++) {
      at += ((Math.floor(i / strides[axis]!) % size[axis]!) - low[axis]!) * boxStrides[axis]!
    }
    return at
  }
  const squared = squaredDistances(to.map(place), spacing === undefined ? { size: box } : { size: box, spacing })
  return Float64Array.from(from, (i) => Math.sqrt(squared[place(i)]!)).sort()
}

/**
 * Hausdorff distance in mm: the larger of both directed percentiles (95 by default, linear interpolation; 100 = maximum).
 * Both masks empty gives 0; one empty is undefined (NaN): no distance can be given, so count such cases beside the mean.
 */
export function hausdorff({ fromPredicted, fromTruth }: SurfaceDistances, percent = 95): number {
  if (fromPredicted.length === 0 && fromTruth.length === 0) return 0
  if (fromPredicted.length === 0 || fromTruth.length === 0) return Number.NaN
  return Math.max(percentile(fromPredicted, percent / 100), percentile(fromTruth, percent / 100))
}

/**
 * Normalised surface distance (surface Dice, Nikolov et al. 2018): share of both surfaces that lies within `tolerance` mm
 * of the other, in 0..1. Both masks empty is undefined (NaN), one empty gives 0.
 */
export function normalisedSurfaceDistance({ fromPredicted, fromTruth }: SurfaceDistances, tolerance: number): number {
  const total = fromPredicted.length + fromTruth.length
  if (total === 0) return Number.NaN
  let close = 0
  for (const list of [fromPredicted, fromTruth]) for (const distance of list) if (distance <= tolerance) close++
  return close / total
}

/** Mean of all surface distances of both directions in mm; both empty 0, one empty NaN (MONAI's symmetric average surface distance). */
export function meanSurfaceDistance({ fromPredicted, fromTruth }: SurfaceDistances): number {
  if (fromPredicted.length === 0 && fromTruth.length === 0) return 0
  if (fromPredicted.length === 0 || fromTruth.length === 0) return Number.NaN
  let sum = 0
  for (const list of [fromPredicted, fromTruth]) for (const distance of list) sum += distance
  return sum / (fromPredicted.length + fromTruth.length)
}
