/**
 * ZSC: zero-shot classification of findings that can coexist, by pairs of positive and negative prompts (CheXzero, Tiu et
 * al. 2022). Truth is what is in the picture where that is known, else what the report says.
 */

import type { Model } from '../../apply/model.ts'
import type { Study } from '../../data/study.ts'
import type { FilledPrompts } from '../../text/index.ts'
import type { CaseMeasures } from '../case-measures.ts'
import type { Finding } from '../metrics/ranked.ts'
import { ownSimilarity } from '../own-similarity.ts'
import { findingPrompts, labelledFindings } from '../prompts.ts'
import type { EvaluationData, Protocol } from '../protocol.ts'
import { zeroShotSections } from '../report/zero-shot.ts'
import { labelsOf, patientsOf } from '../studies.ts'
import { type FindingScores, summarizeFindings } from './findings.ts'
import { zeroShotScores } from './scores.ts'

/** What ZSC says beside its measures. */
export type ZscDetails = FindingScores & { prompts: string }

export const zsc: Protocol = {
  id: 'ZSC',
  name: 'Zero-shot classification',
  measures:
    'AUROC of each finding by positive against negative prompts, averaged over findings; Own is by the comparison of the system itself.',
  chance: { macroAuroc: 0.5, macroAurocOwn: 0.5 },
  lacks: ({ test }) => (labelledFindings(test).size === 0 ? 'no study carries labels' : undefined),
  async run({ model, data, settings, features }) {
    const prompts = await findingPrompts(data.test, settings.prompts)
    const findings = await zeroShotScores(model, (await features('test', 'global')).values, data.test, prompts)
    const own = await ownScores(model, data, prompts)
    const measured: CaseMeasures = {
      units: patientsOf(data.test),
      measures: {
        macroAuroc: { kind: 'auroc', findings },
        macroAuprc: { kind: 'auprc', findings },
        ...(own === undefined ? {} : { macroAurocOwn: { kind: 'auroc', findings: own } }),
      },
    }
    const details: ZscDetails = {
      ...summarizeFindings(
        prompts.names,
        findings.map(({ scores }) => scores),
        data.test,
      ),
      prompts: prompts.key,
    }
    return { measured: [measured], details, sections: () => zeroShotSections(model, data, findings) }
  },
}

/** By the system's own comparison, where it has one: mean over the prompts that state a finding, less that over those that deny it. */
async function ownScores(
  model: Model,
  { folder, test }: EvaluationData,
  prompts: FilledPrompts,
): Promise<Finding[] | undefined> {
  const similarity = await ownSimilarity(
    model,
    folder,
    test,
    prompts.groups.flatMap((group) => group.texts),
    'zero-shot',
  )
  return similarity && pairScores(similarity, prompts, test)
}

/** Scores of findings from similarities [N, T] of studies with all texts of a pair prompt set, in their order. */
export function pairScores(
  similarity: Float64Array,
  { names, groups }: FilledPrompts,
  studies: readonly Study[],
): Finding[] {
  const count = groups.reduce((total, group) => total + group.texts.length, 0)
  const starts = groups.map((_, g) => groups.slice(0, g).reduce((total, group) => total + group.texts.length, 0))
  const meanOf = (n: number, g: number): number => {
    const { length } = groups[g]!.texts
    let total = 0
    for (let p = 0; p < length; p++) total += similarity[n * count + starts[g]! + p]!
    return total / length
  }
  return names.map((name, k) => ({
    name,
    scores: Float64Array.from(studies, (_, n) => meanOf(n, 2 * k) - meanOf(n, 2 * k + 1)),
    labels: labelsOf(studies, name),
  }))
}
