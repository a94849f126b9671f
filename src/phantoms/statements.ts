/**
 * @file What is said of the findings of a scene: which are named, denied, doubted, left out or wrong, and the sentences.
 * For domains whose reports list findings; each brings its names and phrases.
 */

import type { Random } from '../core/random.ts'
import type { SpeechDials } from './dials.ts'
import type { Sentence, Terms, Weighted } from './grammar.ts'
import { affirm, capital, deny, doubt, type Manner, misspell, nameOf, type Phrase, say, sentence } from './grammar.ts'

/** A finding that can be drawn. */
export interface Drawn<Name extends string> {
  name: Name
  /** Contrast factor: 1 drawn in full, below 0.5 faint. */
  strength: number
}

/** What the words say about one finding. */
export interface Mention<Name extends string, Finding extends Drawn<Name>> {
  name: Name
  polarity: 1 | 0 | -1
  /** Attributes of the words; null for a denial. */
  about: Finding | null
  /** Index into the scene's findings, null when nothing is drawn. */
  finding: number | null
  /** Named though absent (label noise). */
  wrong: boolean
}

/** What a report says, and the findings with a doubtful one added if it is drawn. */
export interface Said<Name extends string, Finding extends Drawn<Name>> {
  mentions: Mention<Name, Finding>[]
  findings: Finding[]
  /** The report is a fixed normal text. */
  boilerplate: boolean
}

/** What {@link mentionsOf} decides from. */
export interface Sayable<Name extends string, Finding extends Drawn<Name>> {
  names: readonly Name[]
  findings: readonly Finding[]
  dials: SpeechDials
  stream: Random
  /** Findings that a reader may be in doubt about. */
  doubtful: readonly Name[]
  /** Draws the attributes of a finding that is doubted or named in error. */
  draw(name: Name): Finding
  /** How readily readers deny each finding, relative to the negation dial. Default 1. */
  denialWeight?: Partial<Record<Name, number>>
  /** Whether a finding can be beside those drawn. Default: all can. */
  fits?(name: Name, drawn: readonly Finding[]): boolean
  /** Findings that are there in health too: they keep no report from being a fixed normal one. */
  healthy?: ReadonlySet<Name>
  /** Findings that every fixed normal report denies. */
  boilerplateDenials?: readonly Name[]
}

/**
 * Decides what is said. A doubted finding is drawn faintly half of the time and not at all otherwise; label noise leaves a
 * finding out or names one that is absent; absent findings are denied at the negation rate times their weight.
 */
export function mentionsOf<Name extends string, Finding extends Drawn<Name>>({
  names,
  dials,
  stream,
  doubtful,
  draw,
  denialWeight = {},
  fits = () => true,
  healthy = new Set(),
  boilerplateDenials = [],
  ...scene
}: Sayable<Name, Finding>): Said<Name, Finding> {
  const findings = [...scene.findings]
  const mentions: Mention<Name, Finding>[] = []
  const absent = (name: Name): boolean => !findings.some((finding) => finding.name === name) && fits(name, findings)
  let doubted: number | null = null
  const open = doubtful.filter(absent)
  if (stream.chance(dials.uncertaintyRate) && open.length > 0) {
    const name = stream.pick(open)
    const about = draw(name)
    if (stream.chance(0.5)) {
      about.strength *= 0.4
      doubted = findings.push(about) - 1
    }
    mentions.push({ name, polarity: -1, about, finding: doubted, wrong: false })
  }
  findings.forEach((about, finding) => {
    if (finding === doubted || stream.chance(dials.labelNoise)) return
    mentions.push({ name: about.name, polarity: 1, about, finding, wrong: false })
  })
  const silent = names.filter((name) => absent(name) && !mentions.some((mention) => mention.name === name))
  if (stream.chance(dials.labelNoise) && silent.length > 0) {
    const about = draw(stream.pick(silent))
    mentions.push({ name: about.name, polarity: 1, about, finding: null, wrong: true })
  }
  const denial = (name: Name): Mention<Name, Finding> => ({
    name,
    polarity: 0,
    about: null,
    finding: null,
    wrong: false,
  })
  const plain = [...findings, ...mentions].every(({ name }) => healthy.has(name))
  if (plain && stream.chance(dials.falseNegativeRate)) {
    return { mentions: boilerplateDenials.map(denial), findings, boilerplate: true }
  }
  for (const name of names) {
    if ([...findings, ...mentions].some((other) => other.name === name)) continue
    if (stream.chance(Math.min(0.95, dials.negationRate * (denialWeight[name] ?? 1)))) mentions.push(denial(name))
  }
  return { mentions, findings, boilerplate: false }
}

/** The words of a domain. */
export interface Wording<Name extends string, Finding extends Drawn<Name>> {
  terms: Readonly<Record<Name, Terms>>
  /** Adjectives, number and place around the name of a finding. */
  phrase(finding: Finding, name: string, stream: Random): Phrase
  /** Ways to deny a finding without naming it. */
  plainDenials?: Partial<Record<Name, Weighted>>
  /** Fixed normal reports: sentences of the findings with what each denies, and the impression. */
  boilerplates: readonly Boilerplate<Name>[]
  /** Impression when nothing is named. */
  normal: Weighted
  /** Advice after a finding. */
  advice?: Partial<Record<Name, readonly string[]>>
}

export interface Boilerplate<Name extends string> {
  weight: number
  sentences: readonly (readonly [string, readonly Name[]])[]
  impression: string
}

/** Findings and impression of a report. `conclusion` (a grade, a diagnosis) opens the impression. */
export function speak<Name extends string, Finding extends Drawn<Name>>(
  said: Said<Name, Finding>,
  wording: Wording<Name, Finding>,
  manner: Manner,
  stream: Random,
  conclusion?: Sentence<Name> | undefined,
): Sentence<Name>[] {
  if (said.boilerplate) return fixedReport(wording, stream, conclusion)
  const positives = said.mentions.filter((mention) => mention.polarity === 1)
  const doubts = said.mentions.filter((mention) => mention.polarity === -1)
  const blocks: Sentence<Name>[][] = []
  for (const { name, polarity, about, finding } of [...positives, ...doubts]) {
    const phrase = phraseOf(wording, about as Finding, manner, stream)
    const text = polarity === 1 ? affirm(phrase, stream) : doubt(phrase, stream)
    blocks.push([sentence(misspell(text, stream), { name, polarity, finding })])
  }
  blocks.push(...denials(said, wording, manner, stream))
  const findings = stream.shuffle(blocks).flat()
  if (findings.length === 0) findings.push(sentence(say(wording.normal, stream)))
  const impression: Sentence<Name>[] = conclusion ? [conclusion] : []
  for (const { name, about, finding } of positives) {
    if (stream.chance(conclusion ? 0.5 : 0.15)) continue
    const { noun } = phraseOf(wording, about as Finding, manner, stream)
    impression.push(sentence(`${capital(noun)}.`, { section: 'impression', name, polarity: 1, finding }))
  }
  const advised = positives.find(({ name }) => wording.advice?.[name])
  if (advised && stream.chance(0.5)) {
    const text = stream.pick(wording.advice?.[advised.name] as readonly string[])
    impression.push(sentence(text, { section: 'impression' }))
  }
  if (impression.length === 0) {
    const text = positives.length + doubts.length === 0 ? say(wording.normal, stream) : 'Findings as above.'
    impression.push(sentence(text, { section: 'impression' }))
  }
  return [...findings, ...impression]
}

/** The noun phrase of a finding, its name drawn from the pool that the manner allows. */
export function phraseOf<Name extends string, Finding extends Drawn<Name>>(
  { terms, phrase }: Pick<Wording<Name, Finding>, 'terms' | 'phrase'>,
  finding: Finding,
  manner: Manner,
  stream: Random,
): Phrase {
  const entry = terms[finding.name]
  const said = phrase(finding, nameOf(entry, manner, stream), stream)
  return entry.mass ? { mass: true, ...said } : said
}

function fixedReport<Name extends string, Finding extends Drawn<Name>>(
  { boilerplates }: Wording<Name, Finding>,
  stream: Random,
  conclusion: Sentence<Name> | undefined,
): Sentence<Name>[] {
  const { sentences, impression } = stream.weighted(boilerplates.map((text) => [text, text.weight] as const))
  const findings = sentences.flatMap(([text, denied]) =>
    denied.length === 0 ? [sentence<Name>(text)] : denied.map((name) => sentence(text, { name, polarity: 0 })),
  )
  const about = conclusion ? { name: conclusion.name, polarity: conclusion.polarity } : {}
  return [...findings, sentence(impression, { ...about, section: 'impression' })]
}

function denials<Name extends string, Finding extends Drawn<Name>>(
  said: Said<Name, Finding>,
  wording: Wording<Name, Finding>,
  manner: Manner,
  stream: Random,
): Sentence<Name>[][] {
  const blocks: Sentence<Name>[][] = []
  const left = stream.shuffle(said.mentions.filter((mention) => mention.polarity === 0)).map(({ name }) => name)
  while (left.length > 0) {
    const name = left.shift() as Name
    const about = { name, polarity: 0 } as const
    const plain = wording.plainDenials?.[name]
    if (plain && !manner.heldOutSynonyms && stream.chance(0.7)) {
      blocks.push([sentence(say(plain, stream), about)])
      continue
    }
    const noun = nameOf(wording.terms[name], manner, stream)
    const second = stream.chance(0.5) ? left.shift() : undefined
    if (second === undefined) {
      blocks.push([sentence(agreeing(deny(noun, stream), noun), about)])
      continue
    }
    const text = agreeing(deny(noun, stream, nameOf(wording.terms[second], manner, stream)), noun)
    blocks.push([sentence(text, about), sentence(text, { name: second, polarity: 0 })])
  }
  return blocks
}

/** True when nothing is drawn and nothing is named or doubted: only then may words call it normal. */
export function isNormal<Name extends string>({ findings, mentions }: Said<Name, Drawn<Name>>): boolean {
  return findings.length === 0 && mentions.every(({ polarity }) => polarity === 0)
}

/** True for plural nouns, as the names of phantom domains are formed. */
export function isPlural(noun: string): boolean {
  return /(?:s|drusen|lacunae)$/.test(noun) && !/(?:sis|us|ss)$/.test(noun)
}

/** "There is no" before a plural becomes "There are no". */
function agreeing(text: string, noun: string): string {
  return isPlural(noun) ? text.replace(/^There is no /, 'There are no ') : text
}

/** The `words` of a domain from one entry a label. */
export function wordsOf<Name extends string>(terms: Readonly<Record<Name, Terms>>): Record<string, readonly Terms[]> {
  return Object.fromEntries(Object.entries<Terms>(terms).map(([name, entry]) => [name, [entry]]))
}
