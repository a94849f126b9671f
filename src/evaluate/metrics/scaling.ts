/**
 * @file Turning scores into probabilities that mean what they say. Fit on VALIDATION data only. Both maps are increasing
 * (Platt: when a > 0), so they change no ranking.
 */

import { VesaliusError } from '../../core/errors.ts'
import { minimize } from '../baselines/minimize.ts'
import { checkFinding } from './ranked.ts'

/** Minimum of a function with one valley on [low, high], by golden section. */
function goldenSection(f: (x: number) => number, low: number, high: number, tolerance: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2
  let a = high - ratio * (high - low)
  let b = low + ratio * (high - low)
  let fa = f(a)
  let fb = f(b)
  while (high - low > tolerance) {
    if (fa <= fb) {
      high = b
      b = a
      fb = fa
      a = high - ratio * (high - low)
      fa = f(a)
    } else {
      low = a
      a = b
      fa = fb
      b = low + ratio * (high - low)
      fb = f(b)
    }
  }
  return (low + high) / 2
}

/**
 * Temperature T of exclusive classes: softmax(logits / T) has the least negative log likelihood. T lies in exp(-5)..exp(5);
 * the predicted class never changes.
 * @param logits [N, K] row-major
 * @param truth [N] class index, -1 left out; at least one item must be labelled
 */
export function fitTemperature(logits: ArrayLike<number>, truth: ArrayLike<number>, classes: number): number {
  if (logits.length !== truth.length * classes) {
    throw new VesaliusError('SHAPE_MISMATCH', `${logits.length} logits are not ${truth.length} rows of ${classes}.`, {
      hint: 'Give the logits as [items, classes], row by row.',
    })
  }
  const rows: number[] = []
  for (let i = 0; i < truth.length; i++) if (truth[i] !== -1) rows.push(i)
  if (rows.length === 0) {
    throw new VesaliusError('DATA_EMPTY', 'There is no labelled item to fit a temperature on.', {
      hint: 'Check that the validation split has labels.',
    })
  }
  const loss = (logT: number) => {
    const scale = Math.exp(-logT)
    let sum = 0
    for (const i of rows) {
      let top = Number.NEGATIVE_INFINITY
      for (let k = 0; k < classes; k++) top = Math.max(top, logits[i * classes + k]! * scale)
      let total = 0
      for (let k = 0; k < classes; k++) total += Math.exp(logits[i * classes + k]! * scale - top)
      sum += top + Math.log(total) - logits[i * classes + truth[i]!]! * scale
    }
    return sum
  }
  return Math.exp(goldenSection(loss, -5, 5, 1e-6))
}

/** Softmax of [N, K] logits divided by a temperature. */
export function applyTemperature(logits: ArrayLike<number>, classes: number, temperature: number): Float64Array {
  const probabilities = new Float64Array(logits.length)
  for (let base = 0; base < logits.length; base += classes) {
    let top = Number.NEGATIVE_INFINITY
    for (let k = 0; k < classes; k++) top = Math.max(top, logits[base + k]! / temperature)
    let total = 0
    for (let k = 0; k < classes; k++) {
      probabilities[base + k] = Math.exp(logits[base + k]! / temperature - top)
      total += probabilities[base + k]!
    }
    for (let k = 0; k < classes; k++) probabilities[base + k]! /= total
  }
  return probabilities
}

/** p = 1 / (1 + exp(-(a s + b))). */
export interface PlattScaling {
  a: number
  b: number
}

/**
 * Platt scaling of a yes/no finding, for scores whose probabilities sit near 0.5 (pairs of prompts) or are no
 * probabilities (similarities).
 * @param scores [N] finite
 * @param labels [N] 1, 0; -1 or NaN left out
 * @returns undefined when a class is missing: nothing can be fitted then. Scores that separate the classes perfectly have
 * no finite optimum, so a ridge of 1e-6 on the standardised slope is used.
 */
export function fitPlatt(scores: ArrayLike<number>, labels: ArrayLike<number>): PlattScaling | undefined {
  checkFinding(scores, labels)
  const rows: number[] = []
  for (let i = 0; i < labels.length; i++) if (labels[i] === 0 || labels[i] === 1) rows.push(i)
  const bad = rows.find((i) => !Number.isFinite(scores[i]))
  if (bad !== undefined) {
    throw new VesaliusError('NOT_FINITE', `The score of item ${bad} is not finite.`, {
      where: `item ${bad}`,
      hint: 'Check the model that produced the scores.',
    })
  }
  const positives = rows.reduce((sum, i) => sum + labels[i]!, 0)
  if (positives === 0 || positives === rows.length) return undefined
  // Standardised, because similarities may differ in the third digit only.
  const mean = rows.reduce((sum, i) => sum + scores[i]!, 0) / rows.length
  const spread = Math.sqrt(rows.reduce((sum, i) => sum + (scores[i]! - mean) ** 2, 0) / rows.length)
  const deviation = spread > 0 ? spread : 1
  const ridge = 1e-6
  const { x } = minimize(
    (w, gradient) => {
      gradient.fill(0)
      let loss = 0
      for (const i of rows) {
        const s = (scores[i]! - mean) / deviation
        const z = w[0]! * s + w[1]!
        const signed = labels[i] === 1 ? -z : z
        loss += (signed > 0 ? signed + Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed))) / rows.length
        const error = (1 / (1 + Math.exp(-z)) - labels[i]!) / rows.length
        gradient[0]! += error * s
        gradient[1]! += error
      }
      gradient[0]! += ridge * w[0]!
      return loss + (ridge / 2) * w[0]! ** 2
    },
    Float64Array.of(0, Math.log(positives / (rows.length - positives))),
    { tolerance: 1e-9 },
  )
  const a = x[0]! / deviation
  return { a, b: x[1]! - a * mean }
}

/** Probabilities of scores under Platt scaling. */
export function applyPlatt({ a, b }: PlattScaling, scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, (score) => 1 / (1 + Math.exp(-(a * score + b))))
}
