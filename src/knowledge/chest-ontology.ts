/**
 * @file The chest ontology that comes with Vesalius: places, findings, devices, modifiers and how they belong together.
 * Written for this project; it holds no row of a licensed terminology. A software fixture, not medical advice.
 */

import { anatomyRows } from './chest/anatomy.ts'
import { classRows } from './chest/classes.ts'
import { findingRows } from './chest/findings.ts'
import { labelSetRows } from './chest/label-sets.ts'
import { modifierRows } from './chest/modifiers.ts'
import { relationRows } from './chest/relations.ts'

/** What a thing of the ontology is: class nodes only group findings. */
export type ConceptKind = 'anatomy' | 'class' | 'sign' | 'disease' | 'state' | 'device' | 'modifier'

/** A thing of the ontology. Ids are stable: `A..` places, `C..` classes, `F..` findings, `D..` devices, `M..` modifiers. */
export interface Concept {
  id: string
  kind: ConceptKind
  name: string
  /** Other names; one that is ambiguous by itself stands in `ambiguous` instead. */
  synonyms: readonly string[]
  ambiguous: readonly string[]
  description: string
  /** Concepts it is a kind of, or (places) a part of. */
  parents: readonly string[]
  /** Where a finding lies; its parents' place where it has none of its own. */
  places: readonly string[]
  /** Modifiers: values of one group exclude each other. */
  group?: string
  /** Places: box on a frontal view of side 1, [x0, y0, x1, y1]. */
  box?: readonly [number, number, number, number]
}

export interface ConceptRelation {
  head: string
  relation: 'suggestive-of' | 'associated-with'
  tail: string
  /** 3 classic, 2 common, 1 possible. */
  strength: number
}

export interface Ontology {
  concepts: ReadonlyMap<string, Concept>
  relations: readonly ConceptRelation[]
  /** Ids by label of a public label set: `labelSets.get('CheXpert').get('Edema')`. */
  labelSets: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** A concept with all that it is a kind or part of, nearest first. */
  ancestors(id: string): readonly string[]
}

const rowsOf = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((row) => row.split(' | '))

const list = (cell = '-'): string[] => (cell === '-' ? [] : cell.split(';').map((item) => item.trim()))

function names(cell: string | undefined): Pick<Concept, 'synonyms' | 'ambiguous'> {
  const all = list(cell)
  return {
    synonyms: all.filter((name) => !name.startsWith('~')),
    ambiguous: all.filter((name) => name.startsWith('~')).map((name) => name.slice(1)),
  }
}

let known: Ontology | undefined

/** The chest ontology; read once. */
export function chestOntology(): Ontology {
  known ??= read()
  return known
}

function read(): Ontology {
  const concepts = new Map<string, Concept>()
  const add = (concept: Concept): void => void concepts.set(concept.id, concept)
  for (const [id, name, part, , box, synonyms, description] of rowsOf(anatomyRows) as string[][]) {
    const corners = box!.split(',').map(Number) as [number, number, number, number]
    add({
      ...names(synonyms),
      ...{ id: id!, kind: 'anatomy', name: name!, description: description!, parents: list(part), places: [] },
      box: corners,
    })
  }
  for (const [id, name, parents, places, synonyms, description] of rowsOf(classRows)) {
    add({
      ...names(synonyms),
      ...{ id: id!, kind: 'class', name: name!, description: description!, parents: list(parents) },
      places: list(places),
    })
  }
  for (const [id, name, kind, parents, places, , synonyms, description] of rowsOf(findingRows)) {
    add({
      ...names(synonyms),
      ...{ id: id!, kind: kind as ConceptKind, name: name!, description: description!, parents: list(parents) },
      places: list(places),
    })
  }
  for (const [id, name, group, , synonyms, description] of rowsOf(modifierRows)) {
    add({
      ...names(synonyms),
      ...{ id: id!, kind: 'modifier', name: name!, description: description!, parents: [], places: [] },
      group: group!,
    })
  }
  const relations = rowsOf(relationRows).map(([head, relation, tail, strength]): ConceptRelation => {
    return { head: head!, relation: relation as ConceptRelation['relation'], tail: tail!, strength: Number(strength) }
  })
  const labelSets = new Map<string, Map<string, readonly string[]>>()
  for (const [set, label, ids] of rowsOf(labelSetRows)) {
    const labels = labelSets.get(set!) ?? new Map<string, readonly string[]>()
    labelSets.set(set!, labels.set(label!, list(ids)))
  }
  const ancestors = (id: string): string[] => {
    const found = new Set<string>([id])
    for (const one of found) for (const parent of concepts.get(one)?.parents ?? []) found.add(parent)
    return [...found]
  }
  for (const concept of concepts.values()) {
    if (concept.kind === 'anatomy' || concept.places.length > 0) continue
    const heir = ancestors(concept.id).find((id) => (concepts.get(id)?.places.length ?? 0) > 0)
    if (heir !== undefined) add({ ...concept, places: concepts.get(heir)!.places })
  }
  return { concepts, relations, labelSets, ancestors }
}
