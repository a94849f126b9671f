/** GRP: zero-shot AUROC in each group of age, sex and view, and how far the worst group of an attribute lies below the best. */

import type { CaseMeasure } from '../case-measures.ts'
import { macroAuroc } from '../metrics/auroc.ts'
import type { Finding } from '../metrics/ranked.ts'
import { findingPrompts, labelledFindings } from '../prompts.ts'
import type { EvaluationData, Protocol } from '../protocol.ts'
import { patientsOf } from '../studies.ts'
import { groupsOf } from './groups.ts'
import { zeroShotScores } from './scores.ts'

export const grp: Protocol = {
  id: 'GRP',
  name: 'Groups of patients',
  measures: 'Zero-shot AUROC among the studies of each group of age, sex and view.',
  lacks: missingGroups,
  async run({ model, data, settings, features }) {
    const findings = await zeroShotScores(
      model,
      (await features('test', 'global')).values,
      data.test,
      await findingPrompts(data.test, settings.prompts),
    )
    const groups = groupsOf(data.test)
    const measures: Record<string, CaseMeasure> = {}
    const gaps: Record<string, number | null> = {}
    for (const { name, has } of groups)
      measures[name] = { kind: 'auroc', findings: among(findings, data.test.map(has)) }
    for (const attribute of new Set(groups.map((group) => group.attribute))) {
      const own = groups.filter((group) => group.attribute === attribute)
      const values = own.map(({ has }) => macroAuroc(among(findings, data.test.map(has))).value)
      const gap = Math.max(...values) - Math.min(...values)
      gaps[attribute] = Number.isFinite(gap) ? gap : null
    }
    const sizes = Object.fromEntries(groups.map(({ name, has }) => [name, data.test.filter(has).length]))
    return { measured: [{ units: patientsOf(data.test), measures }], details: { sizes, gaps } }
  },
}

/** What data lack for protocols of groups. */
export function missingGroups({ test }: EvaluationData): string | undefined {
  if (labelledFindings(test).size === 0) return 'no study carries labels'
  return groupsOf(test).length === 0
    ? 'no attribute (age, sex, view) has two groups of at least 10 test studies'
    : undefined
}

/** The findings with the labels of studies outside the group taken away. */
export function among(findings: readonly Finding[], inside: readonly boolean[]): Finding[] {
  return findings.map((finding) => ({
    ...finding,
    labels: Int8Array.from(finding.labels, (label, i) => (inside[i] ? label : -1)),
  }))
}
