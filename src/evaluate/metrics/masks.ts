/**
 * @file Overlap of masks: Dice and IoU of one case, over a set, and over classes (MONAI DiceMetric, torchmetrics
 * JaccardIndex). Surfaces are in surface.ts.
 */

import { VesaliusError } from '../../core/errors.ts'
import type { Prepared } from './measure.ts'
import type { Counts } from './ranked.ts'

/** Voxels of two masks: in both, in the first, in the second. Doubles, so they never overflow. */
export interface Overlap {
  both: number
  predicted: number
  truth: number
}

/** Refuses masks of different size. */
export function sameSize(predicted: { length: number }, truth: { length: number }, what = 'masks'): void {
  if (predicted.length === truth.length) return
  throw new VesaliusError('SHAPE_MISMATCH', `The two ${what} have ${predicted.length} and ${truth.length} elements.`, {
    hint: 'Compare on the same grid: resize the prediction to the size of the ground truth.',
  })
}

/** Counts the voxels of one class: those equal to `label`, or all that are not 0 when no label is given. NaN is background. */
export function overlapOf(predicted: ArrayLike<number>, truth: ArrayLike<number>, label?: number): Overlap {
  sameSize(predicted, truth)
  const overlap: Overlap = { both: 0, predicted: 0, truth: 0 }
  const inside = (value: number) => (label === undefined ? value !== 0 && !Number.isNaN(value) : value === label)
  for (let i = 0; i < truth.length; i++) {
    const p = inside(predicted[i]!)
    const y = inside(truth[i]!)
    if (p) overlap.predicted++
    if (y) overlap.truth++
    if (p && y) overlap.both++
  }
  return overlap
}

/** Dice 2|P and Y| / (|P| + |Y|), in 0..1. Both empty gives `empty` (1 by default; NaN leaves the case out), one empty 0. */
export function dice({ both, predicted, truth }: Overlap, empty = 1): number {
  return predicted + truth === 0 ? empty : (2 * both) / (predicted + truth)
}

/** IoU |P and Y| / |P or Y|, in 0..1; empty masks as in {@link dice}. Dice = 2 IoU / (1 + IoU). */
export function iou({ both, predicted, truth }: Overlap, empty = 1): number {
  const union = predicted + truth - both
  return union === 0 ? empty : both / union
}

export type OverlapMetric = (overlap: Overlap, empty?: number) => number

/**
 * An overlap metric of the pooled voxels of a set ("micro"): big objects count more than small ones. Per case and averaged
 * ("macro") it is `prepareMean(overlaps.map((o) => dice(o)), ...)`; name which of the two a table shows.
 */
export function preparePooledOverlap(metric: OverlapMetric, overlaps: readonly Overlap[], variant: string): Prepared {
  return {
    variant,
    rule: 'undefined when no case has a voxel in prediction or truth',
    count: overlaps.length,
    skipped: 0,
    on: (counts) => metric(pooledOverlap(overlaps, counts), Number.NaN),
  }
}

/** Sum of overlaps, case i counting counts[i] times. */
export function pooledOverlap(overlaps: readonly Overlap[], counts?: Counts): Overlap {
  const sum: Overlap = { both: 0, predicted: 0, truth: 0 }
  for (let i = 0; i < overlaps.length; i++) {
    const times = counts === undefined ? 1 : counts[i]!
    sum.both += times * overlaps[i]!.both
    sum.predicted += times * overlaps[i]!.predicted
    sum.truth += times * overlaps[i]!.truth
  }
  return sum
}

/** Mean IoU of a set: the pooled IoU of each class, averaged over the classes present in truth or prediction. */
export function prepareMeanIou(
  predicted: readonly ArrayLike<number>[],
  truth: readonly ArrayLike<number>[],
  classes: readonly number[],
): Prepared {
  sameSize(predicted, truth, 'lists of masks')
  const perClass = classes.map((label) => truth.map((mask, i) => overlapOf(predicted[i]!, mask, label)))
  return {
    variant: `mIoU-pooled-over-${classes.length}-classes`,
    rule: 'a class in neither truth nor prediction is left out of the mean; undefined when all are',
    count: truth.length,
    skipped: 0,
    on: (counts) => {
      let sum = 0
      let defined = 0
      for (const overlaps of perClass) {
        const value = iou(pooledOverlap(overlaps, counts), Number.NaN)
        if (Number.isNaN(value)) continue
        sum += value
        defined++
      }
      return defined === 0 ? Number.NaN : sum / defined
    },
  }
}
