/**
 * @file Is one system better than another on the same cases? Tests on numbers per case. For metrics of a whole set (average
 * precision, BLEU of a corpus) take the paired bootstrap, `measureDifference`; for AUROC also `delong`.
 */

import { VesaliusError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import { fairCoinsUpTo, normalTwoSided } from './distributions.ts'

function checkPairs(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length === b.length) return
  throw new VesaliusError('SHAPE_MISMATCH', `One system has ${a.length} cases, the other ${b.length}.`, {
    hint: 'Compare systems on the same cases in the same order.',
  })
}

/** Differences a - b of the cases where both are defined. */
function differences(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  checkPairs(a, b)
  return Float64Array.from(a, (value, i) => value - b[i]!).filter((d) => !Number.isNaN(d))
}

/** McNemar's test of two systems that are right or wrong on each case. */
export interface McNemar {
  /** Cases where only a is right, and where only b is. */
  onlyA: number
  onlyB: number
  /** Two-sided, exact (binomial); 1 when the systems never differ. */
  p: number
}

/** McNemar's test, exact, on correctness (0 or 1; NaN left out) of each case, [N]. */
export function mcnemar(a: ArrayLike<number>, b: ArrayLike<number>): McNemar {
  const d = differences(a, b)
  const onlyA = d.filter((value) => value > 0).length
  const onlyB = d.filter((value) => value < 0).length
  return { onlyA, onlyB, p: Math.min(1, 2 * fairCoinsUpTo(Math.min(onlyA, onlyB), onlyA + onlyB)) }
}

/** Wilcoxon's signed-rank test. */
export interface Wilcoxon {
  /** Sum of the ranks of the positive differences. */
  statistic: number
  /** Cases that differ. */
  n: number
  /** Two-sided; null when no case differs. */
  p: number | null
}

/**
 * Wilcoxon's signed-rank test of numbers [N] of two systems; equal cases are dropped. Exact for up to 50 cases without equal
 * differences, else by the normal approximation corrected for ties, without continuity correction (as SciPy).
 */
export function wilcoxon(a: ArrayLike<number>, b: ArrayLike<number>): Wilcoxon {
  const d = differences(a, b)
    .filter((value) => value !== 0)
    .sort((x, y) => Math.abs(x) - Math.abs(y))
  const n = d.length
  if (n === 0) return { statistic: 0, n, p: null }
  let statistic = 0
  let ties = 0
  for (let i = 0; i < n; ) {
    let end = i
    while (end < n && Math.abs(d[end]!) === Math.abs(d[i]!)) end++
    for (let k = i; k < end; k++) if (d[k]! > 0) statistic += (i + 1 + end) / 2
    ties += (end - i) ** 3 - (end - i)
    i = end
  }
  const mean = (n * (n + 1)) / 4
  if (ties === 0 && n <= 50)
    return { statistic, n, p: Math.min(1, 2 * rankSumsUpTo(Math.min(statistic, 2 * mean - statistic), n)) }
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48
  return { statistic, n, p: normalTwoSided((statistic - mean) / Math.sqrt(variance)) }
}

/** Share of the 2^n choices of ranks 1..n whose sum is at most `limit`. */
function rankSumsUpTo(limit: number, n: number): number {
  const ways = new Float64Array((n * (n + 1)) / 2 + 1)
  ways[0] = 1
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = (rank * (rank + 1)) / 2; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!
  }
  let below = 0
  for (let sum = 0; sum <= limit; sum++) below += ways[sum]!
  return below / 2 ** n
}

export interface PermutationOptions {
  /** Random exchanges, default 10,000; when there are no more exchanges than that, all are tried and the test is exact. */
  resamples?: number
  seed?: number
  /** [N] patient of each case: the systems are exchanged for whole patients. */
  clusters?: ArrayLike<number | string>
}

/** A permutation test of paired means. */
export interface Permutation {
  /** Mean of a minus mean of b over the cases where both are defined; NaN when there are none. */
  difference: number
  /** Two-sided; null without cases. */
  p: number | null
  /** Whether every exchange was tried. */
  exact: boolean
}

/**
 * Permutation test of the mean of one number a case, [N] for each system: how often is the difference at least as large when
 * the two systems are exchanged at random on each case (or patient)? Random: p = (1 + hits) / (1 + resamples).
 */
export function permutationTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: PermutationOptions = {},
): Permutation {
  const { resamples = 10_000, seed = 0, clusters } = options
  checkPairs(a, b)
  if (clusters !== undefined) checkPairs(a, Float64Array.from({ length: clusters.length }))
  const sums = new Map<number | string, number>()
  let n = 0
  for (let i = 0; i < a.length; i++) {
    const d = a[i]! - b[i]!
    if (Number.isNaN(d)) continue
    n++
    const unit = clusters?.[i] ?? i
    sums.set(unit, (sums.get(unit) ?? 0) + d)
  }
  const units = Float64Array.from(sums.values())
  const total = units.reduce((sum, d) => sum + d, 0)
  const difference = total / n
  if (n === 0) return { difference, p: null, exact: true }
  // Sums of the same numbers in another order may differ in the last digits.
  const bound = Math.abs(total) - 1e-12 * units.reduce((sum, d) => sum + Math.abs(d), 0)
  const exact = 2 ** units.length <= resamples
  let hits = 0
  const rounds = exact ? 2 ** units.length : resamples
  const stream = random('permutation', seed)
  for (let r = 0; r < rounds; r++) {
    let sum = 0
    for (let u = 0; u < units.length; u++) {
      const flipped = exact ? (r >>> u) & 1 : stream.int(2)
      sum += flipped === 1 ? -units[u]! : units[u]!
    }
    if (Math.abs(sum) >= bound) hits++
  }
  return { difference, p: exact ? hits / rounds : (1 + hits) / (1 + rounds), exact }
}

/** P values corrected for being several (Holm 1979), in the order given; NaN stays NaN and is not counted. */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].filter((i) => !Number.isNaN(pValues[i])).sort((i, j) => pValues[i]! - pValues[j]!)
  const corrected = pValues.map(() => Number.NaN)
  let largest = 0
  for (const [k, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (order.length - k) * pValues[i]!))
    corrected[i] = largest
  }
  return corrected
}
