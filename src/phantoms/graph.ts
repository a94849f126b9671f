/**
 * @file The report as a graph in the style of RadGraph: observations (with their certainty) and anatomy as entities, which
 * place they are at, what modifies them. Texts are words of the report: each is looked up in the sentence that says it.
 */

import type { Study } from '../data/study.ts'
import type { Known } from './facts.ts'
import type { Sentence, Terms } from './grammar.ts'

type Graph = NonNullable<Study['graph']>

const certainties = { 1: 'present', 0: 'absent', [-1]: 'uncertain' } as const

/** The graph of what findings and impression say of labels. `words` are the names of each; `known` the drawn findings. */
export function graphOf(
  sentences: readonly Sentence[],
  words: Readonly<Record<string, readonly Terms[]>>,
  known: readonly Known[],
): Graph {
  const graph: Graph = { entities: [], relations: [] }
  const observations = new Map<string, number>()
  const named = ({ text, name }: Sentence): boolean => name !== null && nameIn(text, words[name] ?? []) !== undefined
  // What is said with its name comes before what is said of it without.
  for (const { text, section, name, polarity, finding } of [
    ...sentences.filter(named),
    ...sentences.filter((sentence) => !named(sentence)),
  ]) {
    if (name === null || polarity === null || section === 'indication' || section === 'comparison') continue
    if (observations.has(name)) continue
    const certainty = certainties[polarity]
    const entity = (said: string, kind: 'anatomy' | 'observation'): number =>
      graph.entities.push({ text: said, kind, ...(kind === 'observation' ? { certainty } : {}) }) - 1
    const at = entity(nameIn(text, words[name] ?? []) ?? text, 'observation')
    observations.set(name, at)
    const facts = finding === null ? undefined : known[finding]?.facts
    if (!facts || polarity === 0) continue
    const { side, place, degree, kind, mm } = facts
    for (const word of [degree, kind, mm === undefined ? undefined : `${mm} mm`]) {
      if (word !== undefined && says(text, word))
        graph.relations.push({ from: entity(word, 'observation'), to: at, kind: 'modifies' })
    }
    const where = [`${side} ${place}`, place, side].find((word) => word !== undefined && says(text, word))
    if (where !== undefined) graph.relations.push({ from: at, to: entity(where, 'anatomy'), kind: 'located-at' })
  }
  return graph
}

/** The longest name that the sentence uses, as it stands there. */
function nameIn(text: string, terms: readonly Terms[]): string | undefined {
  const names = terms.flatMap(({ train, heldOut }) => [...train.map(([name]) => name), ...heldOut])
  const found = names.filter((name) => says(text, name)).sort((a, b) => b.length - a.length)[0]
  if (found === undefined) return undefined
  const at = text.toLowerCase().indexOf(found.toLowerCase())
  return text.slice(at, at + found.length)
}

function says(text: string, words: string): boolean {
  return text.toLowerCase().includes(words.toLowerCase())
}
