/** @file Variance of an AUROC and test of the difference of two on the same cases (DeLong et al. 1988, by mid-ranks as Sun and Xu 2014). */

import { VesaliusError } from '../../core/errors.ts'
import { normalLevel, normalTwoSided } from './distributions.ts'
import { rank } from './ranked.ts'

/** Share of the negatives below each positive, and of the positives above each negative: ties count half. */
interface Placements {
  positive: Float64Array
  negative: Float64Array
  auroc: number
}

function placements(scores: ArrayLike<number>, labels: ArrayLike<number>): Placements {
  const { item, positive, groupEnd } = rank(scores, labels)
  const positives = positive.reduce((sum, value) => sum + value, 0)
  const negatives = positive.length - positives
  const place = new Map<number, number>()
  let above = 0 // positives of higher score
  let higher = 0 // negatives of higher score
  let i = 0
  for (const end of groupEnd) {
    const from = i
    let group = 0
    for (; i < end; i++) group += positive[i]!
    const others = end - from - group
    for (let k = from; k < end; k++) {
      const own = positive[k] === 1 ? (negatives - higher - others / 2) / negatives : (above + group / 2) / positives
      place.set(item[k]!, own)
    }
    above += group
    higher += others
  }
  // In the order of the items, so that two systems are paired.
  const of = (label: number) =>
    Float64Array.from(
      [...item].sort((a, b) => a - b).filter((k) => labels[k] === label),
      (k) => place.get(k)!,
    )
  const ofPositives = of(1)
  return { positive: ofPositives, negative: of(0), auroc: meanOf(ofPositives) }
}

const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Sample covariance; the variance when both are the same. */
function covariance(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [meanOf(a), meanOf(b)]
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - ma) * (b[i]! - mb)
  return sum / (a.length - 1)
}

function covarianceOf(a: Placements, b: Placements): number {
  return covariance(a.positive, b.positive) / a.positive.length + covariance(a.negative, b.negative) / a.negative.length
}

/** An AUROC with its standard error. */
export interface DelongAuroc {
  auroc: number
  /** NaN with fewer than two positives or two negatives. */
  standardError: number
  /** AUROC +- z standard errors, cut to 0..1. */
  interval: [number, number]
}

/** AUROC of scores [N] on labels [N] (1, 0; -1 or NaN left out) with its standard error and interval. */
export function delongAuroc(scores: ArrayLike<number>, labels: ArrayLike<number>, level = 0.95): DelongAuroc {
  const own = placements(scores, labels)
  const standardError = Math.sqrt(Math.max(0, covarianceOf(own, own)))
  const reach = normalLevel(level) * standardError
  return { auroc: own.auroc, standardError, interval: [Math.max(0, own.auroc - reach), Math.min(1, own.auroc + reach)] }
}

/** The difference of two AUROCs on the same cases. */
export interface DelongTest {
  /** AUROC of a minus AUROC of b; NaN when a class is missing. */
  difference: number
  standardError: number
  interval: [number, number]
  /** Two-sided; 1 when the systems rank alike; null where the standard error is undefined. */
  p: number | null
}

/** DeLong's test of two systems' scores [N] on the same labels [N]. Throws as `auroc` does. */
export function delong(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  labels: ArrayLike<number>,
  level = 0.95,
): DelongTest {
  if (a.length !== b.length) {
    throw new VesaliusError('SHAPE_MISMATCH', `One system has ${a.length} cases, the other ${b.length}.`, {
      hint: 'Compare systems on the same cases in the same order.',
    })
  }
  const [first, second] = [placements(a, labels), placements(b, labels)]
  const variance = covarianceOf(first, first) + covarianceOf(second, second) - 2 * covarianceOf(first, second)
  const difference = first.auroc - second.auroc
  const standardError = Math.sqrt(Math.max(0, variance))
  const reach = normalLevel(level) * standardError
  const p = Number.isNaN(standardError)
    ? null
    : standardError === 0
      ? Number(difference === 0)
      : normalTwoSided(difference / standardError)
  return { difference, standardError, interval: [difference - reach, difference + reach], p }
}
