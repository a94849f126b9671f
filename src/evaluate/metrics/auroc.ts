/** @file Area under the ROC curve: the chance that a random positive outranks a random negative, ties counting half. */

import { type Counts, type Finding, type Macro, macro, type Ranked, rank } from './ranked.ts'

/** The five findings of the CheXpert competition, over which chest papers report a mean of their own. */
export const competitionFive = ['Atelectasis', 'Cardiomegaly', 'Consolidation', 'Edema', 'Pleural Effusion'] as const

/** AUROC of a ranked finding on a resample; NaN without a positive or without a negative. */
export function rankedAuroc(ranked: Ranked, counts?: Counts): number {
  const { item, positive, groupEnd } = ranked
  let above = 0 // positives with a higher score
  let negatives = 0
  let area = 0
  let i = 0
  for (let g = 0; g < groupEnd.length; g++) {
    const end = groupEnd[g]!
    let groupPositive = 0
    let groupNegative = 0
    for (; i < end; i++) {
      const count = counts === undefined ? 1 : counts[item[i]!]!
      if (positive[i] === 1) groupPositive += count
      else groupNegative += count
    }
    area += groupNegative * (above + groupPositive / 2)
    above += groupPositive
    negatives += groupNegative
  }
  return above === 0 || negatives === 0 ? Number.NaN : area / (above * negatives)
}

/**
 * AUROC, in 0..1.
 * @param scores [N], larger = more likely present
 * @param labels [N], 1 present, 0 absent, -1 or NaN left out
 * @returns NaN when a class is missing. Throws when lengths differ, a score is NaN, or a label is none of these.
 */
export function auroc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return rankedAuroc(rank(scores, labels))
}

/** AUROC of each finding and its mean over the findings that have both classes. */
export function macroAuroc(findings: readonly Finding[]): Macro {
  return macro(rankedAuroc, findings)
}

/** Points of the ROC curve, one for each distinct score, from (0, 0) at threshold Infinity to (1, 1). */
export interface RocCurve {
  falsePositiveRate: number[]
  truePositiveRate: number[]
  /** `score >= threshold` is called positive. */
  threshold: number[]
}

/** The ROC curve; rates are NaN where their class is missing. */
export function rocCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): RocCurve {
  const { positive, score, groupEnd } = rank(scores, labels)
  const positives = positive.reduce((sum, value) => sum + value, 0)
  const negatives = positive.length - positives
  const curve: RocCurve = {
    falsePositiveRate: [negatives === 0 ? Number.NaN : 0],
    truePositiveRate: [positives === 0 ? Number.NaN : 0],
    threshold: [Number.POSITIVE_INFINITY],
  }
  let truePositive = 0
  let i = 0
  for (const end of groupEnd) {
    for (; i < end; i++) truePositive += positive[i]!
    curve.falsePositiveRate.push(negatives === 0 ? Number.NaN : (end - truePositive) / negatives)
    curve.truePositiveRate.push(positives === 0 ? Number.NaN : truePositive / positives)
    curve.threshold.push(score[end - 1]!)
  }
  return curve
}
