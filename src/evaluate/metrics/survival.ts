/**
 * @file Survival with right censoring: Harrell's C-index, Kaplan-Meier estimate, log-rank test. A case has a time of at
 * least 0 and whether the event was seen then (1) or the case was lost to follow-up (0).
 */

import { VesaliusError } from '../../core/errors.ts'
import { choleskySolver } from '../baselines/minimize.ts'
import { chiSquareTail, normalLevel } from './distributions.ts'
import type { Prepared } from './measure.ts'

function checkSurvival(times: ArrayLike<number>, events: ArrayLike<number>, other?: { length: number }): void {
  if (times.length !== events.length || (other !== undefined && other.length !== times.length)) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `There are ${times.length} times, ${events.length} events${other === undefined ? '' : ` and ${other.length} scores or groups`}.`,
      { hint: 'Give one of each for every case.' },
    )
  }
  for (let i = 0; i < times.length; i++) {
    if (times[i]! >= 0 && times[i]! < Infinity && (events[i] === 0 || events[i] === 1)) continue
    throw new VesaliusError('DATA_INVALID', `Case ${i} has the time ${times[i]} and the event ${events[i]}.`, {
      where: `case ${i}`,
      hint: 'Times are finite and at least 0; an event is 1 when it was seen and 0 when the case is censored.',
    })
  }
}

/**
 * Harrell's C-index: of all pairs whose order is known, the share where the case with the earlier event has the higher
 * risk; equal risks count half. A pair is known when the earlier time is an event; at equal times, when exactly one is.
 * Resampled by case; NaN when no pair is known.
 * @param risk [N] larger = earlier event expected; for predicted times give their negatives
 */
export function prepareConcordance(
  times: ArrayLike<number>,
  events: ArrayLike<number>,
  risk: ArrayLike<number>,
): Prepared {
  checkSurvival(times, events, risk)
  for (let i = 0; i < risk.length; i++) {
    if (!Number.isNaN(risk[i])) continue
    throw new VesaliusError('NOT_FINITE', `The risk of case ${i} is not a number.`, {
      where: `case ${i}`,
      hint: 'Check the model that produced it.',
    })
  }
  const n = times.length
  const distinct = [...new Set(Array.from(risk))].sort((a, b) => a - b)
  const places = new Map(distinct.map((value, k) => [value, k + 1]))
  const place = Int32Array.from(risk, (value) => places.get(value)!)
  // Latest first; at equal times the censored first, because an event then comes before them.
  const order = [...Array(n).keys()].sort((i, j) => times[j]! - times[i]! || events[i]! - events[j]!)
  const tree = new Float64Array(distinct.length + 1) // Fenwick tree: how many later cases have a risk up to each place
  const upTo = (k: number) => {
    let sum = 0
    for (let at = k; at > 0; at -= at & -at) sum += tree[at]!
    return sum
  }
  return {
    variant: 'C-index-Harrell',
    rule: 'undefined without a pair of cases whose order is known',
    count: n,
    skipped: 0,
    on: (counts) => {
      tree.fill(0)
      let [later, pairs, right] = [0, 0, 0]
      const add = (i: number) => {
        const times = counts === undefined ? 1 : counts[i]!
        later += times
        for (let at = place[i]!; at < tree.length; at += at & -at) tree[at]! += times
      }
      for (let k = 0; k < n; ) {
        const from = k
        while (k < n && times[order[k]!] === times[order[from]!]) {
          if (events[order[k]!] === 0) add(order[k]!)
          k++
        }
        for (let m = from; m < k; m++) {
          const i = order[m]!
          const weight = counts === undefined ? 1 : counts[i]!
          if (events[i] === 0 || weight === 0) continue
          const below = upTo(place[i]! - 1)
          pairs += weight * later
          right += weight * (below + (upTo(place[i]!) - below) / 2)
        }
        for (let m = from; m < k; m++) if (events[order[m]!] === 1) add(order[m]!)
      }
      return pairs === 0 ? Number.NaN : right / pairs
    },
  }
}

/** The Kaplan-Meier estimate: one entry for each distinct time, starting at 0. */
export interface KaplanMeier {
  time: number[]
  /** Cases still under observation just before the time. */
  atRisk: number[]
  events: number[]
  /** Share that survives the time, 1 at the start. */
  survival: number[]
  /** Bounds by the log(-log) transform of Greenwood's variance; NaN where the survival is 0. */
  low: number[]
  high: number[]
}

/** Kaplan-Meier estimate of times [N] and events [N] with pointwise bounds. */
export function kaplanMeier(times: ArrayLike<number>, events: ArrayLike<number>, level = 0.95): KaplanMeier {
  checkSurvival(times, events)
  const curve: KaplanMeier = { time: [], atRisk: [], events: [], survival: [], low: [], high: [] }
  const z = normalLevel(level)
  let survival = 1
  let greenwood = 0
  for (const { time, atRisk, dead } of riskTable(times, events)) {
    survival *= 1 - dead / Math.max(1, atRisk)
    greenwood += dead === 0 ? 0 : dead / (atRisk * (atRisk - dead))
    const log = Math.log(survival)
    const bound = (sign: number) =>
      survival === 1 ? 1 : Math.exp(-Math.exp(Math.log(-log) + (sign * z * Math.sqrt(greenwood)) / log))
    curve.time.push(time)
    curve.atRisk.push(atRisk)
    curve.events.push(dead)
    curve.survival.push(survival)
    curve.low.push(survival === 0 ? Number.NaN : bound(-1))
    curve.high.push(survival === 0 ? Number.NaN : bound(1))
  }
  return curve
}

/** Distinct times, 0 first, with the cases at risk and the events. */
function riskTable(times: ArrayLike<number>, events: ArrayLike<number>) {
  const order = [...Array(times.length).keys()].sort((i, j) => times[i]! - times[j]!)
  const rows: { time: number; atRisk: number; dead: number }[] = []
  if (order.length === 0 || times[order[0]!] !== 0) rows.push({ time: 0, atRisk: times.length, dead: 0 })
  for (const [k, i] of order.entries()) {
    if (k === 0 || times[order[k - 1]!] !== times[i]) rows.push({ time: times[i]!, atRisk: times.length - k, dead: 0 })
    rows.at(-1)!.dead += events[i]!
  }
  return rows
}

/** The first time at which at most half survive; null when more than half survive to the end. */
export function medianSurvival({ time, survival }: KaplanMeier): number | null {
  return time.find((_, k) => survival[k]! <= 0.5) ?? null
}

export interface LogRank {
  /** Chi-square statistic. */
  statistic: number
  /** Groups with cases, less one. */
  degrees: number
  /** null with fewer than two groups, or without an event that could tell them apart. */
  p: number | null
  /** Of each group, in order of first appearance. */
  groups: { group: string | number; cases: number; observed: number; expected: number }[]
}

/** Log-rank test that all groups have the same hazard: times [N], events [N], group of each case [N]. */
export function logRank(
  times: ArrayLike<number>,
  events: ArrayLike<number>,
  group: ArrayLike<string | number>,
): LogRank {
  checkSurvival(times, events, group)
  const names = [...new Set(Array.from(group))]
  const width = names.length
  const index = Int32Array.from({ length: times.length }, (_, i) => names.indexOf(group[i]!))
  const order = [...Array(times.length).keys()].sort((i, j) => times[i]! - times[j]!)
  const atRisk = names.map((_, g) => index.filter((own) => own === g).length)
  const groups = names.map((name, g) => ({ group: name, cases: atRisk[g]!, observed: 0, expected: 0 }))
  if (width === 0) return { statistic: 0, degrees: 0, p: null, groups: [] }
  const variance = names.map(() => new Array<number>(width).fill(0))
  for (let k = 0; k < order.length; ) {
    const now = order.slice(k).findIndex((i) => times[i] !== times[order[k]!])
    const same = order.slice(k, now < 0 ? order.length : k + now)
    const total = order.length - k
    const dead = same.reduce((sum, i) => sum + events[i]!, 0)
    for (const i of same) groups[index[i]!]!.observed += events[i]!
    for (let g = 0; g < width; g++) {
      groups[g]!.expected += (dead * atRisk[g]!) / total
      if (total < 2) continue
      const spread = (dead * (total - dead)) / (total - 1) / total
      for (let h = 0; h < width; h++) variance[g]![h]! += spread * atRisk[g]! * ((g === h ? 1 : 0) - atRisk[h]! / total)
    }
    for (const i of same) atRisk[index[i]!]!--
    k += same.length
  }
  const off = groups.map(({ observed, expected }) => observed - expected)
  // The differences add up to 0, so one group is redundant. One that is never at risk at an event adds nothing.
  const used = off.slice(1)
  const solved = Float64Array.from(used)
  choleskySolver(Float64Array.from(variance.slice(1).flatMap((row) => row.slice(1))), width - 1)(solved)
  const statistic = used.reduce((sum, value, g) => sum + value * solved[g]!, 0)
  const told = width > 1 && variance.some((row, g) => row[g]! > 0)
  return { statistic, degrees: width - 1, p: told ? chiSquareTail(statistic, width - 1) : null, groups }
}
