/**
 * @file The summary of scores of findings: macro and per-class AUROC with bootstrap intervals over patients. The same for
 * zero-shot scores, probes and reference lines.
 */

import type { Study } from '../../data/study.ts'
import { rankedAuroc } from '../metrics/auroc.ts'
import { bootstrapFindings } from '../metrics/intervals.ts'
import { labelsOf, patientsOf } from '../studies.ts'

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
  studies: readonly Study[],
): FindingScores {
  const labelled = findings.map((name, k) => ({
    name,
    scores: scores[k] as ArrayLike<number>,
    labels: labelsOf(studies, name),
  }))
  const { mean, each, resamples, redrawn, skipped, units } = bootstrapFindings(rankedAuroc, labelled, {
    clusters: patientsOf(studies),
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
    n: studies.length,
    bootstrap: { resamples, redrawn, skipped, units },
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
