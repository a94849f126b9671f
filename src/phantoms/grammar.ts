/**
 * @file The grammar that phantom domains speak with: pools of phrases with a long tail, names in a training and a held-out
 * pool, sentences that affirm, doubt or deny, slips of the pen, and sentences put together to a report with its truth.
 *
 * A domain says each thing as a {@link Sentence}; `reportOf`, `captionOf`, `labelsOf` and `truthOf` make the fields of the
 * study from the same list, so that words, labels and truth cannot disagree:
 *
 *   const name = nameOf(terms.polyp, manner, stream)                                       // 'sessile polyp'
 *   const text = affirm({ noun: `small ${name}`, place: 'on the left wall' }, stream)      // 'There is a small sessile ...'
 *   sentences.push(sentence(misspell(text, stream), { name: 'Polyp', polarity: 1, finding: 0 }))
 */

import type { Random } from '../core/random.ts'
import type { Study } from '../data/study.ts'

/** Phrases with their weights. */
export type Weighted = readonly (readonly [string, number])[]

/** The names of one thing. */
export interface Terms {
  /** Used in ordinary reports, most usual first. */
  train: Weighted
  /** Never used in ordinary reports: the words of open-vocabulary tests. */
  heldOut: readonly string[]
  /** True for nouns that take no article ("pulmonary edema"). */
  mass?: boolean
}

/** How to speak. */
export interface Manner {
  /** Use the names held out of ordinary reports. */
  heldOutSynonyms?: boolean
}

/** Weights that halve from phrase to phrase: the first is common, the last is seen a few times. */
export function longTail(...phrases: string[]): Weighted {
  return phrases.map((phrase, i) => [phrase, 0.5 ** i] as const)
}

/** One phrase of a pool. */
export function say(pool: Weighted, stream: Random): string {
  return stream.weighted(pool)
}

/** A name from the pool that the manner allows. */
export function nameOf(terms: Terms, manner: Manner, stream: Random): string {
  return manner.heldOutSynonyms ? stream.pick(terms.heldOut) : stream.weighted(terms.train)
}

/** First letter in upper case. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Nouns of findings whose plural is of its own. */
const irregular: Readonly<Record<string, string>> = {
  diverticulum: 'diverticula',
  focus: 'foci',
  haematoma: 'haematomas',
}

/** A noun phrase before its first preposition, and the rest: "clump" and " of platelets". */
function headOf(noun: string): [head: string, rest: string] {
  const at = noun.search(/ (?:of|by|from|with|in|on|at|to|that) /)
  return at < 0 ? [noun, ''] : [noun.slice(0, at), noun.slice(at)]
}

/** English plural of a noun phrase. */
export function plural(phrase: string): string {
  const [head, rest] = headOf(phrase)
  return pluralOf(head) + rest
}

function pluralOf(noun: string): string {
  const last = noun.slice(noun.lastIndexOf(' ') + 1)
  const own = irregular[last]
  if (own !== undefined) return noun.slice(0, noun.length - last.length) + own
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  return /(?:s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`
}

/** True for plural nouns as findings are named: "calcifications", "foci", but not "sclerosis", "loss", "hydrocephalus". */
export function isPlural(noun: string): boolean {
  return /(?:[^siu]s|foci|drusen|lacunae|diverticula)$/.test(headOf(noun)[0])
}

/** "a mass", "an 8 mm nodule"; nothing before nouns without article. */
export function withArticle(noun: string, mass = false): string {
  return mass ? noun : `${/^(?:[aeiou]|8|1[18] )/i.test(noun) ? 'an' : 'a'} ${noun}`
}

/** A template with its {slots} filled: spaces made single, none before a stop or comma, first letter in upper case. */
export function fill(template: string, slots: Readonly<Record<string, string>>): string {
  const text = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => slots[name] ?? '')
  return capital(
    text
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/ ([.,;])/g, '$1')
      .trim(),
  )
}

/** What a sentence is about: "2 small nodules" "in the left lung". */
export interface Phrase {
  /** Without article. */
  noun: string
  /** With its preposition; null or absent: none is said. */
  place?: string | null
  /** Takes no article. */
  mass?: boolean
  /** Plural: no article, and the verb agrees. */
  many?: boolean
  /** The article, in languages where it follows the gender of the noun. */
  article?: string
}

/** How a finding has changed since the study before; `new` was not there. */
export type Course = 'improving' | 'stable' | 'worsening' | 'new'

/**
 * Templates of a language. Slots: {item} noun with article, {noun} without, {at} the place, {is} the verb of the number;
 * in denials {noun} and {other}. Templates with {at} first need a place, the others serve both.
 */
export interface Language {
  affirm: Weighted
  doubt: Weighted
  deny: Weighted
  denyTwo: Weighted
  item(phrase: Phrase): string
  is: readonly [one: string, many: string]
  /** Sentences with the course of a finding. Slots: {noun} {item} {the} {at} {is} {has}. */
  course: Readonly<Record<Course, Weighted>>
  /** Article and verb of {@link course}, where they depend on the noun. */
  courseSlots?(phrase: Phrase): Record<string, string>
  /** A denial made to agree with its noun. */
  agree?(text: string, noun: string): string
  /** What marks doubt; every doubting sentence matches. */
  doubtCue: RegExp
  /** What marks a denial; every denying sentence matches. */
  denialCue: RegExp
  /** What an affirming sentence never holds. */
  contradiction: RegExp
}

export const english: Language = {
  affirm: [
    ['There {is} {item} {at}.', 0.4],
    ['{item} {at}.', 0.22],
    ['{item} {is} seen {at}.', 0.16],
    ['{item} {is} present {at}.', 0.1],
    ['{at} there {is} {item}.', 0.08],
    ['Findings show {item} {at}.', 0.04],
  ],
  doubt: [
    ['Possible {noun} {at}.', 0.45],
    ['Questionable {noun} {at}.', 0.25],
    ['{item} {at} cannot be excluded.', 0.2],
    ['Findings may represent {item} {at}.', 0.1],
  ],
  deny: [
    ['No {noun}.', 0.5],
    ['There is no {noun}.', 0.3],
    ['No evidence of {noun}.', 0.15],
    ['Negative for {noun}.', 0.05],
  ],
  denyTwo: [
    ['No {noun} or {other}.', 0.6],
    ['There is no {noun} or {other}.', 0.3],
    ['No evidence of {noun} or {other}.', 0.1],
  ],
  item: ({ noun, mass = false, many = false }) => withArticle(noun, mass || many),
  is: ['is', 'are'],
  course: {
    improving: [
      ['Improving {noun} {at}.', 0.3],
      ['{the} {noun} {at} {has} decreased.', 0.3],
      ['{the} {noun} {at} {has} improved.', 0.25],
      ['Interval decrease of {the} {noun} {at}.', 0.15],
    ],
    stable: [
      ['Stable {noun} {at}.', 0.35],
      ['{the} {noun} {at} {is} unchanged.', 0.35],
      ['Unchanged {noun} {at}.', 0.3],
    ],
    worsening: [
      ['Worsening {noun} {at}.', 0.3],
      ['{the} {noun} {at} {has} increased.', 0.3],
      ['{the} {noun} {at} {has} progressed.', 0.25],
      ['Interval increase of {the} {noun} {at}.', 0.15],
    ],
    new: [
      ['New {noun} {at}.', 0.7],
      ['There {is} new {noun} {at}.', 0.3],
    ],
  },
  courseSlots: ({ many = false }) => ({ the: 'the', has: many ? 'have' : 'has' }),
  agree: (text, noun) => (isPlural(noun) ? text.replace(/^There is no /, 'There are no ') : text),
  doubtCue:
    /\b(?:possible|possibly|questionable|cannot be excluded|may represent|may be|suspected|equivocal|uncertain)\b/i,
  denialCue:
    /\b(?:no|not|none|without|resolved|negative|normal|unremarkable|intact|clear|absent|free|regular|preserved|smooth|healthy)\b/i,
  contradiction: /\b(?:no|not|none|without|resolved|negative for|absent)\b/i,
}

/** A sentence that says it is there. */
export function affirm(phrase: Phrase, stream: Random, language: Language = english): string {
  const pool = language.affirm.filter(([template]) => phrase.place || !template.startsWith('{at}'))
  return fill(say(pool, stream), slotsOf(phrase, language))
}

/** A sentence that leaves it open. */
export function doubt(phrase: Phrase, stream: Random, language: Language = english): string {
  return fill(say(language.doubt, stream), slotsOf(phrase, language))
}

/** A sentence that denies one or two nouns. */
export function deny(noun: string, stream: Random, other?: string, language: Language = english): string {
  const text = fill(say(other === undefined ? language.deny : language.denyTwo, stream), { noun, other: other ?? '' })
  return language.agree?.(text, noun) ?? text
}

/** A sentence that says how a finding has changed since the study before. */
export function changed(course: Course, phrase: Phrase, stream: Random, language: Language = english): string {
  const slots = { ...slotsOf(phrase, language), ...language.courseSlots?.(phrase) }
  return fill(say(language.course[course], stream), slots)
}

function slotsOf(phrase: Phrase, language: Language): Record<string, string> {
  const [one, many] = language.is
  return { noun: phrase.noun, item: language.item(phrase), at: phrase.place ?? '', is: phrase.many ? many : one }
}

/** Now and then (at `rate`) two letters inside a long word change places. */
export function misspell(text: string, stream: Random, rate = 0.012): string {
  if (!stream.chance(rate)) return text
  const words = text.split(' ')
  const long = words.map((word, i) => [word, i] as const).filter(([word]) => /^[a-z]{7,}$/.test(word))
  if (long.length === 0) return text
  const [word, at] = stream.pick(long)
  const k = 2 + stream.int(word.length - 4)
  words[at] = word.slice(0, k) + word.charAt(k + 1) + word.charAt(k) + word.slice(k + 2)
  return words.join(' ')
}

/** At `rate`, the first phrase of the table that occurs is shortened: { 'left upper lobe': 'LUL' }. */
export function abbreviate(text: string, short: Readonly<Record<string, string>>, stream: Random, rate = 0.06): string {
  if (!stream.chance(rate)) return text
  const found = Object.keys(short).find((phrase) => text.includes(phrase))
  return found === undefined ? text : capital(text.replace(found, short[found] as string))
}

export type Section = 'indication' | 'comparison' | 'findings' | 'impression'

/** A sentence and what it is about. */
export interface Sentence<Name extends string = string> {
  text: string
  section: Section
  /** The label that it speaks of; null for technique, advice and general statements. */
  name: Name | null
  polarity: 1 | 0 | -1 | null
  /** Index into the findings of the scene; null when nothing is drawn. */
  finding: number | null
}

/** A sentence; by default one of the findings section about nothing in particular. */
export function sentence<Name extends string = string>(
  text: string,
  about: Partial<Omit<Sentence<Name>, 'text'>> = {},
): Sentence<Name> {
  return { text, section: 'findings', name: null, polarity: null, finding: null, ...about }
}

/** The sections of a report; a sentence listed twice in a row (about two findings) is said once. */
export function reportOf(sentences: readonly Sentence[], language = 'en'): NonNullable<Study['report']> {
  const report: NonNullable<Study['report']> = { language }
  for (const section of ['indication', 'comparison', 'findings', 'impression'] as const) {
    const texts = sentences.filter((s) => s.section === section).map((s) => s.text)
    if (texts.length > 0) report[section] = texts.filter((text, i) => text !== texts[i - 1]).join(' ')
  }
  return report
}

/** What the words say of each label: certain words outweigh doubt, doubt outweighs a denial. */
export function labelsOf(sentences: readonly Sentence[]): Study['labels'] {
  const labels: Study['labels'] = {}
  const weight = { 1: 2, [-1]: 1, 0: 0 }
  for (const { name, polarity } of sentences) {
    if (name === null || polarity === null) continue
    const old = labels[name]
    if (old === undefined || weight[polarity] > weight[old]) labels[name] = polarity
  }
  return labels
}

/** `truth.sentences`, with the boxes of each sentence's finding; `findingOfBox[i]` is the finding of the study's i-th box. */
export function truthOf(
  sentences: readonly Sentence[],
  findingOfBox: readonly number[] = [],
): NonNullable<Study['truth']>['sentences'] {
  return sentences.map(({ text, section, name, polarity, finding }) => ({
    text,
    section,
    ...(name === null ? {} : { finding: name }),
    ...(polarity === null ? {} : { polarity }),
    boxes: finding === null ? [] : findingOfBox.flatMap((of, i) => (of === finding ? [i] : [])),
  }))
}
