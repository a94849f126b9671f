/** @file Metrics at a threshold (an item is called positive when score >= threshold) and the choice of one. */

import { type Counts, checkFinding, type RankedMetric, rank } from './ranked.ts'

/** The four cells of a binary decision. */
export interface Decisions {
  tp: number
  fp: number
  fn: number
  tn: number
}

/** Counts the decisions at `threshold`; items with label -1 or NaN are left out. */
export function decisionsAt(scores: ArrayLike<number>, labels: ArrayLike<number>, threshold: number): Decisions {
  checkFinding(scores, labels)
  const cells: Decisions = { tp: 0, fp: 0, fn: 0, tn: 0 }
  for (let i = 0; i < labels.length; i++) {
    const called = scores[i]! >= threshold
    if (labels[i] === 1) cells[called ? 'tp' : 'fn']++
    else if (labels[i] === 0) cells[called ? 'fp' : 'tn']++
  }
  return cells
}

/** Sum of the decisions over several findings; `f1(pooled(cells))` is micro F1. */
export function pooled(cells: readonly Decisions[]): Decisions {
  const sum: Decisions = { tp: 0, fp: 0, fn: 0, tn: 0 }
  for (const { tp, fp, fn, tn } of cells) {
    sum.tp += tp
    sum.fp += fp
    sum.fn += fn
    sum.tn += tn
  }
  return sum
}

/** F1 in 0..1. Without positives and without calls it is `empty`: 0 by default, 1 in CheXzero's released code. */
export function f1({ tp, fp, fn }: Decisions, empty: 0 | 1 = 0): number {
  const denominator = 2 * tp + fp + fn
  return denominator === 0 ? empty : (2 * tp) / denominator
}

/** Matthews' correlation coefficient in -1..1; 0 where a margin is empty. */
export function mcc({ tp, fp, fn, tn }: Decisions): number {
  const product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
  return product === 0 ? 0 : (tp * tn - fp * fn) / Math.sqrt(product)
}

/** Share of the positives that are called; NaN without positives. */
export function sensitivity({ tp, fn }: Decisions): number {
  return tp + fn === 0 ? Number.NaN : tp / (tp + fn)
}

/** Share of the negatives that are not called; NaN without negatives. */
export function specificity({ fp, tn }: Decisions): number {
  return fp + tn === 0 ? Number.NaN : tn / (fp + tn)
}

/** Youden's J = sensitivity + specificity - 1, in -1..1; NaN when a class is missing. */
export function youden(cells: Decisions): number {
  return sensitivity(cells) + specificity(cells) - 1
}

/** Mean of sensitivity and specificity; NaN when a class is missing. */
export function binaryBalancedAccuracy(cells: Decisions): number {
  return (sensitivity(cells) + specificity(cells)) / 2
}

export type ThresholdObjective = 'f1' | 'mcc' | 'youden'

const objectives: Record<ThresholdObjective, (cells: Decisions) => number> = { f1: (cells) => f1(cells), mcc, youden }

/** A threshold and how well it did where it was chosen. */
export interface ThresholdChoice {
  threshold: number
  objective: ThresholdObjective
  /** Value of the objective on the data of the choice, hence optimistic. */
  value: number
}

/**
 * The threshold that does best on VALIDATION data; choosing it on test data inflates every number that follows.
 * Candidates are the distinct scores; of several best the lowest is taken.
 * @returns undefined when the validation data lack a positive or a negative: nothing can be chosen from them.
 */
export function chooseThreshold(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  objective: ThresholdObjective = 'f1',
): ThresholdChoice | undefined {
  const { positive, score, groupEnd } = rank(scores, labels)
  const positives = positive.reduce((sum, value) => sum + value, 0)
  const negatives = positive.length - positives
  if (positives === 0 || negatives === 0) return undefined
  let best: ThresholdChoice | undefined
  let tp = 0
  let i = 0
  for (const end of groupEnd) {
    for (; i < end; i++) tp += positive[i]!
    const fp = end - tp
    const value = objectives[objective]({ tp, fp, fn: positives - tp, tn: negatives - fp })
    // The walk is in descending order, so `>=` leaves the lowest of equal thresholds.
    const threshold = score[end - 1]!
    if (Number.isFinite(threshold) && (best === undefined || value >= best.value))
      best = { threshold, objective, value }
  }
  return best
}

/** A threshold metric as a ranked metric, for intervals: `withInterval(atThreshold(0.5, f1), ...)`. */
export function atThreshold(threshold: number, metric: (cells: Decisions) => number): RankedMetric {
  return ({ item, positive, score }, counts?: Counts) => {
    const cells: Decisions = { tp: 0, fp: 0, fn: 0, tn: 0 }
    // Scores descend: everything before the first one below the threshold is called.
    let i = 0
    let [yes, no] = [0, 0]
    for (; i < item.length && score[i]! >= threshold; i++) {
      const count = counts === undefined ? 1 : counts[item[i]!]!
      if (positive[i] === 1) yes += count
      else no += count
    }
    cells.tp = yes
    cells.fp = no
    ;[yes, no] = [0, 0]
    for (; i < item.length; i++) {
      const count = counts === undefined ? 1 : counts[item[i]!]!
      if (positive[i] === 1) yes += count
      else no += count
    }
    cells.fn = yes
    cells.tn = no
    return metric(cells)
  }
}
