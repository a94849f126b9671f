/**
 * @file The report as a graph in the style of RadGraph: observations (with their certainty) and anatomy as entities, which
 * place they are at, what modifies them, what they suggest. Texts are the words of the report.
 */

import type { Study } from '../../data/study.ts'
import type { Sentence } from './describe.ts'

type Graph = NonNullable<Study['graph']>
type Certainty = NonNullable<Graph['entities'][number]['certainty']>

const certainties: Record<1 | 0 | -1, Certainty> = { 1: 'present', 0: 'absent', [-1]: 'uncertain' }

/** The graph of what findings and impression say with a name. */
export function graphOf(sentences: readonly Sentence[]): Graph {
  const graph: Graph = { entities: [], relations: [] }
  const entity = (text: string, kind: 'anatomy' | 'observation', certainty?: Certainty): number =>
    graph.entities.push({ text, kind, ...(certainty ? { certainty } : {}) }) - 1
  const observations = new Map<string, number>()
  for (const { spoken, polarity, name, text, section, reading } of sentences) {
    if (name === null || polarity === null) continue
    const certainty = certainties[polarity]
    if (spoken === null) {
      if (section === 'findings' && !observations.has(name))
        observations.set(name, entity(text, 'observation', certainty))
      continue
    }
    let at = observations.get(name)
    if (at === undefined) {
      at = entity(spoken.name, 'observation', certainty)
      observations.set(name, at)
      for (const word of [spoken.degree, spoken.measure]) {
        if (word !== null)
          graph.relations.push({ from: entity(word, 'observation', certainty), to: at, kind: 'modifies' })
      }
      if (spoken.where !== null) {
        const place = entity(spoken.where, 'anatomy')
        graph.relations.push({ from: at, to: place, kind: 'located-at' })
      }
    }
    if (reading !== null) {
      graph.relations.push({ from: at, to: entity(reading, 'observation', 'uncertain'), kind: 'suggestive-of' })
    }
  }
  return graph
}
