/** @file Percentile bootstrap over items or patients, of any numbers that can be recomputed from counts of items. */

import { VesaliusError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'

export interface BootstrapOptions {
  /** Number of resamples, default 1000. */
  resamples?: number
  /** Seed of the resamples, default 0. Equal seeds and items give equal resamples, whatever the system. */
  seed?: number
  /** Share covered by the interval, default 0.95. */
  level?: number
  /** [N] patient (or other cluster) of each item; whole clusters are drawn. Default: items are drawn. */
  clusters?: ArrayLike<number | string>
  /** `linear`: interpolated percentiles (default). `chexzero`: sorted index int(q n) - 1, as in CheXzero's code. */
  percentile?: 'linear' | 'chexzero'
}

/** A value with its bootstrap interval. Bounds are NaN when no resample defined the value. */
export interface Interval {
  value: number
  low: number
  high: number
}

/** What the resampling did, to be printed with the intervals. */
export interface BootstrapRun {
  resamples: number
  /** Resamples drawn again because a metric was undefined on them. */
  redrawn: number
  /** Resamples given up after 100 redraws. */
  skipped: number
  /** Number of units drawn from: patients, or items. */
  units: number
}

/**
 * Fills `out` with numbers computed on a resample (`counts[i]` = how often item i was drawn; undefined = the data as they
 * are). May return early once a number is NaN.
 */
export type Statistic = (out: Float64Array, counts?: Uint32Array) => void

const redrawLimit = 100

/** The quantile of sorted values by linear interpolation; NaN of none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low)
}

function bounds(draws: Float64Array, level: number, rule: 'linear' | 'chexzero'): [number, number] {
  const sorted = draws.slice().sort()
  const tail = (1 - level) / 2
  if (rule === 'linear') return [percentile(sorted, tail), percentile(sorted, 1 - tail)]
  const index = (share: number) => sorted[Math.max(0, Math.floor(share * sorted.length) - 1)] ?? Number.NaN
  return [index(tail), index(1 - tail)]
}

/** Items of each drawn unit: one list a cluster, in order of first appearance. */
function unitsOf(count: number, clusters: ArrayLike<number | string> | undefined): Int32Array[] {
  if (clusters === undefined) return Array.from({ length: count }, (_, i) => Int32Array.of(i))
  if (clusters.length !== count) {
    throw new VesaliusError('SHAPE_MISMATCH', `There are ${count} items but ${clusters.length} patients.`, {
      hint: 'Give the patient of each item.',
    })
  }
  const members = new Map<number | string, number[]>()
  for (let i = 0; i < count; i++) {
    const list = members.get(clusters[i]!)
    if (list === undefined) members.set(clusters[i]!, [i])
    else list.push(i)
  }
  return [...members.values()].map((list) => Int32Array.from(list))
}

/** The draws of a bootstrap: the point values [width] and, number by number, its values over the resamples. */
export interface Draws extends BootstrapRun {
  point: Float64Array
  /** [width][resamples - skipped]; a number that is undefined on the data themselves has NaN draws. */
  draws: Float64Array[]
}

/**
 * Draws resamples of `count` items and recomputes `width` numbers on each. A resample on which a number is undefined that
 * the data themselves define is drawn again, up to 100 times, then skipped.
 */
export function bootstrapDraws(
  count: number,
  width: number,
  statistic: Statistic,
  options: BootstrapOptions = {},
): Draws {
  const { resamples = 1000, seed = 0, clusters } = options
  if (count === 0) {
    throw new VesaliusError('DATA_EMPTY', 'There are no items to compute an interval on.', {
      hint: 'Check that the split has studies.',
    })
  }
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new VesaliusError('CONFIG_INVALID', `The number of bootstrap resamples is ${resamples}.`, {
      hint: 'Use 1000.',
    })
  }
  const units = unitsOf(count, clusters)
  const point = new Float64Array(width)
  statistic(point)
  const defined = [...point.keys()].filter((k) => !Number.isNaN(point[k]))

  const draws = Array.from({ length: width }, () => new Float64Array(resamples))
  const counts = new Uint32Array(count)
  const out = new Float64Array(width)
  let redrawn = 0
  let kept = 0
  for (let r = 0; r < resamples; r++) {
    const stream = random('bootstrap', seed, r)
    for (let attempt = 0; attempt <= redrawLimit; attempt++) {
      counts.fill(0)
      for (let u = 0; u < units.length; u++) {
        const unit = units[stream.int(units.length)]!
        for (let i = 0; i < unit.length; i++) counts[unit[i]!]!++
      }
      out.fill(Number.NaN)
      statistic(out, counts)
      if (defined.every((k) => !Number.isNaN(out[k]))) {
        for (let k = 0; k < width; k++) draws[k]![kept] = out[k]!
        kept++
        break
      }
      if (attempt < redrawLimit) redrawn++
    }
  }
  return {
    point,
    draws: draws.map((values) => values.subarray(0, kept)),
    resamples,
    redrawn,
    skipped: resamples - kept,
    units: units.length,
  }
}

/** Percentile intervals of any numbers computed on resampled items; see {@link bootstrapDraws}. */
export function bootstrap(
  count: number,
  width: number,
  statistic: Statistic,
  options: BootstrapOptions = {},
): BootstrapRun & { intervals: Interval[] } {
  const { point, draws, ...run } = bootstrapDraws(count, width, statistic, options)
  return { ...run, intervals: draws.map((values, k) => intervalOf(point[k]!, values, options)) }
}

/** The interval of a value from its draws. */
export function intervalOf(value: number, draws: Float64Array, options: BootstrapOptions = {}): Interval {
  if (Number.isNaN(value)) return { value, low: Number.NaN, high: Number.NaN }
  const [low, high] = bounds(draws, options.level ?? 0.95, options.percentile ?? 'linear')
  return { value, low, high }
}
