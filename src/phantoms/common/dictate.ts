/** @file A planned scene in words: sections, one sentence a finding, each with what it is about. Words say no more than the scene. */

import { type Random, random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import {
  affirm,
  capital,
  deny,
  doubt,
  labelsOf,
  type Manner,
  misspell,
  nameOf,
  type Phrase,
  plural,
  reportOf,
  type Sentence,
  say,
  sentence,
  truthOf,
  type Weighted,
} from '../grammar.ts'
import type { Finding, FindingSpec, Mention, Scene } from './plan.ts'

/** What a finding is called here: words before and after its name, and where. */
export interface Wording {
  /** "12 mm oval" */
  before?: string
  /** "with posterior shadowing" */
  after?: string
  /** With its preposition: "in the left frontal lobe". */
  place?: string | null
  many?: boolean
}

/** A fixed normal report; equal for many patients. */
export interface Boilerplate {
  weight: number
  /** Sentences, each with the findings that it denies. */
  findings: readonly (readonly [string, readonly string[]])[]
  impression: string
}

/** The words of a domain. */
export interface Dictation<Name extends string, Anatomy, Shape> {
  specs: readonly FindingSpec<Name>[]
  /** "Mammogram of the right breast" for captions. */
  examination(scene: Scene<Name, Anatomy, Shape>): string
  /** How the finding is worded; the same attributes may be said in several ways. */
  wording(finding: Finding<Name, Shape>, scene: Scene<Name, Anatomy, Shape>, stream: Random): Wording
  /** Sentences of the findings section for a finding that is there, instead of one general sentence. */
  affirmations?(
    finding: Finding<Name, Shape>,
    name: string,
    scene: Scene<Name, Anatomy, Shape>,
    stream: Random,
  ): readonly string[] | undefined
  /** Sentences about nothing in the list of findings (technique, tissue): true of the scene. */
  remarks?(
    scene: Scene<Name, Anatomy, Shape>,
    stream: Random,
  ): readonly { section: Sentence['section']; text: string }[]
  /** Place of a sentence in the findings: smaller first. Default: as drawn by lot. */
  order?(text: string): number
  /** Complaints of anyone. */
  complaints: Weighted
  /** "63 year old woman"; default from age and sex. */
  person?(scene: Scene<Name, Anatomy, Shape>, stream: Random): string
  comparison: string
  boilerplates: readonly Boilerplate[]
  /** Impressions of studies without finding. */
  normal: Weighted
  /** Advice after the findings. */
  advice?: Partial<Record<Name, readonly string[]>>
}

/** What was said. */
export interface Description {
  report: Study['report']
  captions: string[]
  labels: Study['labels']
  sentences: Sentence[]
}

/** Describes a scene as a report, or (voice "caption") as one line. The same arguments give the same words. */
export function dictate<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  manner: Manner,
  voice: string,
): Description {
  const stream = random(scene.seed, scene.domain, 'describe', scene.index)
  if (voice === 'caption') return captioned(words, scene, manner, stream)
  const sentences: Sentence[] = [
    sentence(indication(words, scene, stream), { section: 'indication' }),
    sentence(scene.visit === 0 ? 'None.' : words.comparison, { section: 'comparison' }),
    ...(scene.boilerplate ? boilerplate(words, stream) : dictated(words, scene, manner, stream)),
  ]
  return { report: reportOf(sentences), captions: [], labels: labelsOf(sentences), sentences }
}

function indication<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  stream: Random,
): string {
  const reasons = scene.findings.flatMap(({ name }) => specOf(words, name).symptoms ?? [])
  const reason = reasons.length > 0 && stream.chance(0.5) ? stream.pick(reasons) : say(words.complaints, stream)
  const person =
    words.person?.(scene, stream) ??
    `${scene.age} year old ${scene.sex === 'F' ? stream.pick(['female', 'woman']) : stream.pick(['male', 'man'])}`
  return `${capital(person)} with ${reason}.`
}

function specOf<Name extends string>(
  { specs }: { specs: readonly FindingSpec<Name>[] },
  name: Name,
): FindingSpec<Name> {
  return specs.find((spec) => spec.name === name) as FindingSpec<Name>
}

function boilerplate(words: { boilerplates: readonly Boilerplate[] }, stream: Random): Sentence[] {
  const chosen = stream.weighted(words.boilerplates.map((text) => [text, text.weight] as const))
  const said = chosen.findings.flatMap(([text, denied]) =>
    denied.length === 0 ? [sentence(text)] : denied.map((name) => sentence(text, { name, polarity: 0 })),
  )
  return [...said, sentence(chosen.impression, { section: 'impression' })]
}

function phraseOf<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  mention: Mention<Name, Shape>,
  manner: Manner,
  stream: Random,
): Phrase {
  const about = mention.about as Finding<Name, Shape>
  const { terms } = specOf(words, mention.name)
  const { before = '', after = '', place = null, many = false } = words.wording(about, scene, stream)
  const name = nameOf(terms, manner, stream)
  const noun = `${before} ${many && !terms.mass ? plural(name) : name} ${after}`.replaceAll(/\s+/g, ' ').trim()
  return { noun, place, many: many || isPlural(name), mass: terms.mass ?? false }
}

/** "calcifications" and "echogenic foci", but not "sclerosis", "loss" or "hydrocephalus". */
function isPlural(name: string): boolean {
  return /(?:[^siu]s|foci)$/.test(name)
}

function dictated<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  manner: Manner,
  stream: Random,
): Sentence[] {
  const blocks: Sentence[][] = []
  const of = (polarity: number): Mention<Name, Shape>[] => scene.mentions.filter((m) => m.polarity === polarity)
  const [positives, doubts] = [of(1), of(-1)]
  for (const mention of positives) {
    const { name, finding } = mention
    const about = { name, polarity: 1, finding } as const
    const phrase = phraseOf(words, scene, mention, manner, stream)
    const own = words.affirmations?.(mention.about as Finding<Name, Shape>, phrase.noun, scene, stream)
    blocks.push((own ?? [affirm(phrase, stream)]).map((text) => sentence(misspell(text, stream), about)))
  }
  for (const mention of doubts) {
    const { name, finding } = mention
    const text = doubt(phraseOf(words, scene, mention, manner, stream), stream)
    blocks.push([sentence(misspell(text, stream), { name, polarity: -1, finding })])
  }
  blocks.push(...denials(words, of(0), manner, stream))
  const remarks = words.remarks?.(scene, stream) ?? []
  for (const { text, section } of remarks) if (section === 'findings') blocks.push([sentence(text)])
  if (blocks.length === 0) blocks.push([sentence('No interval change is described.')])
  const conclusion = impression(words, scene, positives, doubts, manner, stream)
  for (const { text, section } of remarks) if (section !== 'findings') conclusion.push(sentence(text, { section }))
  const findings = stream.shuffle(blocks).flat()
  const { order } = words
  if (order) findings.sort((a, b) => order(a.text) - order(b.text))
  return [...findings, ...conclusion]
}

/** Denials, some of them two in a sentence. */
function denials<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  mentions: readonly Mention<Name, Shape>[],
  manner: Manner,
  stream: Random,
): Sentence[][] {
  const blocks: Sentence[][] = []
  const left = stream.shuffle(mentions)
  for (let first = left.shift(); first; first = left.shift()) {
    const { plainDenials, terms } = specOf(words, first.name)
    const about = { name: first.name, polarity: 0 } as const
    if (plainDenials && !manner.heldOutSynonyms && stream.chance(0.5)) {
      blocks.push([sentence(say(plainDenials, stream), about)])
      continue
    }
    const second = stream.chance(0.5) ? left.shift() : undefined
    const other = second ? nameOf(specOf(words, second.name).terms, manner, stream) : undefined
    const text = deny(nameOf(terms, manner, stream), stream, other)
    blocks.push([sentence(text, about), ...(second ? [sentence(text, { name: second.name, polarity: 0 })] : [])])
  }
  return blocks
}

function impression<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  positives: readonly Mention<Name, Shape>[],
  doubts: readonly Mention<Name, Shape>[],
  manner: Manner,
  stream: Random,
): Sentence[] {
  const section = 'impression'
  const sentences: Sentence[] = []
  if (positives.length === 0 && doubts.length === 0) return [sentence(say(words.normal, stream), { section })]
  for (const mention of [...positives, ...doubts]) {
    const { name, polarity, finding } = mention
    if (polarity === -1 && stream.chance(0.5)) continue
    if (positives.length > 3 && stream.chance(0.25)) continue
    const { noun, place } = phraseOf(words, scene, mention, manner, stream)
    const at = place && stream.chance(0.6) ? ` ${place}` : ''
    const text = polarity === 1 ? `${capital(noun)}${at}.` : `Possible ${noun}${at}.`
    sentences.push(sentence(text, { section, name, polarity, finding }))
  }
  const advised = positives.find(({ name }) => words.advice?.[name])
  if (advised && stream.chance(0.5))
    sentences.push(sentence(stream.pick(words.advice?.[advised.name] as readonly string[]), { section }))
  if (sentences.length === 0) sentences.push(sentence('Findings as above.', { section }))
  return sentences
}

/** One line: what is shown, then the findings; absences are silent. */
function captioned<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  manner: Manner,
  stream: Random,
): Description {
  // What is certain first: "possible" would seem to cover all that follows it.
  const shown = scene.mentions.filter(({ polarity }) => polarity !== 0).sort((a, b) => b.polarity - a.polarity)
  const parts = shown.map((mention) => {
    const { noun, place } = phraseOf(words, scene, mention, manner, stream)
    return `${mention.polarity === 1 ? '' : 'possible '}${noun}${place ? ` ${place}` : ''}`
  })
  const list =
    parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? 'no abnormality')
  const text = `${words.examination(scene)} ${stream.pick(['showing', 'with', 'demonstrating'])} ${list}.`
  const said =
    shown.length === 0
      ? [sentence(text)]
      : shown.map(({ name, polarity, finding }) => sentence(text, { name, polarity, finding }))
  return { report: null, captions: [text], labels: labelsOf(said), sentences: said }
}

/** `truth` of a study: every finding of the domain, drawn or not, and the sentences. */
export function truthOfScene<Name extends string, Anatomy, Shape>(
  names: readonly Name[],
  scene: Scene<Name, Anatomy, Shape>,
  sentences: readonly Sentence[],
  findingOfBox: readonly number[],
): NonNullable<Study['truth']> {
  const labels: Study['labels'] = {}
  for (const name of names) labels[name] = scene.findings.some((finding) => finding.name === name) ? 1 : 0
  return { labels, sentences: truthOf(sentences, findingOfBox) }
}
