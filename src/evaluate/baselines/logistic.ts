/**
 * @file Logistic and softmax regression with an L2 penalty, fitted to convergence. Same objective as scikit-learn's
 * LogisticRegression: C * sum of log losses + |w|^2 / 2, intercepts free of penalty.
 */

import { choleskySolver, minimize } from './minimize.ts'

/** Rows of standardised features. */
export interface Design {
  /** [N, D] row-major. */
  features: Float64Array
  count: number
  width: number
}

/** Weights of K outputs: `weights` [K, D], `intercepts` [K]. */
export interface Linear {
  weights: Float64Array
  intercepts: Float64Array
  converged: boolean
}

/**
 * Inverse of an upper bound of the Hessian, C * bound * [X 1]'[X 1] + I (Boehning's bound: 1/4 for logistic, 1/2 for
 * softmax). It takes the strong correlation of neighbouring pixels out of the problem, once for all labels.
 */
export function hessianBound({ features, count, width }: Design, strength: number, bound: number) {
  const n = width + 1
  const gram = new Float64Array(n * n)
  for (let i = 0; i < count; i++) {
    const row = features.subarray(i * width, (i + 1) * width)
    for (let a = 0; a < width; a++) {
      const value = row[a]!
      const base = a * n
      for (let b = 0; b <= a; b++) gram[base + b]! += value * row[b]!
      gram[width * n + a]! += value
    }
  }
  gram[width * n + width] = count
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) gram[a * n + b]! *= strength * bound
    // The intercept has no penalty; its small ridge only keeps an empty design solvable.
    gram[a * n + a]! += a < width ? 1 : 1e-9
  }
  return choleskySolver(gram, n)
}

/** log(1 + exp(z)) without overflow. */
function softplus(z: number): number {
  return z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z))
}

/** Logistic regression of one label: `rows` are the labelled items and `labels` [N] holds their 0 or 1. Needs both. */
export function fitLogistic(
  design: Design,
  rows: Int32Array,
  labels: ArrayLike<number>,
  strength: number,
  precondition: (vector: Float64Array) => void,
): Linear {
  const { features, width } = design
  const start = new Float64Array(width + 1)
  const positives = rows.reduce((sum, i) => sum + labels[i]!, 0)
  start[width] = Math.log(positives / (rows.length - positives))
  const { x, converged } = minimize(
    (w, gradient) => {
      gradient.fill(0)
      let loss = 0
      for (let r = 0; r < rows.length; r++) {
        const i = rows[r]!
        const base = i * width
        let z = w[width]!
        for (let d = 0; d < width; d++) z += w[d]! * features[base + d]!
        const label = labels[i]!
        loss += softplus(label === 1 ? -z : z)
        const error = strength * (1 / (1 + Math.exp(-z)) - label)
        for (let d = 0; d < width; d++) gradient[d]! += error * features[base + d]!
        gradient[width]! += error
      }
      let penalty = 0
      for (let d = 0; d < width; d++) {
        penalty += w[d]! * w[d]!
        gradient[d]! += w[d]!
      }
      return strength * loss + penalty / 2
    },
    start,
    { precondition, tolerance: 1e-5 * Math.max(1, strength) },
  )
  return { weights: x.slice(0, width), intercepts: x.slice(width), converged }
}

/** Softmax regression: `rows` are the labelled items and `classes` [N] holds their class, 0..K-1; each must occur. */
export function fitSoftmax(
  design: Design,
  rows: Int32Array,
  classes: ArrayLike<number>,
  count: number,
  strength: number,
  precondition: (vector: Float64Array) => void,
): Linear {
  const { features, width } = design
  const n = width + 1 // one block of weights and intercept a class
  const start = new Float64Array(count * n)
  for (let r = 0; r < rows.length; r++) start[classes[rows[r]!]! * n + width]!++
  for (let k = 0; k < count; k++) start[k * n + width] = Math.log(start[k * n + width]! / rows.length)
  const z = new Float64Array(count)
  const { x, converged } = minimize(
    (w, gradient) => {
      gradient.fill(0)
      let loss = 0
      for (let r = 0; r < rows.length; r++) {
        const i = rows[r]!
        const base = i * width
        let top = Number.NEGATIVE_INFINITY
        for (let k = 0; k < count; k++) {
          let sum = w[k * n + width]!
          for (let d = 0; d < width; d++) sum += w[k * n + d]! * features[base + d]!
          z[k] = sum
          top = Math.max(top, sum)
        }
        let total = 0
        for (let k = 0; k < count; k++) total += Math.exp(z[k]! - top)
        loss += top + Math.log(total) - z[classes[i]!]!
        for (let k = 0; k < count; k++) {
          const error = strength * (Math.exp(z[k]! - top) / total - (classes[i] === k ? 1 : 0))
          for (let d = 0; d < width; d++) gradient[k * n + d]! += error * features[base + d]!
          gradient[k * n + width]! += error
        }
      }
      let penalty = 0
      for (let k = 0; k < count; k++) {
        for (let d = 0; d < width; d++) {
          penalty += w[k * n + d]! ** 2
          gradient[k * n + d]! += w[k * n + d]!
        }
      }
      return strength * loss + penalty / 2
    },
    start,
    {
      precondition: (vector) => {
        for (let k = 0; k < count; k++) precondition(vector.subarray(k * n, (k + 1) * n))
      },
      tolerance: 1e-5 * Math.max(1, strength),
    },
  )
  const weights = new Float64Array(count * width)
  for (let k = 0; k < count; k++) weights.set(x.subarray(k * n, k * n + width), k * width)
  return { weights, intercepts: Float64Array.from({ length: count }, (_, k) => x[k * n + width]!), converged }
}
