/**
 * PGT: transfer to a group by editing only the prompt (survey section 4.4): findings are asked for "in a woman", "in an
 * elderly patient" among the studies of that group. Beside it stand the plain prompts, and the prompts of the other group:
 * if those do as well, the edit carried nothing about the group.
 */

import { fillPrompts, type PairSet } from '../../text/index.ts'
import type { CaseMeasure } from '../case-measures.ts'
import type { Finding } from '../metrics/ranked.ts'
import { findingSet } from '../prompts.ts'
import type { Protocol } from '../protocol.ts'
import { patientsOf } from '../studies.ts'
import { groupsOf } from './groups.ts'
import { missingGroups } from './grp.ts'
import { zeroShotScores } from './scores.ts'

export const pgt: Protocol = {
  id: 'PGT',
  name: 'Group transfer by prompt',
  measures:
    'Zero-shot AUROC with prompts that name the group of each study, with plain prompts, and with those of the other group.',
  chance: { plain: 0.5 },
  lacks: missingGroups,
  async run({ model, data, settings, features }) {
    const embeddings = (await features('test', 'global')).values
    const set = await findingSet(data.test, settings.prompts)
    const ask = (words: string): Promise<Finding[]> =>
      zeroShotScores(model, embeddings, data.test, fillPrompts(words === '' ? set : withWords(set, words)))
    const plain = await ask('')
    const measures: Record<string, CaseMeasure> = { plain: { kind: 'auroc', findings: plain } }
    const groups = groupsOf(data.test)
    for (const attribute of new Set(groups.map((group) => group.attribute))) {
      const own = groups.filter((group) => group.attribute === attribute)
      const asked = await Promise.all(own.map(({ words }) => ask(words)))
      // Each study is scored with the prompts of its group (or of the next one); studies of no group with plain ones.
      const mixed = (shift: number): Finding[] =>
        plain.map((finding, k) => ({
          ...finding,
          scores: Float64Array.from(data.test, (study, n) => {
            const group = own.findIndex(({ has }) => has(study))
            return group < 0 ? finding.scores[n]! : asked[(group + shift) % own.length]![k]!.scores[n]!
          }),
        }))
      measures[`${attribute} named`] = { kind: 'auroc', findings: mixed(0) }
      measures[`${attribute} of the other group`] = { kind: 'auroc', findings: mixed(1) }
    }
    return {
      measured: [{ units: patientsOf(data.test), measures }],
      details: { groups: groups.map(({ name, words }) => ({ name, words })) },
    }
  },
}

/** The same set with words after every positive and negative statement. */
function withWords(set: PairSet, words: string): PairSet {
  const after = (texts: readonly string[]): string[] => texts.map((text) => `${text} ${words}`)
  return {
    ...set,
    positive: after(set.positive),
    negative: after(set.negative),
    findings: set.findings.map((finding) => ({
      ...finding,
      positive: after(finding.positive),
      negative: after(finding.negative),
    })),
  }
}
