/** @file Minimising a smooth convex function: L-BFGS with a preconditioner and a Wolfe line search, in float64. */

/** Writes the gradient at `x` into `gradient` and returns the value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number

export interface MinimizeOptions {
  /** Stop when the largest component of the gradient is below this, default 1e-6. */
  tolerance?: number
  /** Default 500. */
  iterations?: number
  /** Pairs of steps remembered, default 10. */
  memory?: number
  /** Multiplies a vector in place by an estimate of the inverse Hessian; must be symmetric positive definite. */
  precondition?: (vector: Float64Array) => void
}

export interface Minimum {
  x: Float64Array
  value: number
  iterations: number
  /** False when the iterations ran out, or rounding allowed no further descent, before the tolerance was met. */
  converged: boolean
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function largest(a: Float64Array): number {
  let max = 0
  for (let i = 0; i < a.length; i++) max = Math.max(max, Math.abs(a[i]!))
  return max
}

interface Pair {
  step: Float64Array
  change: Float64Array
  inverse: number
}

/** -H g by the two-loop recursion (Nocedal & Wright, algorithm 7.4), the preconditioner as its initial matrix. */
function direction(gradient: Float64Array, pairs: readonly Pair[], precondition: (v: Float64Array) => void) {
  const q = gradient.map((value) => -value)
  const alphas: number[] = []
  for (let p = pairs.length - 1; p >= 0; p--) {
    const { step, change, inverse } = pairs[p]!
    const alpha = inverse * dot(step, q)
    alphas[p] = alpha
    for (let i = 0; i < q.length; i++) q[i]! -= alpha * change[i]!
  }
  const last = pairs.at(-1)
  let scale = 1
  if (last !== undefined) {
    // How far the preconditioner is off along the last step: (s.y) / (y.P y).
    const changed = last.change.slice()
    precondition(changed)
    scale = 1 / (last.inverse * dot(last.change, changed))
  }
  precondition(q)
  for (let i = 0; i < q.length; i++) q[i]! *= scale
  for (let p = 0; p < pairs.length; p++) {
    const { step, change, inverse } = pairs[p]!
    const beta = inverse * dot(change, q)
    for (let i = 0; i < q.length; i++) q[i]! += step[i]! * (alphas[p]! - beta)
  }
  return q
}

/** Finds the minimum of a smooth convex function from `start` (not changed). */
export function minimize(objective: Objective, start: Float64Array, options: MinimizeOptions = {}): Minimum {
  const { tolerance = 1e-6, iterations = 500, memory = 10, precondition = () => {} } = options
  let x: Float64Array = start.slice()
  let gradient: Float64Array = new Float64Array(x.length)
  let value = objective(x, gradient)
  const pairs: Pair[] = []
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (largest(gradient) < tolerance) return { x, value, iterations: iteration, converged: true }
    const towards = direction(gradient, pairs, precondition)
    const slope = dot(gradient, towards)
    if (!(slope < 0)) return { x, value, iterations: iteration, converged: false }

    // Bisection for the weak Wolfe conditions: enough descent (1e-4), and the slope flattened (0.9).
    let low = 0
    let high = Number.POSITIVE_INFINITY
    let length = 1
    let moved: { x: Float64Array; gradient: Float64Array; value: number } | undefined
    for (let trial = 0; trial < 40; trial++) {
      const tried = x.map((start, i) => start + length * towards[i]!)
      const slopes = new Float64Array(x.length)
      const height = objective(tried, slopes)
      if (!(height <= value + 1e-4 * length * slope)) high = length
      else {
        moved = { x: tried, gradient: slopes, value: height }
        if (dot(slopes, towards) >= 0.9 * slope) break
        low = length
      }
      length = high === Number.POSITIVE_INFINITY ? length * 2 : (low + high) / 2
    }
    if (moved === undefined) return { x, value, iterations: iteration, converged: false }

    const step = moved.x.map((now, i) => now - x[i]!)
    const change = moved.gradient.map((now, i) => now - gradient[i]!)
    const curvature = dot(step, change)
    if (curvature > 0) {
      pairs.push({ step, change, inverse: 1 / curvature })
      if (pairs.length > memory) pairs.shift()
    }
    ;({ x, gradient, value } = moved)
  }
  return { x, value, iterations, converged: largest(gradient) < tolerance }
}

/**
 * Cholesky factor of a symmetric positive definite matrix [n, n] row-major, and the solver that goes with it: the returned
 * function replaces a vector by A^-1 times it. A pivot lost to rounding is replaced by a tiny one.
 */
export function choleskySolver(matrix: Float64Array, n: number): (vector: Float64Array) => void {
  const factor = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!
      if (i === j) factor[i * n + i] = Math.sqrt(Math.max(sum, 1e-12 * Math.abs(matrix[i * n + i]!) + 1e-300))
      else factor[i * n + j] = sum / factor[j * n + j]!
    }
  }
  return (vector) => {
    for (let i = 0; i < n; i++) {
      let sum = vector[i]!
      for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * vector[k]!
      vector[i] = sum / factor[i * n + i]!
    }
    for (let i = n - 1; i >= 0; i--) {
      const value = vector[i]! / factor[i * n + i]!
      vector[i] = value
      for (let k = 0; k < i; k++) vector[k]! -= factor[i * n + k]! * value
    }
  }
}
