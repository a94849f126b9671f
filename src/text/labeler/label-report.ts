/**
 * @file A labeler of reports by rules, in the spirit of NegBio (Peng et al. 2018) and the CheXpert labeler (Irvin et al.
 * 2019): names are looked for, each is asserted, denied or doubted, and what is said of a label is put together.
 */

import { chestOntology } from '../../knowledge/index.ts'
import { readReport, splitSentences } from '../report.ts'
import { chestLexicon, type Lexicon } from './lexicon.ts'
import { type Mention, type ReadSentence, readSentence } from './mentions.ts'

/** What a report says of an observation. */
export type ObservationState = 'positive' | 'negative' | 'uncertain' | 'blank'

/**
 * Labels by the ids that make them. A label holds if an id or one of its kinds is named; "=ID" means that id alone. `null`:
 * the label says that nothing but devices was found.
 */
export type LabelSet = Readonly<Record<string, readonly string[] | null>>

/** Sentences of a report, findings and impression where it has headings, each read. */
export function readSentences(text: string, lexicon: Lexicon = chestLexicon()): ReadSentence[] {
  const report = readReport(text)
  const body = [report?.findings, report?.impression].filter((part) => part !== undefined)
  return splitSentences(body.join('\n\n')).map((sentence) => readSentence(sentence, lexicon))
}

/** Classes so wide that denying them denies nothing in particular. */
const wide: ReadonlySet<string> = new Set(['C01', 'C02'])
const devices = 'C14'
const weight = { positive: 3, uncertain: 2, negative: 1, blank: 0 } as const
const stateOf = { present: 'positive', absent: 'negative', uncertain: 'uncertain' } as const

/**
 * What a report says of each label. Certain words outweigh doubt, doubt outweighs a denial; a denied class denies its kinds.
 * Mentions of other times count for nothing. A text without words is blank everywhere.
 */
export function labelReport(
  text: string,
  labels: LabelSet = chexpertLabels(),
  lexicon: Lexicon = chestLexicon(),
): Record<string, ObservationState> {
  const sentences = readSentences(text, lexicon)
  const mentions = sentences
    .flatMap((sentence) => sentence.mentions)
    .filter(({ assertion }) => assertion !== 'elsewhere')
  const states: Record<string, ObservationState> = {}
  for (const [label, ids] of Object.entries(labels)) {
    const normal = ids === null && sentences.length > 0 && !mentions.some((one) => abnormal(one, lexicon))
    states[label] = normal ? 'positive' : 'blank'
  }
  const listed = Object.entries(labels).flatMap(([label, ids]) => (ids === null ? [] : [{ label, ids }]))
  for (const mention of mentions) {
    for (const [label, state] of saidOf(mention, listed, lexicon)) states[label] = heavier(states[label]!, state)
  }
  return states
}

const heavier = (a: ObservationState, b: ObservationState): ObservationState => (weight[b] > weight[a] ? b : a)

/**
 * Labels that one mention speaks of. Of labels that hold one another the nearest counts: "consolidation" is no "lung
 * opacity" where both are asked for, as in CheXpert.
 */
function saidOf(
  { id, assertion }: Mention,
  labels: readonly { label: string; ids: readonly string[] }[],
  { ancestors }: Lexicon,
): (readonly [string, ObservationState])[] {
  if (assertion === 'elsewhere') return []
  const own = ancestors(id)
  const distance = (ids: readonly string[]): number =>
    ids.reduce((least, one) => {
      const at = one.startsWith('=') ? (one.slice(1) === id ? 0 : -1) : own.indexOf(one)
      return at < 0 ? least : Math.min(least, at)
    }, Number.POSITIVE_INFINITY)
  const nearest = labels.reduce((least, { ids }) => Math.min(least, distance(ids)), Number.POSITIVE_INFINITY)
  return labels.flatMap(({ label, ids }): (readonly [string, ObservationState])[] => {
    if (distance(ids) === nearest && Number.isFinite(nearest)) return [[label, stateOf[assertion]]]
    const kinds = ids.some((one) => !one.startsWith('=') && one !== id && ancestors(one).includes(id))
    return assertion === 'absent' && kinds && !wide.has(id) ? [[label, 'negative']] : []
  })
}

/** Whether a mention is of something that is not normal; devices are no finding. */
function abnormal({ id, assertion }: Mention, { ancestors }: Lexicon): boolean {
  if (assertion !== 'present' && assertion !== 'uncertain') return false
  return id !== 'F01' && id !== 'F02' && !ancestors(id).includes(devices)
}

/** The 14 labels of CheXpert over the chest ontology. */
export function chexpertLabels(): LabelSet {
  const set = chestOntology().labelSets.get('CheXpert')!
  return Object.fromEntries([...set].map(([label, ids]) => [label, label === 'No Finding' ? null : ids]))
}

/**
 * Labels of a data set, named as it names them, over the chest ontology: as CheXpert or ChestX-ray14 define them, else by
 * what the name itself says. Names that mean nothing there are left out.
 */
export function chestLabels(names: readonly string[]): LabelSet {
  const { labelSets } = chestOntology()
  const wider = names.includes('Lung Opacity')
  const entries = names.flatMap((name): [string, readonly string[] | null][] => {
    if (name === 'No Finding') return [[name, null]]
    const known = labelSets.get('CheXpert')?.get(name) ?? labelSets.get('ChestX-ray14')?.get(name)
    const own = known ?? readSentence(name, chestLexicon()).mentions.map(({ id }) => id)
    // "Airspace disease" is the wider label where there is one, else the same as consolidation.
    const ids = name === 'Consolidation' && !wider ? [...own, '=C03'] : own
    return ids.length === 0 ? [] : [[name, ids]]
  })
  return Object.fromEntries(entries)
}
