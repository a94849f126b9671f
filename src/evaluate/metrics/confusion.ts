/** @file Exclusive classes: confusion matrix (truth in rows), accuracy, F1 over classes. */

import { VesaliusError } from '../../core/errors.ts'

/** Index of the largest score of each row of [N, K]; the first wins ties. Throws on NaN. */
export function argmaxRows(scores: ArrayLike<number>, classes: number): Int32Array {
  if (!Number.isInteger(classes) || classes < 1 || scores.length % classes !== 0) {
    throw new VesaliusError('SHAPE_MISMATCH', `${scores.length} scores are not rows of ${classes} classes.`, {
      hint: 'Give the scores as [items, classes], row by row.',
    })
  }
  const chosen = new Int32Array(scores.length / classes)
  for (let i = 0; i < chosen.length; i++) {
    let best = 0
    for (let k = 0; k < classes; k++) {
      const score = scores[i * classes + k]!
      if (Number.isNaN(score)) {
        throw new VesaliusError('NOT_FINITE', `The score of item ${i} for class ${k} is not a number.`, {
          where: `item ${i}, class ${k}`,
          hint: 'Check the model that produced the scores.',
        })
      }
      if (score > scores[i * classes + best]!) best = k
    }
    chosen[i] = best
  }
  return chosen
}

/**
 * Confusion matrix [K][K]: `matrix[truth][predicted]` counts items. Items whose truth is -1 are left out. Throws when
 * lengths differ or an index is outside 0..K-1.
 */
export function confusionMatrix(truth: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  if (truth.length !== predicted.length) {
    throw new VesaliusError('SHAPE_MISMATCH', `There are ${truth.length} truths but ${predicted.length} predictions.`, {
      hint: 'Give one of each for every item.',
    })
  }
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === -1) continue
    const row = matrix[truth[i]!]
    if (row?.[predicted[i]!] === undefined) {
      throw new VesaliusError('DATA_INVALID', `Item ${i} has class ${truth[i]} and prediction ${predicted[i]}.`, {
        where: `item ${i}`,
        hint: `Classes are numbered 0 to ${classes - 1}; -1 leaves an item out.`,
      })
    }
    row[predicted[i]!]!++
  }
  return matrix
}

/** What a confusion matrix says, class by class and in sum. */
export interface ClassScores {
  /** Number of items. */
  count: number
  accuracy: number
  /** Mean recall over the classes that occur in the truth. */
  balancedAccuracy: number
  /** Mean F1 over the classes that occur in truth or prediction (a class that occurs in neither says nothing). */
  macroF1: number
  /** F1 weighted by how often a class occurs. */
  weightedF1: number
  /** Precision is 0 where a class is never predicted, recall NaN where it never occurs. */
  classes: { precision: number; recall: number; f1: number; support: number; predicted: number }[]
}

/** Accuracy and F1 from a confusion matrix with truth in rows. All are NaN without items. */
export function classScores(matrix: readonly (readonly number[])[]): ClassScores {
  const classes = matrix.map((row, k) => {
    const hits = row[k] ?? 0
    const support = row.reduce((sum, value) => sum + value, 0)
    const predicted = matrix.reduce((sum, other) => sum + (other[k] ?? 0), 0)
    return {
      precision: predicted === 0 ? 0 : hits / predicted,
      recall: support === 0 ? Number.NaN : hits / support,
      f1: support + predicted === 0 ? 0 : (2 * hits) / (support + predicted),
      support,
      predicted,
    }
  })
  const count = classes.reduce((sum, { support }) => sum + support, 0)
  const seen = classes.filter(({ support, predicted }) => support + predicted > 0)
  const occurring = classes.filter(({ support }) => support > 0)
  return {
    count,
    accuracy: matrix.reduce((sum, row, k) => sum + (row[k] ?? 0), 0) / count,
    balancedAccuracy: occurring.reduce((sum, { recall }) => sum + recall, 0) / occurring.length,
    macroF1: seen.reduce((sum, scores) => sum + scores.f1, 0) / seen.length,
    weightedF1: classes.reduce((sum, scores) => sum + scores.f1 * scores.support, 0) / count,
    classes,
  }
}

/** Share of items whose prediction is the truth; items with truth -1 are left out; NaN without items. */
export function accuracy(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let right = 0
  let count = 0
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === -1) continue
    count++
    if (truth[i] === predicted[i]) right++
  }
  return right / count
}

/**
 * Matthews' correlation coefficient of several classes (Gorodkin 2004), in -1..1, from a confusion matrix with truth in
 * rows; 0 where truth or prediction knows one class only, NaN without items.
 */
export function classMcc(matrix: readonly (readonly number[])[]): number {
  const { classes, count } = classScores(matrix)
  const hits = matrix.reduce((sum, row, k) => sum + (row[k] ?? 0), 0)
  const sum = (f: (c: ClassScores['classes'][number]) => number) => classes.reduce((total, c) => total + f(c), 0)
  const spread = Math.sqrt(
    (count * count - sum(({ predicted }) => predicted ** 2)) * (count * count - sum(({ support }) => support ** 2)),
  )
  if (count === 0) return Number.NaN
  return spread === 0 ? 0 : (hits * count - sum(({ predicted, support }) => predicted * support)) / spread
}

/**
 * Cohen's kappa with quadratic weights, for grades 0 .. K - 1 in order: 1 - observed / expected squared distance, at most 1.
 * NaN without items, or when truth and prediction are the same single grade throughout.
 */
export function quadraticKappa(matrix: readonly (readonly number[])[]): number {
  const { classes, count } = classScores(matrix)
  let [observed, expected] = [0, 0]
  for (const [i, row] of matrix.entries()) {
    for (const [j, n] of row.entries()) {
      observed += n * (i - j) ** 2
      expected += (classes[i]!.support * classes[j]!.predicted * (i - j) ** 2) / count
    }
  }
  return expected === 0 ? Number.NaN : 1 - observed / expected
}
