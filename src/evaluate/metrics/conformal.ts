/**
 * @file Conformal prediction on a held-out calibration set: sets of classes that hold the truth with a chosen probability
 * when calibration and test cases are exchangeable (Vovk et al. 2005; APS: Romano et al. 2020; RAPS: Angelopoulos et al.
 * 2021). And what such sets are worth: coverage, size, who is left uncovered.
 */

import { VesaliusError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { percentile } from './bootstrap.ts'
import { type Prepared, prepareMean } from './measure.ts'

/**
 * The ceil((n + 1)(1 - alpha))-th smallest of n calibration scores; Infinity when that is beyond n, so that every class is
 * in the set. Throws on scores that are NaN.
 */
export function conformalQuantile(scores: ArrayLike<number>, alpha: number): number {
  if (!(alpha > 0 && alpha < 1)) {
    throw new VesaliusError('CONFIG_INVALID', `The error rate alpha is ${alpha}.`, {
      hint: 'Use a number between 0 and 1, such as 0.1.',
    })
  }
  const sorted = Float64Array.from(scores)
  if (sorted.some(Number.isNaN)) {
    throw new VesaliusError('NOT_FINITE', 'A calibration score is not a number.', {
      hint: 'Check the probabilities of the calibration cases.',
    })
  }
  sorted.sort()
  // 100 * 0.9 must stay 90 whatever the rounding of the product.
  const rank = Math.ceil((sorted.length + 1) * (1 - alpha) - 1e-9)
  return rank > sorted.length ? Number.POSITIVE_INFINITY : sorted[Math.max(0, rank - 1)]!
}

/** Share of calibration cases at least as strange: (1 + #{a_i >= a}) / (n + 1). */
export function conformalP(calibration: ArrayLike<number>, score: number): number {
  let stranger = 0
  for (let i = 0; i < calibration.length; i++) if (calibration[i]! >= score) stranger++
  return (1 + stranger) / (calibration.length + 1)
}

/** How strange a class looks for a case. */
export interface ConformalScore {
  /**
   * `lac`: 1 - p of the class, smallest sets. `aps`: probabilities summed in descending order up to the class, adapts to hard
   * cases. `raps`: that plus `penalty` for each rank beyond `freeRanks`, cuts long tails.
   */
  kind: 'lac' | 'aps' | 'raps'
  penalty?: number
  freeRanks?: number
  /** APS and RAPS: take off a random share of the class's own probability, which makes coverage exact. Default: none. */
  random?: Random
}

/** Scores of all classes, [N, K] row-major, of probabilities [N, K]; equal probabilities in the order of classes. */
export function conformalScores(
  probabilities: ArrayLike<number>,
  classes: number,
  score: ConformalScore,
): Float64Array {
  checkRows(probabilities, classes)
  const out = new Float64Array(probabilities.length)
  const { kind, penalty = 0.01, freeRanks = 1, random } = score
  for (let base = 0; base < out.length; base += classes) {
    if (kind === 'lac') {
      for (let k = 0; k < classes; k++) out[base + k] = 1 - probabilities[base + k]!
      continue
    }
    const order = [...Array(classes).keys()].sort(
      (a, b) => probabilities[base + b]! - probabilities[base + a]! || a - b,
    )
    const share = random?.uniform() ?? 0
    let sum = 0
    for (const [rank, k] of order.entries()) {
      const p = probabilities[base + k]!
      sum += p
      out[base + k] = sum - share * p + (kind === 'raps' ? penalty * Math.max(0, rank + 1 - freeRanks) : 0)
    }
  }
  return out
}

function checkRows(probabilities: ArrayLike<number>, classes: number): void {
  if (Number.isInteger(classes) && classes > 0 && probabilities.length % classes === 0) {
    for (let i = 0; i < probabilities.length; i++) {
      if (probabilities[i]! >= 0 && probabilities[i]! <= 1 + 1e-9) continue
      throw new VesaliusError(
        'DATA_INVALID',
        `The probability of item ${Math.floor(i / classes)} is ${probabilities[i]}.`,
        {
          where: `item ${Math.floor(i / classes)}`,
          hint: 'Give probabilities between 0 and 1, not scores or logits.',
        },
      )
    }
    return
  }
  throw new VesaliusError(
    'SHAPE_MISMATCH',
    `${probabilities.length} probabilities are not rows of ${classes} classes.`,
    {
      hint: 'Give the probabilities as [items, classes], row by row.',
    },
  )
}

/** Scores of the true classes: entries of scores [N, K] at truth [N]; cases with truth -1 are left out. */
export function scoresOfTruth(scores: ArrayLike<number>, truth: ArrayLike<number>, classes: number): Float64Array {
  const own: number[] = []
  for (let i = 0; i < truth.length; i++) if (truth[i]! >= 0) own.push(scores[i * classes + truth[i]!]!)
  return Float64Array.from(own)
}

/** One quantile for each class from its own calibration cases (Mondrian): coverage holds class by class. */
export function classQuantiles(
  scores: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  alpha: number,
): number[] {
  return Array.from({ length: classes }, (_, k) => {
    const own: number[] = []
    for (let i = 0; i < truth.length; i++) if (truth[i] === k) own.push(scores[i * classes + k]!)
    return conformalQuantile(own, alpha)
  })
}

/**
 * Prediction sets [N, K] of 0 and 1: classes whose score is at most the quantile (one for all, or one for each class).
 * `fillEmpty` puts the least strange class into empty sets, which raises coverage.
 */
export function conformalSets(
  scores: ArrayLike<number>,
  classes: number,
  quantile: number | readonly number[],
  fillEmpty = false,
): Uint8Array {
  const sets = new Uint8Array(scores.length)
  for (let base = 0; base < sets.length; base += classes) {
    let size = 0
    let least = 0
    for (let k = 0; k < classes; k++) {
      const limit = typeof quantile === 'number' ? quantile : quantile[k]!
      if (scores[base + k]! <= limit) size += sets[base + k] = 1
      if (scores[base + k]! < scores[base + least]!) least = k
    }
    if (size === 0 && fillEmpty) sets[base + least] = 1
  }
  return sets
}

/** A finding that may be there or not: sets over (absent, present) are the classes 0 and 1 of these probabilities [N, 2]. */
export function findingProbabilities(probabilities: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: 2 * probabilities.length }, (_, at) => {
    const p = probabilities[at >> 1]!
    return at % 2 === 1 ? p : 1 - p
  })
}

/** What prediction sets are worth. Cases with truth -1 are left out of all of it. */
export interface ConformalReport {
  /** Share of sets that hold the truth; resampled by case. */
  coverage: Prepared
  meanSize: Prepared
  medianSize: number
  /** Share of sets without a class, and with all: both say nothing. */
  empty: number
  full: number
  /** Coverage among sets of each size that occurs. */
  bySize: { size: number; n: number; coverage: number }[]
  /** Coverage of the cases of each class; NaN where a class does not occur. */
  byClass: number[]
  /** Share of cases that get another number of classes than one, and accuracy on those that get one (NaN without any). */
  abstention: number
  singletonAccuracy: number
}

/** Judges sets [N, K] against truth [N]. */
export function conformalReport(sets: ArrayLike<number>, truth: ArrayLike<number>, classes: number): ConformalReport {
  if (sets.length !== truth.length * classes) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `${sets.length} entries are not ${truth.length} sets of ${classes} classes.`,
      {
        hint: 'Give the sets as [items, classes], row by row.',
      },
    )
  }
  const sizes = Float64Array.from(truth, (label, i) => {
    if (label < 0) return Number.NaN
    let size = 0
    for (let k = 0; k < classes; k++) size += sets[i * classes + k]!
    return size
  })
  const held = Float64Array.from(truth, (label, i) => (label < 0 ? Number.NaN : sets[i * classes + label]!))
  const used = [...Array(truth.length).keys()].filter((i) => truth[i]! >= 0)
  const share = (of: readonly number[], what: (i: number) => boolean) => of.filter(what).length / of.length
  const covered = (i: number) => held[i] === 1
  const where = (what: (i: number) => boolean) => used.filter(what)
  const rule = 'unlabelled cases take no part; undefined when all are'
  return {
    coverage: prepareMean(held, { variant: 'conformal-coverage', rule }),
    meanSize: prepareMean(sizes, { variant: 'conformal-set-size', rule }),
    medianSize: percentile(Float64Array.from(used, (i) => sizes[i]!).sort(), 0.5),
    empty: share(used, (i) => sizes[i] === 0),
    full: share(used, (i) => sizes[i] === classes),
    bySize: Array.from({ length: classes + 1 }, (_, size) => where((i) => sizes[i] === size)).flatMap((own, size) =>
      own.length === 0 ? [] : [{ size, n: own.length, coverage: share(own, covered) }],
    ),
    byClass: Array.from({ length: classes }, (_, k) =>
      share(
        where((i) => truth[i] === k),
        covered,
      ),
    ),
    abstention: share(used, (i) => sizes[i] !== 1),
    singletonAccuracy: share(
      where((i) => sizes[i] === 1),
      covered,
    ),
  }
}
