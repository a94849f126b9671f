/** @file Reads a description back against its scene: what the words say that the scene does not. */

import type { PhantomDomain } from '../domain.ts'
import { english, type Terms } from '../grammar.ts'
import type { Description } from './dictate.ts'
import type { Scene } from './plan.ts'

const namesOf = (terms: readonly Terms[]): string[] =>
  terms.flatMap(({ train, heldOut }) => [...train.map(([name]) => name), ...heldOut])

/**
 * One line for each sentence that says other or more than the scene: a polarity that the scene does not plan, doubt or
 * denial without its mark, the name of another finding, a held-out word in ordinary speech, a label that disagrees.
 */
export function readBack(
  scene: Scene<string, unknown, unknown>,
  { sentences, labels }: Description,
  { words = {} }: Pick<PhantomDomain, 'words'>,
  { voice, heldOutSynonyms }: { voice: string; heldOutSynonyms: boolean },
): string[] {
  const pools = Object.entries(words).map(([name, terms]) => ({ name, pool: namesOf(terms) }))
  const heldOut = Object.values(words).flatMap((terms) => terms.flatMap((term) => term.heldOut))
  const wrong: string[] = []
  const about = new Map<string, Set<string>>()
  for (const { text, name } of sentences)
    if (name !== null) about.set(text, (about.get(text) ?? new Set<string>()).add(name))
  for (const { text, name, polarity, finding, section } of sentences) {
    const said = text.toLowerCase()
    const claim = (holds: boolean, what: string): void => {
      if (!holds) wrong.push(`scene ${scene.index}, ${what}: ${text}`)
    }
    if (!heldOutSynonyms) claim(!heldOut.some((word) => said.includes(word)), 'held-out word')
    if (name === null) {
      claim(section === 'indication' || !english.doubtCue.test(text), 'doubt about nothing')
      continue
    }
    const mention = scene.mentions.find((m) => m.name === name)
    claim(mention?.polarity === polarity && mention?.finding === finding, 'other than the scene')
    claim(finding === null || scene.findings[finding]?.name === name, 'other finding')
    claim(polarity !== 1 || mention?.wrong === true || finding !== null, 'nothing drawn')
    if (voice === 'report') {
      claim(polarity !== 1 || !(english.contradiction.test(text) || english.doubtCue.test(text)), 'unsure')
      claim(polarity !== -1 || english.doubtCue.test(text), 'no doubt')
      claim(polarity !== 0 || english.denialCue.test(text), 'no denial')
    }
    // Names of other findings do not slip in.
    const own = pools.filter((other) => about.get(text)?.has(other.name)).flatMap(({ pool }) => pool)
    for (const other of pools) {
      if (about.get(text)?.has(other.name)) continue
      const slip = other.pool.find((word) => said.includes(word) && !own.some((mine) => mine.includes(word)))
      claim(slip === undefined, `"${slip}" of ${other.name}`)
    }
  }
  for (const { name, polarity } of scene.mentions) {
    if ((voice === 'report' || polarity !== 0) && labels[name] !== polarity) wrong.push(`label of ${name}`)
  }
  return wrong
}
