/**
 * @file Clinical efficacy of generated reports: a labeler reads the generated and the real report, and the findings it
 * calls positive are compared (CheXbert-type scores). The labeler is the caller's; use the same one for both texts.
 */

import { VesaliusError } from '../../core/errors.ts'
import type { ObservationState } from '../../text/index.ts'
import type { Prepared } from './measure.ts'
import type { Counts } from './ranked.ts'

/** States of one report by observation; a missing one is blank. */
export type ObservationStates = Readonly<Record<string, ObservationState>>

/** The 14 observations of CheXpert, in CheXbert's order. */
export const chexpertObservations = [
  'Enlarged Cardiomediastinum',
  'Cardiomegaly',
  'Lung Opacity',
  'Lung Lesion',
  'Edema',
  'Consolidation',
  'Pneumonia',
  'Atelectasis',
  'Pneumothorax',
  'Pleural Effusion',
  'Pleural Other',
  'Fracture',
  'Support Devices',
  'No Finding',
] as const

export interface ClinicalOptions {
  /** Which observations, default the 14 of CheXpert. */
  observations?: readonly string[]
  /** Uncertain counts as positive (U-ones, default) or negative (U-zeros). */
  uncertain?: 'positive' | 'negative'
}

/** Precision, recall and F1, each in 0..1, 0 where a denominator is 0. */
export interface PrecisionRecall {
  precision: Prepared
  recall: Prepared
  f1: Prepared
}

export interface ClinicalEfficacy {
  /** Counts of all observations pooled. */
  micro: PrecisionRecall
  /** Mean over the observations that some real report calls positive. */
  macro: PrecisionRecall
  /** Computed in each report, then averaged; a report without positives in both gives 0. */
  example: PrecisionRecall
  /** F1 of each observation; undefined where no real report calls it positive. */
  each: { observation: string; positives: number; f1: Prepared }[]
}

/** Positives in both, in the generated and in the real report: one number a report, or sums. */
type Triple = readonly [both: number, generated: number, real: number]

const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b)
const scores = {
  precision: ([both, generated]: Triple) => ratio(both, generated),
  recall: ([both, , real]: Triple) => ratio(both, real),
  f1: ([both, generated, real]: Triple) => ratio(2 * both, generated + real),
} as const

type Score = keyof typeof scores

/**
 * Clinical efficacy of generated reports against real ones, resampled by report.
 * @param generated [N] states that the labeler finds in the generated texts
 * @param real [N] states that the same labeler finds in the real texts
 */
export function prepareClinicalEfficacy(
  generated: readonly ObservationStates[],
  real: readonly ObservationStates[],
  options: ClinicalOptions = {},
): ClinicalEfficacy {
  const { observations = chexpertObservations, uncertain = 'positive' } = options
  if (generated.length !== real.length || observations.length === 0) {
    throw new VesaliusError(
      'SHAPE_MISMATCH',
      `There are ${generated.length} generated and ${real.length} real reports, and ${observations.length} observations.`,
      { hint: 'Give the states of both reports of each study, and at least one observation.' },
    )
  }
  const positive = (state: ObservationState = 'blank') =>
    state === 'positive' || (state === 'uncertain' && uncertain === 'positive')
  const width = observations.length
  const called = (reports: readonly ObservationStates[]) =>
    Uint8Array.from(reports.flatMap((states) => observations.map((name) => (positive(states[name]) ? 1 : 0))))
  const g = called(generated)
  const r = called(real)
  const sumOf = (observation: number, counts?: Counts): Triple => {
    let [both, ours, theirs] = [0, 0, 0]
    for (let i = 0; i < real.length; i++) {
      const times = counts === undefined ? 1 : counts[i]!
      const at = i * width + observation
      both += times * g[at]! * r[at]!
      ours += times * g[at]!
      theirs += times * r[at]!
    }
    return [both, ours, theirs]
  }
  const all = observations.map((_, k) => k)
  const seen = all.filter((k) => sumOf(k)[2] > 0)
  const reports = real.map((_, i): Triple => {
    let [both, ours, theirs] = [0, 0, 0]
    for (const k of all) {
      both += g[i * width + k]! * r[i * width + k]!
      ours += g[i * width + k]!
      theirs += r[i * width + k]!
    }
    return [both, ours, theirs]
  })
  const named = `${width}-observations-${uncertain === 'positive' ? 'U-ones' : 'U-zeros'}`
  const base = { rule: 'undefined without reports', count: real.length, skipped: 0 }
  const prepared = (kind: string, score: Score, on: (counts?: Counts) => number): Prepared => ({
    ...base,
    variant: `${score}-${kind}-${named}`,
    on,
  })
  const three = (
    kind: string,
    on: (score: (triple: Triple) => number, counts?: Counts) => number,
  ): PrecisionRecall => ({
    precision: prepared(kind, 'precision', (counts) => on(scores.precision, counts)),
    recall: prepared(kind, 'recall', (counts) => on(scores.recall, counts)),
    f1: prepared(kind, 'f1', (counts) => on(scores.f1, counts)),
  })
  return {
    micro: three('micro', (score, counts) => {
      const sums = all.map((k) => sumOf(k, counts))
      const total = (part: 0 | 1 | 2) => sums.reduce((sum, triple) => sum + triple[part], 0)
      return real.length === 0 ? Number.NaN : score([total(0), total(1), total(2)])
    }),
    macro: three('macro', (score, counts) =>
      seen.length === 0 ? Number.NaN : seen.reduce((sum, k) => sum + score(sumOf(k, counts)), 0) / seen.length,
    ),
    example: three('example', (score, counts) => {
      let [sum, total] = [0, 0]
      for (const [i, triple] of reports.entries()) {
        const times = counts === undefined ? 1 : counts[i]!
        sum += times * score(triple)
        total += times
      }
      return total === 0 ? Number.NaN : sum / total
    }),
    each: observations.map((observation, k) => ({
      observation,
      positives: sumOf(k)[2],
      f1: {
        ...base,
        variant: `f1-${observation}-${uncertain === 'positive' ? 'U-ones' : 'U-zeros'}`,
        rule: 'undefined when no real report calls it positive',
        on: (counts) => {
          const triple = sumOf(k, counts)
          return triple[2] === 0 ? Number.NaN : scores.f1(triple)
        },
      },
    })),
  }
}

/** Shares of both readings, and Cohen's kappa, for a labeler judged against labels by hand, one class against the rest. */
export interface LabelerScore {
  /** Reports that carry the state by hand, by the labeler, and by both. */
  count: number
  found: number
  both: number
  f1: number
  kappa: number
}

/**
 * How well a labeler's states agree with states by hand, for one state of one observation (mention: any state but blank).
 * F1 is 0 and kappa 1 when neither ever uses the state; kappa is 0 when only chance agrees.
 */
export function labelerScore(
  found: readonly ObservationStates[],
  byHand: readonly ObservationStates[],
  observation: string,
  state: ObservationState | 'mention',
): LabelerScore {
  const is = (states: ObservationStates | undefined) => {
    const own = states?.[observation] ?? 'blank'
    return state === 'mention' ? own !== 'blank' : own === state
  }
  let [both, ours, theirs] = [0, 0, 0]
  for (const [i, states] of byHand.entries()) {
    const [a, b] = [is(found[i]), is(states)]
    if (a) ours++
    if (b) theirs++
    if (a && b) both++
  }
  const n = byHand.length
  const agreed = (n - ours - theirs + 2 * both) / n
  const chance = (ours * theirs + (n - ours) * (n - theirs)) / (n * n)
  return {
    count: theirs,
    found: ours,
    both,
    f1: scores.f1([both, ours, theirs]),
    kappa: chance === 1 ? 1 : (agreed - chance) / (1 - chance),
  }
}
