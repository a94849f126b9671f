/**
 * @file A report as a graph of entities and relations in the scheme of RadGraph (Jain et al. 2021), read by rules: findings
 * with their certainty, places, what modifies a finding, where it is, what it suggests. It is no model's reading: name the
 * scores of such graphs after this extractor.
 */

import type { Assertion } from './assertion.ts'
import { readSentences } from './label-report.ts'
import { chestLexicon, type Lexicon } from './lexicon.ts'
import type { Mention, Named, ReadSentence } from './mentions.ts'
import { phraseTree } from './phrases.ts'

/** RadGraph's labels: a place; an observation that is present, absent, or uncertain. */
export type EntityLabel = 'ANAT-DP' | 'OBS-DP' | 'OBS-DA' | 'OBS-U'

/** Entities in the words of the report (lower case), each once, and relations between their places in the list. */
export interface EntityGraph {
  entities: { tokens: string; label: EntityLabel }[]
  relations: { from: number; to: number; type: 'modify' | 'located_at' | 'suggestive_of' }[]
}

/** Name of the extractor, for the variant of a score. */
export const graphExtractor = 'grammar'

const labels: Record<Exclude<Assertion, 'elsewhere'>, EntityLabel> = {
  present: 'OBS-DP',
  absent: 'OBS-DA',
  uncertain: 'OBS-U',
}

const links = phraseTree<true>()
for (const phrase of [
  ...['suggestive of', 'suggesting', 'suggest', 'consistent with', 'compatible with', 'concerning for', 'concern for'],
  ...['worrisome for', 'suspicious for', 'may represent', 'might represent', 'could represent', 'may reflect'],
  ...['may be due to', 'representing', 'in keeping with', 'indicative of', 'likely', 'most likely', 'may indicate'],
])
  links.add(phrase, true)

/** Sides and levels that stand by themselves are places too: "small right effusion". */
const placing: ReadonlySet<string> = new Set(['side', 'level', 'depth'])

/** The graph of a report. Findings of another time are no entities; "normal" is one, present at its place. */
export function reportGraph(text: string, lexicon: Lexicon = chestLexicon()): EntityGraph {
  const graph: EntityGraph = { entities: [], relations: [] }
  const places = new Map<string, number>()
  const entity = (tokens: string, label: EntityLabel): number => {
    const key = `${label} ${tokens}`
    const at = places.get(key) ?? graph.entities.push({ tokens, label }) - 1
    places.set(key, at)
    return at
  }
  const known = new Set<string>()
  const relate = (from: number, to: number, type: EntityGraph['relations'][number]['type']): void => {
    const key = `${from} ${to} ${type}`
    if (from !== to && !known.has(key)) graph.relations.push({ from, to, type })
    known.add(key)
  }
  for (const sentence of readSentences(text, lexicon)) addSentence(sentence, lexicon, entity, relate)
  return graph
}

function addSentence(
  sentence: ReadSentence,
  lexicon: Lexicon,
  entity: (tokens: string, label: EntityLabel) => number,
  relate: (from: number, to: number, type: EntityGraph['relations'][number]['type']) => void,
): void {
  const { words, statements } = sentence
  const severities: Named[] = []
  const heads = sentence.mentions.flatMap(({ assertion, implied, start, end, text }) => {
    if (assertion === 'elsewhere') return []
    const label = implied ? 'OBS-DP' : labels[assertion]
    // "Severe pulmonary edema" is one finding of the ontology, but two entities.
    const first = words[start]!
    const graded = lexicon.tree
      .longest([first], 0)
      ?.values.some((entry) => 'group' in entry && entry.group === 'severity')
    if (graded !== true || end - start < 2) return [{ start, end, label, at: entity(text, label) }]
    severities.push({ id: '', kind: 'modifier', group: 'severity', start, end: start + 1, text: first.text })
    return [{ start: start + 1, end, label, at: entity(text.slice(first.end - first.start).trim(), label) }]
  })
  for (const named of [...severities, ...joined(sentence)]) {
    const near = heads
      .filter(({ start }) => statements[start] === statements[named.start])
      .sort((a, b) => gap(a, named) - gap(b, named))
    const head = near[0]
    if (named.kind === 'place') {
      const place = entity(named.text, 'ANAT-DP')
      if (head !== undefined) relate(head.at, place, 'located_at')
      continue
    }
    // A modifier belongs to the finding that follows it in the noun phrase, else to the one before.
    const owner = near.find(({ start }) => start >= named.end) ?? head
    if (owner !== undefined) relate(entity(named.text, owner.label), owner.at, 'modify')
  }
  for (let i = 0; i < words.length; i++) {
    const link = links.longest(words, i)
    if (link === undefined) continue
    const sign = heads.filter(({ end }) => end <= i).at(-1)
    const disease = heads.find(({ start }) => start >= link.end)
    if (sign !== undefined && disease !== undefined) relate(sign.at, disease.at, 'suggestive_of')
    i = link.end - 1
  }
}

const gap = (a: { start: number; end: number }, b: { start: number; end: number }): number =>
  a.start >= b.end ? a.start - b.end : b.start >= a.end ? b.start - a.end : 0

/** Places and modifiers; words of side and level before a place are part of it, sizes in millimetres are modifiers. */
function joined({ words, named, mentions }: ReadSentence): Named[] {
  const out: Named[] = []
  for (const one of named) {
    const last = out.at(-1)
    const follows = last !== undefined && last.end === one.start && placing.has(last.group)
    if (follows && (one.kind === 'place' || placing.has(one.group))) {
      out[out.length - 1] = { ...one, start: last.start, text: `${last.text} ${one.text}`, kind: one.kind }
    } else out.push(one)
  }
  const all = out.map((one): Named => (placing.has(one.group) ? { ...one, kind: 'place' } : one))
  for (let i = 0; i + 1 < words.length; i++) {
    if (!/^\d/.test(words[i]!.form) || !/^(?:mm|cm)$/.test(words[i + 1]!.form)) continue
    const inside = mentions.some(({ start, end }: Mention) => start <= i && i < end)
    if (!inside) {
      const text = `${words[i]!.text} ${words[i + 1]!.text}`
      all.push({ id: 'measure', kind: 'modifier', group: 'measure', start: i, end: i + 2, text })
    }
  }
  return all.sort((a, b) => a.start - b.start)
}
