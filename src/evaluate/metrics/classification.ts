/**
 * @file Numbers of classifiers ready to be resampled: calibration, accuracy and F1 over exclusive classes. Definitions are in
 * calibration.ts and confusion.ts; ranking metrics of findings go through `prepareFinding`.
 */

import { brier, type CalibrationOptions, classBrier, classReliability, reliability } from './calibration.ts'
import { argmaxRows, type ClassScores, classMcc, classScores, confusionMatrix, quadraticKappa } from './confusion.ts'
import { type Prepared, prepareMean } from './measure.ts'

const rule = 'unlabelled cases take no part; undefined when all are'
const labelled = (label: number) => label === 0 || label === 1

/**
 * Expected calibration error over bins of equal width, sum_b |sum_{i in b} (y_i - p_i)| / n, from confidences [N] and
 * outcomes [N]; NaN outcomes take no part.
 */
function prepareGaps(confidence: ArrayLike<number>, outcome: Float64Array, bins: number, variant: string): Prepared {
  const bin = Int32Array.from(confidence, (p) => Math.min(bins - 1, Math.floor(p * bins)))
  const sums = new Float64Array(bins)
  return {
    variant: `${variant}-${bins}-bins`,
    rule,
    count: outcome.length,
    skipped: outcome.filter(Number.isNaN).length,
    on: (counts) => {
      sums.fill(0)
      let total = 0
      for (let i = 0; i < outcome.length; i++) {
        const times = counts === undefined ? 1 : counts[i]!
        if (times === 0 || Number.isNaN(outcome[i])) continue
        sums[bin[i]!]! += times * (outcome[i]! - confidence[i]!)
        total += times
      }
      return total === 0 ? Number.NaN : sums.reduce((sum, gap) => sum + Math.abs(gap), 0) / total
    },
  }
}

/** ECE of a yes/no finding, probabilities [N] against labels [N] (1, 0; -1 or NaN left out), over bins of equal width. */
export function prepareEce(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { bins = 10 }: Pick<CalibrationOptions, 'bins'> = {},
): Prepared {
  reliability(probabilities, labels, { bins }) // refuses what is no probability
  const outcome = Float64Array.from(labels, (label) => (labelled(label) ? label : Number.NaN))
  return prepareGaps(probabilities, outcome, bins, 'ECE')
}

/** ECE of exclusive classes: the largest probability of each row [N, K] against whether it was right; truth -1 left out. */
export function prepareClassEce(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  { bins = 10 }: Pick<CalibrationOptions, 'bins'> = {},
): Prepared {
  classReliability(probabilities, truth, classes, { bins })
  const chosen = argmaxRows(probabilities, classes)
  const confidence = Float64Array.from(chosen, (k, i) => probabilities[i * classes + k]!)
  const outcome = Float64Array.from(truth, (label, i) => (label < 0 ? Number.NaN : Number(label === chosen[i])))
  return prepareGaps(confidence, outcome, bins, 'ECE-top-class')
}

/** Brier score of a yes/no finding. */
export function prepareBrier(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Prepared {
  brier(probabilities, labels) // refuses what is no probability
  const errors = Float64Array.from(labels, (label, i) =>
    labelled(label) ? (label - probabilities[i]!) ** 2 : Number.NaN,
  )
  return prepareMean(errors, { variant: 'Brier', rule })
}

/** Brier score of exclusive classes, probabilities [N, K], truth [N] with -1 left out; in 0..2. */
export function prepareClassBrier(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
): Prepared {
  classBrier(probabilities, truth, classes)
  const errors = Float64Array.from(truth, (label, i) => {
    let sum = 0
    for (let k = 0; k < classes; k++) sum += (probabilities[i * classes + k]! - Number(label === k)) ** 2
    return label < 0 ? Number.NaN : sum
  })
  return prepareMean(errors, { variant: 'Brier-sum-over-classes', rule })
}

/** What can be asked of a confusion matrix. */
export type ClassMetric = 'accuracy' | 'balancedAccuracy' | 'macroF1' | 'weightedF1' | 'mcc' | 'quadraticKappa'

const fromMatrix: Record<ClassMetric, (matrix: readonly (readonly number[])[], scores: ClassScores) => number> = {
  accuracy: (_, scores) => scores.accuracy,
  balancedAccuracy: (_, scores) => scores.balancedAccuracy,
  macroF1: (_, scores) => scores.macroF1,
  weightedF1: (_, scores) => scores.weightedF1,
  mcc: classMcc,
  quadraticKappa,
}

/** A number of exclusive classes, truth [N] (-1 left out) against predictions [N], of K classes. */
export function prepareClassMetric(
  metric: ClassMetric,
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): Prepared {
  confusionMatrix(truth, predicted, classes) // refuses classes that do not exist
  return {
    variant: `${metric}-${classes}-classes`,
    rule,
    count: truth.length,
    skipped: Array.from(truth).filter((label) => label === -1).length,
    on: (counts) => {
      const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
      for (let i = 0; i < truth.length; i++) {
        if (truth[i] === -1) continue
        matrix[truth[i]!]![predicted[i]!]! += counts === undefined ? 1 : counts[i]!
      }
      return fromMatrix[metric](matrix, classScores(matrix))
    },
  }
}
