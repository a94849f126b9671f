/**
 * @file The names of the chest: those of the ontology, a few more that reports use, and what is said by a place and a
 * word about it ("the heart is enlarged", "the bones are intact").
 */

import { chestOntology } from '../../knowledge/index.ts'
import { type PhraseTree, phraseTree } from './phrases.ts'

/** Names of findings and devices that the ontology does not list: other orders of words, and plain sentences. */
const moreNames: Readonly<Record<string, readonly string[]>> = {
  F01: [
    'no acute cardiopulmonary abnormality',
    'no acute cardiopulmonary disease',
    'no acute cardiopulmonary finding',
    'no acute pulmonary disease',
    'no acute pulmonary abnormality',
    'no active disease',
    'no active cardiopulmonary disease',
    'no evidence of active disease',
    'normal chest radiograph',
    'normal chest x ray',
    'negative chest',
  ],
  F15: ['pulmonary edema', 'fluid overload'],
  F22: ['congestive failure'],
  F23: ['heart enlargement', 'large heart'],
  F24: ['enlarged mediastinum', 'mediastinal enlargement'],
  F26: ['atelectatic change', 'volume loss and atelectasis'],
  F58: ['pleural calcification', 'calcified pleura'],
  F49: ['costophrenic angle effusion', 'pleural fluid collection'],
  C03: ['airspace opacity', 'air space opacity', 'alveolar opacity', 'air space consolidation'],
  C11: ['bone abnormality', 'skeletal abnormality', 'bony abnormality'],
  C14: ['support apparatus', 'catheter', 'tube', 'line tip'],
  D10: ['pacing wire', 'pacer wire', 'dual chamber pacemaker'],
}

/** Names that hold the name of another thing but do not speak of it. */
const otherThings: readonly string[] = [
  'gas tension',
  'lead time',
  'line of sight',
  'midline shift',
  'clinical findings',
  'findings',
  'mass effect',
  'body mass',
  'port of',
  'edema of the leg',
  'ankle edema',
  'at the lung base',
  'base of the lung',
]

/** Places that reports name in ways the ontology does not list. */
const morePlaces: Readonly<Record<string, readonly string[]>> = {
  A01: ['both lungs', 'lung zone', 'lungs bilaterally'],
  A39: ['heart', 'cardiac size'],
  A38: ['mediastinal contour', 'mediastinum'],
  A57: ['bone', 'bony structure', 'osseous structure', 'bony thorax', 'visualized bones', 'skeletal structure'],
  A59: ['dorsal spine'],
}

/** By place: words that, said of it, name a finding. */
const qualities: readonly { places: readonly string[]; words: readonly string[]; finding: string }[] = [
  {
    places: ['A39', 'A41', 'A40'],
    words: ['enlarged', 'enlargement', 'large', 'prominent', 'dilated', 'increased'],
    finding: 'F23',
  },
  {
    places: ['A38'],
    words: ['widened', 'widening', 'wide', 'broad', 'enlarged', 'prominent', 'prominence'],
    finding: 'F24',
  },
  { places: ['A35', 'A36', 'A37'], words: ['elevated', 'elevation', 'raised', 'eventration'], finding: 'F72' },
  { places: ['A35', 'A36', 'A37'], words: ['flattened', 'flattening', 'flat'], finding: 'F73' },
  { places: ['A29', 'A30', 'A31'], words: ['blunted', 'blunting', 'obscured'], finding: 'F50' },
  { places: ['A22', 'A23', 'A24'], words: ['enlarged', 'prominent', 'fullness', 'prominence'], finding: 'F62' },
  { places: ['A53'], words: ['congested', 'congestion', 'engorged', 'engorgement'], finding: 'F18' },
  { places: ['A43', 'A44'], words: ['tortuous', 'ectatic', 'unfolded', 'uncoiled'], finding: 'F66' },
  { places: ['A43', 'A44'], words: ['calcified', 'calcification', 'atherosclerotic'], finding: 'F67' },
  { places: ['A43', 'A44'], words: ['dilated', 'aneurysmal', 'aneurysm'], finding: 'F68' },
  { places: ['A26', 'A27', 'A28'], words: ['thickened', 'thickening'], finding: 'F57' },
  { places: ['A26', 'A27', 'A28'], words: ['calcified', 'calcification', 'plaque'], finding: 'F58' },
  { places: ['A57'], words: ['fracture', 'fractured'], finding: 'F77' },
  { places: ['A01', 'A02', 'A03'], words: ['hyperinflated', 'hyperexpanded', 'hyperlucent'], finding: 'F32' },
  { places: ['A01', 'A02', 'A03'], words: ['underinflated', 'hypoinflated', 'hypoventilated'], finding: 'F30' },
  { places: ['A50'], words: ['deviated', 'deviation', 'shifted'], finding: 'F61' },
]

/** What a place said to be normal denies, or shows. */
const normality: readonly {
  places: readonly string[]
  words: readonly string[]
  denies: readonly string[]
  shows?: string
}[] = [
  {
    places: ['A39'],
    words: ['normal', 'unremarkable', 'within normal limits', 'within limits of normal'],
    denies: ['F23'],
  },
  {
    places: ['A38'],
    words: ['normal', 'unremarkable', 'within normal limits', 'within limits of normal'],
    denies: ['F24'],
  },
  { places: ['A01', 'A02', 'A03'], words: ['clear', 'normal', 'unremarkable'], denies: [], shows: 'F02' },
  { places: ['A29', 'A30', 'A31'], words: ['sharp', 'clear', 'normal', 'unremarkable'], denies: ['F50'] },
  { places: ['A26', 'A27', 'A28'], words: ['clear', 'normal', 'unremarkable'], denies: ['F49', 'F54'] },
  {
    places: ['A57'],
    words: ['intact', 'normal', 'unremarkable', 'within normal limits', 'grossly intact'],
    denies: ['C17'],
  },
  { places: ['A53'], words: ['normal', 'unremarkable', 'within normal limits'], denies: ['F18'] },
]

/** What a phrase of a sentence is. */
export type Entry =
  /** `near`: places of which one must stand in the sentence, because the name alone means other things too. */
  | { kind: 'observation'; id: string; near?: readonly string[] }
  | { kind: 'place'; id: string }
  | { kind: 'modifier'; id: string; group: string }
  | { kind: 'quality'; word: string }
  | { kind: 'normal'; word: string }
  | { kind: 'other' }

/** What a report can name, and how. */
export interface Lexicon {
  /** Name of the vocabulary, for the variant of a score. */
  name: string
  tree: PhraseTree<Entry>
  /** The finding that a quality of a place is; undefined if none. */
  quality(place: string, word: string): string | undefined
  normality(place: string, word: string): { denies: readonly string[]; shows?: string } | undefined
  /** An id with all that it is a kind of. */
  ancestors(id: string): readonly string[]
}

/** Names of the state "normal" that are words about a place as often as not. */
const bareNormal = new Set([
  'normal',
  'unremarkable',
  'within normal limits',
  'finding',
  'no finding',
  'lungs are clear',
])

let chest: Lexicon | undefined

/** The lexicon of chest reports; built once. */
export function chestLexicon(): Lexicon {
  chest ??= buildChest()
  return chest
}

function buildChest(): Lexicon {
  const { concepts, ancestors } = chestOntology()
  const tree = phraseTree<Entry>()
  for (const phrase of otherThings) tree.add(phrase, { kind: 'other' })
  for (const { id, kind, name, synonyms, ambiguous, places, group } of concepts.values()) {
    const all = [name, ...synonyms, ...((kind === 'anatomy' ? morePlaces : moreNames)[id] ?? [])]
    if (kind === 'anatomy') for (const phrase of all) tree.add(phrase, { kind: 'place', id })
    else if (kind === 'modifier') for (const phrase of all) tree.add(phrase, { kind: 'modifier', id, group: group! })
    else {
      for (const phrase of all) if (!bareNormal.has(phrase)) tree.add(phrase, { kind: 'observation', id })
      for (const phrase of ambiguous) tree.add(phrase, { kind: 'observation', id, near: places })
    }
  }
  for (const { words } of qualities) for (const word of words) tree.add(word, { kind: 'quality', word })
  for (const { words } of normality) for (const word of words) tree.add(word, { kind: 'normal', word })
  return {
    name: 'chest ontology',
    tree,
    quality: (place, word) =>
      qualities.find(({ places, words }) => places.includes(place) && words.includes(word))?.finding,
    normality: (place, word) => normality.find(({ places, words }) => places.includes(place) && words.includes(word)),
    ancestors,
  }
}

/** A lexicon of names alone, for findings of other organs: each name, and its words in lower case, stand for themselves. */
export function namesLexicon(names: readonly string[]): Lexicon {
  const tree = phraseTree<Entry>()
  for (const name of names) tree.add(name, { kind: 'observation', id: name })
  return {
    name: 'label names',
    tree,
    quality: () => undefined,
    normality: () => undefined,
    ancestors: (id) => [id],
  }
}
