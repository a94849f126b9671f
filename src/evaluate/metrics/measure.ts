/**
 * @file What a report prints of a metric: its value with an interval, how many cases it rests on, what was left out and
 * why. Every family hands its metrics over in one form, prepared on their cases, so that any of them can be resampled.
 */

import { VesaliusError } from '../../core/errors.ts'
import { type BootstrapOptions, type BootstrapRun, bootstrapDraws, type Interval, intervalOf } from './bootstrap.ts'
import { beyondZero } from './intervals.ts'
import { type Counts, meanDefined, type RankedMetric, rank } from './ranked.ts'

/** A metric prepared on its cases: everything that a resample does not change is done. */
export interface Prepared {
  /** Which definition, for the table, such as `AP-step` or `BLEU-4-corpus-closest`. */
  variant: string
  /** Number of cases N that a bootstrap draws from: studies, reports, queries. */
  count: number
  /** How many of them take no part, such as unlabelled ones. */
  skipped: number
  /** One sentence: when the value is undefined, and why a case is skipped. */
  rule: string
  /** The value when case i occurs counts[i] times (once each by default); NaN where it is undefined. */
  on(counts?: Counts): number
}

/** A number of a report, as it is written to JSON. */
export interface Measure {
  /** null where the metric is undefined on the data; `reason` says why. */
  value: number | null
  /** Percentile interval; null where the value is, or where no resample defined it. */
  interval: [number, number] | null
  /** Cases that took part. */
  n: number
  /** Cases left out, by the rule in `reason` or of the metric. */
  skipped: number
  variant: string
  /** Present when the value is null or cases were skipped. */
  reason?: string
}

/** A metric of one ranked finding (AUROC, AUPRC, F1 at a threshold) on scores [N] and labels [N]; -1 and NaN are left out. */
export function prepareFinding(
  metric: RankedMetric,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { variant, rule }: Pick<Prepared, 'variant' | 'rule'>,
): Prepared {
  const ranked = rank(scores, labels)
  return {
    variant,
    rule,
    count: labels.length,
    skipped: labels.length - ranked.item.length,
    on: (counts) => metric(ranked, counts),
  }
}

/** The mean of one number a case, [N]; cases whose number is NaN are left out and counted. */
export function prepareMean(
  values: ArrayLike<number>,
  { variant, rule }: Pick<Prepared, 'variant' | 'rule'>,
): Prepared {
  return {
    variant,
    rule,
    count: values.length,
    skipped: values.length - meanDefined(values).defined,
    on: (counts) => weightedMean(values, counts),
  }
}

/** Mean of the values that are not NaN, value i counting counts[i] times; NaN when none is left. */
export function weightedMean(values: ArrayLike<number>, counts?: Counts): number {
  let sum = 0
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const count = counts === undefined ? 1 : counts[i]!
    if (count === 0 || Number.isNaN(value)) continue
    sum += count * value
    total += count
  }
  return total === 0 ? Number.NaN : sum / total
}

/**
 * A mean of one number a sample, first within each group (finding), then over the groups, as MS-CXR is reported. Samples
 * whose number is NaN are left out; a group that loses all its samples in a resample leaves that resample's mean.
 * @param groups [N] group of each sample
 */
export function prepareGroupMean(
  values: ArrayLike<number>,
  groups: ArrayLike<string | number>,
  { variant, rule }: Pick<Prepared, 'variant' | 'rule'>,
): Prepared {
  if (groups.length !== values.length) {
    throw new VesaliusError('SHAPE_MISMATCH', `There are ${values.length} values but ${groups.length} groups.`, {
      hint: 'Give the group of each value.',
    })
  }
  const index = new Map<string | number, number>()
  const groupOf = Int32Array.from({ length: groups.length }, (_, i) => {
    const known = index.get(groups[i]!) ?? index.size
    index.set(groups[i]!, known)
    return known
  })
  const sums = new Float64Array(index.size)
  const totals = new Float64Array(index.size)
  let skipped = 0
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) skipped++
  return {
    variant,
    rule,
    count: values.length,
    skipped,
    on: (counts) => {
      sums.fill(0)
      totals.fill(0)
      for (let i = 0; i < values.length; i++) {
        const times = counts === undefined ? 1 : counts[i]!
        if (times === 0 || Number.isNaN(values[i])) continue
        sums[groupOf[i]!]! += times * values[i]!
        totals[groupOf[i]!]! += times
      }
      let sum = 0
      let present = 0
      for (let g = 0; g < sums.length; g++) {
        if (totals[g] === 0) continue
        sum += sums[g]! / totals[g]!
        present++
      }
      return present === 0 ? Number.NaN : sum / present
    },
  }
}

/** Several metrics over the same cases as one: their mean over those that are defined on the data. */
export function prepareMacro(
  parts: readonly Prepared[],
  { variant, rule }: Pick<Prepared, 'variant' | 'rule'>,
): Prepared {
  const count = sameCount(parts)
  const used = parts.filter((part) => !Number.isNaN(part.on()))
  return {
    variant,
    rule,
    count,
    skipped: Math.min(...parts.map(({ skipped }) => skipped)),
    on: (counts) => {
      let sum = 0
      for (const part of used) sum += part.on(counts)
      return used.length === 0 ? Number.NaN : sum / used.length
    },
  }
}

function sameCount(parts: readonly Prepared[]): number {
  const first = parts[0]
  const odd = parts.find(({ count }) => count !== first?.count)
  if (first !== undefined && odd === undefined) return first.count
  throw new VesaliusError(
    'SHAPE_MISMATCH',
    first === undefined
      ? 'There is no metric to resample.'
      : `${odd?.variant} has ${odd?.count} cases where ${first.variant} has ${first.count}.`,
    { hint: 'Prepare all metrics on the same cases; mark those that do not count for one of them as its family says.' },
  )
}

/** Several metrics recomputed on the same resamples. */
export interface Measured {
  measures: Measure[]
  bootstrap: BootstrapRun
}

/**
 * Values and intervals of metrics over the same cases, all on the same resamples.
 * @example
 * const dice = prepareMean(masks.map(([a, b]) => diceOf(a, b)), { variant: 'Dice', rule: 'both masks empty counts 1' })
 * measureAll([dice], { clusters: patients }).measures[0]   // { value, interval, n, skipped, variant }
 */
export function measureAll(metrics: readonly Prepared[], options: BootstrapOptions = {}): Measured {
  const count = sameCount(metrics)
  const { point, draws, ...run } = bootstrapDraws(
    count,
    metrics.length,
    (out, counts) => {
      for (const [k, metric] of metrics.entries()) out[k] = metric.on(counts)
    },
    options,
  )
  return {
    measures: metrics.map((metric, k) => asMeasure(metric, intervalOf(point[k]!, draws[k]!, options))),
    bootstrap: run,
  }
}

/** One metric with its interval; see {@link measureAll}. */
export function measure(metric: Prepared, options: BootstrapOptions = {}): Measure {
  return measureAll([metric], options).measures[0]!
}

function asMeasure({ count, skipped, variant, rule }: Prepared, { value, low, high }: Interval): Measure {
  const undefinedValue = !Number.isFinite(value)
  return {
    value: undefinedValue ? null : value,
    interval: undefinedValue || !Number.isFinite(low) || !Number.isFinite(high) ? null : [low, high],
    n: count - skipped,
    skipped,
    variant,
    ...(undefinedValue || skipped > 0 ? { reason: rule } : {}),
  }
}

/** The difference of one metric between two systems on the same cases. */
export interface MeasuredDifference {
  /** a - b; null where either is undefined. */
  difference: number | null
  interval: [number, number] | null
  /** Two-sided bootstrap p: twice the smaller share of differences at or beyond 0, at most 1; null with the difference. */
  p: number | null
}

/** Paired bootstrap of `a - b`, both on the same cases and resamples. Throws when the numbers of cases differ. */
export function measureDifference(a: Prepared, b: Prepared, options: BootstrapOptions = {}): MeasuredDifference {
  const { point, draws } = bootstrapDraws(
    sameCount([a, b]),
    1,
    (out, counts) => {
      out[0] = a.on(counts) - b.on(counts)
    },
    options,
  )
  const { value, low, high } = intervalOf(point[0]!, draws[0]!, options)
  if (!Number.isFinite(value)) return { difference: null, interval: null, p: null }
  if (!Number.isFinite(low)) return { difference: value, interval: null, p: null }
  return { difference: value, interval: [low, high], p: beyondZero(draws[0]!) }
}
