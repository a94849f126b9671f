/**
 * @file Metrics with intervals. All findings are recomputed on the same resample, so that their mean, and the difference of
 * two systems, is paired.
 */

import { VesaliusError } from '../../core/errors.ts'
import {
  type BootstrapOptions,
  type BootstrapRun,
  bootstrap,
  bootstrapDraws,
  type Interval,
  intervalOf,
  type Statistic,
} from './bootstrap.ts'
import { type Finding, meanDefined, type Ranked, type RankedMetric, rank } from './ranked.ts'

function itemCount(findings: readonly Finding[]): number {
  const count = findings[0]?.labels.length ?? 0
  const odd = findings.find((finding) => finding.labels.length !== count)
  if (odd !== undefined) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `${odd.name} has ${odd.labels.length} items where others have ${count}.`,
      {
        where: odd.name,
        hint: 'Give every finding for every item and mark unlabelled ones with -1.',
      },
    )
  }
  return count
}

/** The metric of each finding, then their mean over the findings defined on the data; stops at the first that is lost. */
function findingsStatistic(metric: RankedMetric, ranked: readonly Ranked[]): Statistic {
  const used = ranked.map((finding) => !Number.isNaN(metric(finding)))
  return (out, counts) => {
    for (let k = 0; k < ranked.length; k++) {
      out[k] = used[k] ? metric(ranked[k]!, counts) : Number.NaN
      if (used[k] && Number.isNaN(out[k])) return
    }
    out[ranked.length] = meanDefined(out.subarray(0, ranked.length)).value
  }
}

/** Intervals of each finding and of their mean. */
export interface FindingIntervals extends BootstrapRun {
  mean: Interval
  /** In the order of the findings; all NaN where the metric is undefined. */
  each: (Interval & { name: string })[]
  /** Number of findings in the mean. */
  defined: number
}

/**
 * A ranking metric of several findings over the same items, with paired intervals.
 * 1000 resamples of 14 findings on 1000 items take well under a second.
 */
export function bootstrapFindings(
  metric: RankedMetric,
  findings: readonly Finding[],
  options: BootstrapOptions = {},
): FindingIntervals {
  const ranked = findings.map(({ name, scores, labels }) => rank(scores, labels, name))
  const { intervals, ...run } = bootstrap(
    itemCount(findings),
    findings.length + 1,
    findingsStatistic(metric, ranked),
    options,
  )
  const each = findings.map(({ name }, k) => ({ name, ...intervals[k]! }))
  return { ...run, mean: intervals.at(-1)!, each, defined: each.filter(({ value }) => !Number.isNaN(value)).length }
}

/** A paired difference of two systems on the same items. */
export interface Difference extends Interval {
  /** Two-sided bootstrap share beyond 0: twice the smaller of the shares at or below and at or above 0, at most 1. */
  beyondZero: number
}

/**
 * The difference `a - b` of two systems: each finding and the mean, on the same resamples. The findings of both must agree
 * in order, names and labels.
 */
export function compareFindings(
  metric: RankedMetric,
  a: readonly Finding[],
  b: readonly Finding[],
  options: BootstrapOptions = {},
): BootstrapRun & { mean: Difference; each: (Difference & { name: string })[] } {
  const count = itemCount(a)
  const odd = a.find((finding, k) => b[k]?.name !== finding.name || !sameLabels(finding.labels, b[k].labels))
  if (odd !== undefined || a.length !== b.length || itemCount(b) !== count) {
    throw new VesaliusError(
      'DATA_INVALID',
      `The two systems were not scored on the same labels${odd === undefined ? '' : ` of ${odd.name}`}.`,
      { hint: 'Compare systems on the same items, findings and order.' },
    )
  }
  const width = a.length + 1
  const first = findingsStatistic(
    metric,
    a.map(({ name, scores, labels }) => rank(scores, labels, name)),
  )
  const second = findingsStatistic(
    metric,
    b.map(({ name, scores, labels }) => rank(scores, labels, name)),
  )
  const other = new Float64Array(width)
  const { point, draws, ...run } = bootstrapDraws(
    count,
    width,
    (out, counts) => {
      first(out, counts)
      other.fill(Number.NaN)
      second(other, counts)
      for (let k = 0; k < width; k++) out[k] = out[k]! - other[k]!
    },
    options,
  )
  const differences = draws.map((values, k) => ({
    ...intervalOf(point[k]!, values, options),
    beyondZero: Number.isNaN(point[k]) ? Number.NaN : beyondZero(values),
  }))
  return { ...run, mean: differences.at(-1)!, each: a.map(({ name }, k) => ({ name, ...differences[k]! })) }
}

function sameLabels(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false
  return true
}

/** Two-sided bootstrap share beyond 0 of drawn differences; NaN of none. */
export function beyondZero(draws: Float64Array): number {
  if (draws.length === 0) return Number.NaN
  let below = 0
  let above = 0
  for (const value of draws) {
    if (value <= 0) below++
    if (value >= 0) above++
  }
  return Math.min(1, (2 * Math.min(below, above)) / draws.length)
}

/** One metric of one finding with its interval, for a line of a table. */
export function withInterval(
  metric: RankedMetric,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  clusters?: ArrayLike<number | string>,
  seed = 0,
  options: Omit<BootstrapOptions, 'clusters' | 'seed'> = {},
): Interval & BootstrapRun {
  const result = bootstrapFindings(metric, [{ name: 'the finding', scores, labels }], { ...options, clusters, seed })
  const { mean, each: _, defined: __, ...run } = result
  return { ...mean, ...run }
}

/** The mean of one number an item (accuracy from 0/1, rank, score) with its interval. NaN items are left out. */
export function meanWithInterval(
  values: ArrayLike<number>,
  clusters?: ArrayLike<number | string>,
  seed = 0,
  options: Omit<BootstrapOptions, 'clusters' | 'seed'> = {},
): Interval & BootstrapRun {
  const statistic: Statistic = (out, counts) => {
    let sum = 0
    let total = 0
    for (let i = 0; i < values.length; i++) {
      if (Number.isNaN(values[i])) continue
      const count = counts === undefined ? 1 : counts[i]!
      sum += count * values[i]!
      total += count
    }
    out[0] = sum / total
  }
  const { intervals, ...run } = bootstrap(values.length, 1, statistic, { ...options, clusters, seed })
  return { ...intervals[0]!, ...run }
}
