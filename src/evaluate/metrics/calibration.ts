/** @file Do probabilities mean what they say? Reliability bins, calibration errors, Brier score, log loss. */

import { VesaliusError } from '../../core/errors.ts'

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  low: number
  high: number
  count: number
  /** Mean predicted probability; NaN in an empty bin. */
  confidence: number
  /** Share that turned out right (or positive); NaN in an empty bin. */
  accuracy: number
}

export interface CalibrationOptions {
  /** Number of bins, default 10. */
  bins?: number
  /** `width`: equal intervals of probability (default). `count`: equal numbers of items (adaptive). */
  by?: 'width' | 'count'
}

function checkProbability(p: number, i: number): void {
  if (p >= 0 && p <= 1) return
  throw new VesaliusError('DATA_INVALID', `The probability of item ${i} is ${p}.`, {
    where: `item ${i}`,
    hint: 'Calibration needs probabilities between 0 and 1, not scores or logits.',
  })
}

/** Pairs of (probability, outcome 0 or 1) with unlabelled items left out. */
function binaryPairs(probabilities: ArrayLike<number>, labels: ArrayLike<number>): [number, number][] {
  if (probabilities.length !== labels.length) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `There are ${probabilities.length} probabilities but ${labels.length} labels.`,
      { hint: 'Give one of each for every item.' },
    )
  }
  const pairs: [number, number][] = []
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) continue
    checkProbability(probabilities[i]!, i)
    pairs.push([probabilities[i]!, labels[i]!])
  }
  return pairs
}

/** Pairs of (largest probability, whether it was right) of probabilities [N, K] and truth [N] (-1 left out). */
function confidencePairs(probabilities: ArrayLike<number>, truth: ArrayLike<number>, classes: number) {
  checkRows(probabilities, truth, classes)
  const pairs: [number, number][] = []
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === -1) continue
    let best = 0
    for (let k = 0; k < classes; k++) {
      checkProbability(probabilities[i * classes + k]!, i)
      if (probabilities[i * classes + k]! > probabilities[i * classes + best]!) best = k
    }
    pairs.push([probabilities[i * classes + best]!, best === truth[i] ? 1 : 0])
  }
  return pairs
}

function checkRows(probabilities: ArrayLike<number>, truth: ArrayLike<number>, classes: number): void {
  if (probabilities.length === truth.length * classes) return
  throw new VesaliusError(
    'SHAPE_MISMATCH',
    `${probabilities.length} probabilities are not ${truth.length} rows of ${classes} classes.`,
    { hint: 'Give the probabilities as [items, classes], row by row.' },
  )
}

function binsOf(pairs: [number, number][], { bins = 10, by = 'width' }: CalibrationOptions): ReliabilityBin[] {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new VesaliusError('CONFIG_INVALID', `The number of reliability bins is ${bins}.`, { hint: 'Use 10.' })
  }
  const members: [number, number][][] = Array.from({ length: bins }, () => [])
  if (by === 'width') {
    for (const pair of pairs) members[Math.min(bins - 1, Math.floor(pair[0] * bins))]!.push(pair)
  } else {
    const sorted = [...pairs].sort((a, b) => a[0] - b[0])
    sorted.forEach((pair, i) => {
      members[Math.floor((i * bins) / sorted.length)]!.push(pair)
    })
  }
  return members.map((bin, b) => ({
    low: by === 'width' ? b / bins : (bin[0]?.[0] ?? Number.NaN),
    high: by === 'width' ? (b + 1) / bins : (bin.at(-1)?.[0] ?? Number.NaN),
    count: bin.length,
    confidence: bin.reduce((sum, [p]) => sum + p, 0) / bin.length,
    accuracy: bin.reduce((sum, [, y]) => sum + y, 0) / bin.length,
  }))
}

/**
 * Reliability bins of a yes/no finding: probabilities [N] in 0..1 against labels [N] (1, 0; -1 or NaN left out).
 * Bin of p is min(bins - 1, floor(p * bins)).
 */
export function reliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): ReliabilityBin[] {
  return binsOf(binaryPairs(probabilities, labels), options)
}

/** Reliability bins of exclusive classes: the largest probability of each row [N, K] against whether it was right. */
export function classReliability(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  options: CalibrationOptions = {},
): ReliabilityBin[] {
  return binsOf(confidencePairs(probabilities, truth, classes), options)
}

/** Expected calibration error of reliability bins, weighted by their counts, in 0..1. Empty bins add 0; NaN without items. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, { count }) => sum + count, 0)
  return bins.reduce((sum, b) => sum + (b.count === 0 ? 0 : b.count * Math.abs(b.accuracy - b.confidence)), 0) / total
}

/** Largest calibration error over the bins that are not empty; NaN without items. */
export function maximumCalibrationError(bins: readonly ReliabilityBin[]): number {
  const gaps = bins.filter(({ count }) => count > 0).map((b) => Math.abs(b.accuracy - b.confidence))
  return gaps.length === 0 ? Number.NaN : Math.max(...gaps)
}

/** Expected calibration error of a yes/no finding; see {@link reliability}. */
export function ece(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): number {
  return calibrationError(reliability(probabilities, labels, options))
}

/** Brier score mean (p - y)^2 of a yes/no finding, in 0..1; NaN without items. */
export function brier(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  const pairs = binaryPairs(probabilities, labels)
  return pairs.reduce((sum, [p, y]) => sum + (p - y) ** 2, 0) / pairs.length
}

/** Brier score of exclusive classes: squared errors summed over classes, averaged over items, in 0..2. */
export function classBrier(probabilities: ArrayLike<number>, truth: ArrayLike<number>, classes: number): number {
  checkRows(probabilities, truth, classes)
  let sum = 0
  let count = 0
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === -1) continue
    count++
    for (let k = 0; k < classes; k++) {
      checkProbability(probabilities[i * classes + k]!, i)
      sum += (probabilities[i * classes + k]! - (truth[i] === k ? 1 : 0)) ** 2
    }
  }
  return sum / count
}

/** Mean negative log likelihood of a yes/no finding (nats), probabilities clamped to 1e-12; NaN without items. */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  const pairs = binaryPairs(probabilities, labels)
  return -pairs.reduce((sum, [p, y]) => sum + Math.log(Math.max(1e-12, y === 1 ? p : 1 - p)), 0) / pairs.length
}
