/**
 * @file Protocol ZSC for findings that can coexist: zero-shot scores by prompt pairs, macro and per-class AUROC with
 * bootstrap intervals over patients. The same summary serves the reference lines.
 */

import { classMatrix, score } from '../../apply/classify/zero-shot.ts'
import type { Model } from '../../apply/model.ts'
import type { FilledPrompts } from '../../text/index.ts'
import { rankedAuroc } from '../metrics/auroc.ts'
import { bootstrapFindings } from '../metrics/intervals.ts'
import { type Cases, labelsOf, patientsOf } from '../studies.ts'

export interface FindingScores {
  findings: readonly string[]
  /** Mean over findings with both kinds of cases; null if there are none. */
  macroAuroc: number | null
  interval: [number, number] | null
  perClass: Record<
    string,
    { auroc: number | null; interval: [number, number] | null; positives: number; reason?: string }
  >
  n: number
  /** Resamples drawn, and drawn again because a finding lacked positives or negatives. */
  bootstrap: { resamples: number; redrawn: number; skipped: number; units: number }
}

/** AUROC of scores [K][N] against the labels of the studies. */
export function summarizeFindings(
  findings: readonly string[],
  scores: readonly ArrayLike<number>[],
  cases: Cases,
): FindingScores {
  const labelled = findings.map((name, k) => ({
    name,
    scores: scores[k] as ArrayLike<number>,
    labels: labelsOf(cases.studies, name),
  }))
  const { mean, each, resamples, redrawn, skipped, units } = bootstrapFindings(rankedAuroc, labelled, {
    clusters: patientsOf(cases.studies),
  })
  const perClass: FindingScores['perClass'] = {}
  labelled.forEach(({ name, labels }, k) => {
    const { value, low, high } = each[k]!
    const positives = labels.filter((label) => label === 1).length
    perClass[name] = Number.isNaN(value)
      ? { auroc: null, interval: null, positives, reason: 'needs cases with and without the finding' }
      : { auroc: value, interval: [low, high], positives }
  })
  return {
    findings,
    macroAuroc: finite(mean.value),
    interval: Number.isNaN(mean.value) ? null : [mean.low, mean.high],
    perClass,
    n: cases.studies.length,
    bootstrap: { resamples, redrawn, skipped, units },
  }
}

/** Zero-shot scores of all cases for the findings of a pair prompt set. */
export async function zeroShotFindings(model: Model, cases: Cases, prompts: FilledPrompts): Promise<FindingScores> {
  const matrix = await classMatrix(model, prompts)
  const width = model.config.joint
  const rows = score(cases.images, matrix, {
    scale: model.scale,
    width,
    nameOf: (n) => `study ${cases.studies[n]?.id}`,
  })
  const scores = prompts.names.map((_, k) => rows.map(({ probabilities }) => probabilities[k] as number))
  return summarizeFindings(prompts.names, scores, cases)
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
