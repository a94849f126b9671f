/** @file Which prompts ask for the findings of a data folder. */

import { VesaliusError } from '../core/errors.ts'
import type { Study } from '../data/study.ts'
import { type FilledPrompts, fillPrompts, loadPromptSet, type PairSet, selectPrompts } from '../text/index.ts'

/** Names of the findings that studies are labelled with, by truth where it is known. */
export function labelledFindings(studies: readonly Study[]): Set<string> {
  return new Set(studies.flatMap((study) => Object.keys(study.truth?.labels ?? study.labels)))
}

/** The pair prompt set of a choice, cut to the findings that the studies are labelled with; by default the one for the data. */
export async function findingSet(studies: readonly Study[], choice: string | undefined): Promise<PairSet> {
  const labelled = labelledFindings(studies)
  const phantom = studies.some((study) => study.truth !== undefined)
  const set = await loadPromptSet(choice ?? (phantom ? 'chest-phantom' : 'chexzero'))
  if (set.kind !== 'pairs') {
    throw new VesaliusError('USAGE', `The prompt set ${set.name} has exclusive classes; findings need prompt pairs.`, {
      where: '--prompts',
    })
  }
  const names = set.findings.map(({ name }) => name).filter((name) => labelled.has(name))
  if (names.length === 0) {
    throw new VesaliusError('DATA_LACKS_FIELD', `No study carries a label of the prompt set ${set.name}.`, {
      hint: 'Choose another set with --prompts, or leave out the task ZSC.',
    })
  }
  return selectPrompts(set, names) as PairSet
}

/** The prompt pairs of the findings that the studies are labelled with. */
export async function findingPrompts(studies: readonly Study[], choice: string | undefined): Promise<FilledPrompts> {
  return fillPrompts(await findingSet(studies, choice))
}
