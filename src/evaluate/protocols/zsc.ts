/**
 * ZSC: zero-shot classification of findings that can coexist, by pairs of positive and negative prompts (CheXzero, Tiu et
 * al. 2022). Truth is what is in the picture where that is known, else what the report says.
 */

import type { CaseMeasures } from '../case-measures.ts'
import { findingPrompts, labelledFindings } from '../prompts.ts'
import type { Protocol } from '../protocol.ts'
import { zeroShotSections } from '../report/zero-shot.ts'
import { patientsOf } from '../studies.ts'
import { type FindingScores, summarizeFindings } from './findings.ts'
import { zeroShotScores } from './scores.ts'

/** What ZSC says beside its measures. */
export type ZscDetails = FindingScores & { prompts: string }

export const zsc: Protocol = {
  id: 'ZSC',
  name: 'Zero-shot classification',
  measures: 'AUROC of each finding by positive against negative prompts, averaged over findings.',
  chance: { macroAuroc: 0.5 },
  lacks: ({ test }) => (labelledFindings(test).size === 0 ? 'no study carries labels' : undefined),
  async run({ model, data, settings, features }) {
    const prompts = await findingPrompts(data.test, settings.prompts)
    const findings = await zeroShotScores(model, (await features('test', 'global')).values, data.test, prompts)
    const measured: CaseMeasures = {
      units: patientsOf(data.test),
      measures: { macroAuroc: { kind: 'auroc', findings }, macroAuprc: { kind: 'auprc', findings } },
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
