/**
 * @file What was decided to be said, in sentences: for every domain whose reports list findings. A domain brings its names,
 * phrases and fixed texts as a {@link Wording}.
 */

import type { Random } from '../core/random.ts'
import type { Study } from '../data/study.ts'
import { changesBetween, type Facts, type Known } from './facts.ts'
import {
  abbreviate,
  affirm,
  capital,
  changed,
  deny,
  doubt,
  type Manner,
  misspell,
  nameOf,
  type Phrase,
  type Sentence,
  say,
  sentence,
  type Terms,
  type Weighted,
} from './grammar.ts'
import type { Drawn, Mention, Said } from './mentions.ts'

/** The words of a domain. */
export interface Wording<Name extends string, Finding extends Drawn<Name>> {
  terms: Readonly<Record<Name, Terms>>
  /** Adjectives, number and place around the name of a finding. */
  phrase(finding: Finding, name: string, stream: Random): Phrase
  /** What is known of a finding beyond its name. */
  facts?(finding: Finding): Facts
  /** Sentences for a finding that is there, instead of one general sentence. */
  affirmations?(finding: Finding, noun: string, stream: Random): readonly string[] | undefined
  /** Sentences about nothing in the list of findings (technique, tissue): true of the scene. */
  remarks?(stream: Random): readonly { section: Sentence['section']; text: string }[]
  /** Place of a sentence in the findings: smaller first. Default: as drawn by lot. */
  order?(text: string): number
  /** Ways to deny a finding without naming it. */
  plainDenials?: Partial<Record<Name, Weighted>>
  /** Fixed normal reports: sentences of the findings with what each denies, and the impression. */
  boilerplates: readonly Boilerplate<Name>[]
  /** Impression when nothing is named. */
  normal: Weighted
  /** Advice after a finding. */
  advice?: Partial<Record<Name, readonly string[]>>
  /** What readers shorten now and then: { 'left ventricle': 'LV' }. */
  short?: Readonly<Record<string, string>>
}

/** A fixed normal report; equal for many patients. */
export interface Boilerplate<Name extends string> {
  weight: number
  sentences: readonly (readonly [string, readonly Name[]])[]
  impression: string
}

/** What a report stands beside. */
export interface Circumstances<Name extends string> {
  /** A grade or a diagnosis: opens the impression. */
  conclusion?: Sentence<Name> | undefined
  /** Course of findings since the study before. */
  changes?: Study['changes']
}

/** The drawn findings with what is known of them. */
export function knownOf<Name extends string, Finding extends Drawn<Name>>(
  findings: readonly Finding[],
  { facts }: Pick<Wording<Name, Finding>, 'facts'>,
): Known<Name>[] {
  return findings.map((finding) => ({ name: finding.name, strength: finding.strength, facts: facts?.(finding) ?? {} }))
}

/** What is known of a scene's findings, and how they have changed since the study before. */
export function storyOf<Name extends string, Finding extends Drawn<Name>>(
  { visit, index, findings }: { visit: number; index: number; findings: readonly Finding[] },
  wording: Pick<Wording<Name, Finding>, 'facts'>,
  /** The findings of an earlier study of the patient; undefined: it cannot be compared. */
  earlier?: (index: number) => readonly Finding[] | undefined,
): { known: Known<Name>[]; changes: Study['changes'] } {
  const known = knownOf(findings, wording)
  const before = visit > 0 ? earlier?.(index - 1) : undefined
  return { known, changes: before ? changesBetween(knownOf(before, wording), known) : {} }
}

/** Findings and impression of a report. */
export function speak<Name extends string, Finding extends Drawn<Name>>(
  said: Said<Name, Finding>,
  wording: Wording<Name, Finding>,
  manner: Manner,
  stream: Random,
  { conclusion, changes = {} }: Circumstances<Name> = {},
): Sentence<Name>[] {
  if (said.boilerplate) return fixedReport(wording, stream, conclusion)
  const slip = (text: string): string => abbreviate(misspell(text, stream), wording.short ?? {}, stream)
  const positives = said.mentions.filter((mention) => mention.polarity === 1)
  const doubts = said.mentions.filter((mention) => mention.polarity === -1)
  const blocks: Sentence<Name>[][] = []
  for (const { name, polarity, about, finding } of [...positives, ...doubts]) {
    const phrase = phraseOf(wording, about as Finding, manner, stream)
    const course = finding === null ? undefined : changes[name]
    const own = polarity === 1 ? wording.affirmations?.(about as Finding, phrase.noun, stream) : undefined
    const texts =
      own ??
      (polarity === -1
        ? [doubt(phrase, stream)]
        : course !== undefined && stream.chance(0.6)
          ? [changed(course, phrase, stream)]
          : [affirm(phrase, stream)])
    blocks.push(texts.map((text) => sentence(slip(text), { name, polarity, finding })))
  }
  blocks.push(...denials(said, wording, manner, stream))
  const remarks = wording.remarks?.(stream) ?? []
  for (const { text, section } of remarks) if (section === 'findings') blocks.push([sentence(text)])
  const findings = stream.shuffle(blocks).flat()
  if (findings.length === 0) findings.push(sentence(say(wording.normal, stream)))
  const { order } = wording
  if (order) findings.sort((a, b) => order(a.text) - order(b.text))
  const last = impression(positives, doubts, wording, manner, stream, conclusion)
  for (const { text, section } of remarks) if (section !== 'findings') last.push(sentence(text, { section }))
  return [...findings, ...last]
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

/** Denials, some of them two in a sentence. */
function denials<Name extends string, Finding extends Drawn<Name>>(
  said: Said<Name, Finding>,
  wording: Wording<Name, Finding>,
  manner: Manner,
  stream: Random,
): Sentence<Name>[][] {
  const blocks: Sentence<Name>[][] = []
  const left = stream.shuffle(said.mentions.filter((mention) => mention.polarity === 0)).map(({ name }) => name)
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const about = { name, polarity: 0 } as const
    const plain = wording.plainDenials?.[name]
    if (plain && !manner.heldOutSynonyms && stream.chance(0.6)) {
      blocks.push([sentence(say(plain, stream), about)])
      continue
    }
    const second = stream.chance(0.5) ? left.shift() : undefined
    const other = second === undefined ? undefined : nameOf(wording.terms[second], manner, stream)
    const text = deny(nameOf(wording.terms[name], manner, stream), stream, other)
    blocks.push([
      sentence(text, about),
      ...(second === undefined ? [] : [sentence<Name>(text, { name: second, polarity: 0 })]),
    ])
  }
  return blocks
}

/** The grade or diagnosis, what was found, what may be, advice. */
function impression<Name extends string, Finding extends Drawn<Name>>(
  positives: readonly Mention<Name, Finding>[],
  doubts: readonly Mention<Name, Finding>[],
  wording: Wording<Name, Finding>,
  manner: Manner,
  stream: Random,
  conclusion: Sentence<Name> | undefined,
): Sentence<Name>[] {
  const section = 'impression'
  const sentences: Sentence<Name>[] = conclusion ? [conclusion] : []
  if (positives.length + doubts.length === 0) {
    return conclusion ? sentences : [sentence(say(wording.normal, stream), { section })]
  }
  for (const mention of [...positives, ...doubts]) {
    const { name, polarity, finding } = mention
    const silent = conclusion || polarity === -1 ? 0.5 : positives.length > 3 ? 0.25 : 0.05
    if (stream.chance(silent)) continue
    const { noun, place } = phraseOf(wording, mention.about as Finding, manner, stream)
    const at = place && stream.chance(0.5) ? ` ${place}` : ''
    const text = polarity === 1 ? `${capital(noun)}${at}.` : `Possible ${noun}${at}.`
    sentences.push(sentence(text, { section, name, polarity, finding }))
  }
  const advised = positives.find(({ name }) => wording.advice?.[name])
  if (advised && stream.chance(0.5)) {
    const text = stream.pick(wording.advice?.[advised.name] as readonly string[])
    sentences.push(sentence(text, { section }))
  }
  if (sentences.length === 0) sentences.push(sentence('Findings as above.', { section }))
  return sentences
}

/** The `words` of a domain from one entry a label. */
export function wordsOf<Name extends string>(terms: Readonly<Record<Name, Terms>>): Record<string, readonly Terms[]> {
  return Object.fromEntries(Object.entries<Terms>(terms).map(([name, entry]) => [name, [entry]]))
}
