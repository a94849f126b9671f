/**
 * @file FROC: sensitivity for lesions against false positives an image (CAMELYON16; MONAI's compute_froc_score). Detections
 * are ranked over the whole set; a lesion counts as found by its best detection, further ones on it are not false.
 */

import { VesaliusError } from '../../core/errors.ts'
import { type Box, boxIou, centreInside } from './boxes.ts'
import type { DetectionCase } from './detection.ts'
import type { Prepared } from './measure.ts'
import { type Counts, rank } from './ranked.ts'

/** One image: how sure its false positives were, and the best detection of each lesion. */
export interface FrocCase {
  /** [F] score of each detection that lies on no lesion. */
  falsePositives: ArrayLike<number>
  /** [L] highest score on each lesion; NaN where it was missed. */
  lesions: ArrayLike<number>
}

/** When a detection lies on a lesion: its centre does, or their IoU is at least a number. */
export type HitRule = 'centre' | number

/** Splits the detections of an image into false positives and hits of lesions; labels are not looked at. */
export function frocCase({ detections, truth }: DetectionCase, rule: HitRule = 'centre'): FrocCase {
  const hits = (a: Box, b: Box) => (rule === 'centre' ? centreInside(a, b) : boxIou(a, b) >= rule)
  const lesions = truth.map(({ box }) => {
    const scores = detections.filter((one) => hits(one.box, box)).map(({ score }) => score)
    return scores.length === 0 ? Number.NaN : Math.max(...scores)
  })
  const falsePositives = detections
    .filter((one) => !truth.some(({ box }) => hits(one.box, box)))
    .map(({ score }) => score)
  return { falsePositives, lesions }
}

/** The FROC curve: one point for each distinct score, from (0, 0). */
export interface FrocCurve {
  /** False positives an image. */
  falsePositives: number[]
  /** Share of lesions found. */
  sensitivity: number[]
}

/** CAMELYON16's rates of false positives an image. */
export const camelyonRates: readonly number[] = [0.25, 0.5, 1, 2, 4, 8]

/** All scores of a set in descending order, with the image each belongs to. */
function ranked(cases: readonly FrocCase[]) {
  const scores: number[] = []
  const labels: number[] = []
  const image: number[] = []
  for (const [i, { falsePositives, lesions }] of cases.entries()) {
    for (const [label, list] of [
      [0, falsePositives],
      [1, lesions],
    ] as const) {
      for (let k = 0; k < list.length; k++) {
        if (label === 1 && Number.isNaN(list[k])) continue
        scores.push(list[k]!)
        labels.push(label)
        image.push(i)
      }
    }
  }
  return { ...rank(scores, labels, 'the detections'), image }
}

function curveOf(
  { item, positive, groupEnd, image }: ReturnType<typeof ranked>,
  lesions: Int32Array,
  counts?: Counts,
): FrocCurve {
  let images = 0
  let total = 0
  for (let i = 0; i < lesions.length; i++) {
    const times = counts === undefined ? 1 : counts[i]!
    images += times
    total += times * lesions[i]!
  }
  const curve: FrocCurve = { falsePositives: [0], sensitivity: [0] }
  let hits = 0
  let falses = 0
  let i = 0
  for (const end of groupEnd) {
    for (; i < end; i++) {
      const times = counts === undefined ? 1 : counts[image[item[i]!]!]!
      if (positive[i] === 1) hits += times
      else falses += times
    }
    curve.falsePositives.push(falses / images)
    curve.sensitivity.push(hits / total)
  }
  return curve
}

/** The curve of a set; sensitivities are NaN without a lesion. */
export function frocCurve(cases: readonly FrocCase[]): FrocCurve {
  return curveOf(ranked(cases), lesionCounts(cases))
}

function lesionCounts(cases: readonly FrocCase[]): Int32Array {
  return Int32Array.from(cases, ({ lesions }) => lesions.length)
}

/** Sensitivity at a rate of false positives an image: linear between the points, the last one beyond them. */
export function sensitivityAt({ falsePositives, sensitivity }: FrocCurve, rate: number): number {
  let last = 0
  while (last + 1 < falsePositives.length && falsePositives[last + 1]! <= rate) last++
  if (last + 1 === falsePositives.length) return sensitivity[last]!
  const [x0, x1] = [falsePositives[last]!, falsePositives[last + 1]!]
  return sensitivity[last]! + ((sensitivity[last + 1]! - sensitivity[last]!) * (rate - x0)) / (x1 - x0)
}

/** Mean sensitivity at the given rates of false positives an image, resampled by image; NaN without a lesion. */
export function prepareFroc(cases: readonly FrocCase[], rates: readonly number[] = camelyonRates): Prepared {
  if (rates.length === 0 || rates.some((rate) => !(rate >= 0))) {
    throw new VesaliusError('CONFIG_INVALID', `The false positives an image are ${rates.join(', ') || 'not given'}.`, {
      hint: 'Give numbers of at least 0, such as 0.25, 0.5, 1, 2, 4, 8.',
    })
  }
  const order = ranked(cases)
  const lesions = lesionCounts(cases)
  return {
    variant: `FROC@${rates.join('-')}`,
    rule: 'undefined without a lesion',
    count: cases.length,
    skipped: 0,
    on: (counts) => {
      const curve = curveOf(order, lesions, counts)
      return rates.reduce((sum, rate) => sum + sensitivityAt(curve, rate), 0) / rates.length
    },
  }
}
