/** @file Area under the precision-recall curve, as average precision (step form) or trapezoid. */

import { type Counts, type Finding, type Macro, macro, type Ranked, rank } from './ranked.ts'

/**
 * `AP-step` is sum (R_n - R_n-1) P_n over distinct thresholds; `PR-trapezoid` joins the same points by straight lines from
 * (R = 0, P = 1) and is optimistic: precision does not fall linearly with recall.
 */
export type AuprcVariant = 'AP-step' | 'PR-trapezoid'

function area(ranked: Ranked, counts: Counts | undefined, variant: AuprcVariant): number {
  const { item, positive, groupEnd } = ranked
  let truePositive = 0
  let called = 0
  let sum = 0 // in units of recall times the number of positives, divided at the end
  let lastPrecision = 1
  let i = 0
  for (let g = 0; g < groupEnd.length; g++) {
    const end = groupEnd[g]!
    let gained = 0
    let size = 0
    for (; i < end; i++) {
      const count = counts === undefined ? 1 : counts[item[i]!]!
      size += count
      if (positive[i] === 1) gained += count
    }
    if (size === 0) continue // not drawn in this resample: no such threshold
    truePositive += gained
    called += size
    const precision = truePositive / called
    sum += gained * (variant === 'AP-step' ? precision : (precision + lastPrecision) / 2)
    lastPrecision = precision
  }
  return truePositive === 0 ? Number.NaN : sum / truePositive
}

/** Average precision of a ranked finding on a resample; NaN without a positive. */
export function rankedAuprc(ranked: Ranked, counts?: Counts): number {
  return area(ranked, counts, 'AP-step')
}

/** Trapezoid variant of {@link rankedAuprc}. */
export function rankedAuprcTrapezoid(ranked: Ranked, counts?: Counts): number {
  return area(ranked, counts, 'PR-trapezoid')
}

/**
 * AUPRC, in 0..1; print {@link prevalence} beside it, the value of a system that knows nothing.
 * @param scores [N], larger = more likely present
 * @param labels [N], 1 present, 0 absent, -1 or NaN left out
 * @returns NaN without a positive, 1 without a negative. Throws as `auroc` does.
 */
export function auprc(scores: ArrayLike<number>, labels: ArrayLike<number>, variant: AuprcVariant = 'AP-step'): number {
  return area(rank(scores, labels), undefined, variant)
}

/** Average precision of each finding and its mean over the findings that have a positive. */
export function macroAuprc(findings: readonly Finding[]): Macro {
  return macro(rankedAuprc, findings)
}

/** Share of positives among the labelled items; NaN when nothing is labelled. */
export function prevalence(labels: ArrayLike<number>): number {
  let positives = 0
  let labelled = 0
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) continue
    labelled++
    positives += labels[i]!
  }
  return labelled === 0 ? Number.NaN : positives / labelled
}
