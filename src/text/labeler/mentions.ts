/** @file What a report sentence names: findings with whether they are there, places, and words that tell them apart. */

import { type Assertion, assertionsOf, type Span, statementsOf } from './assertion.ts'
import type { Entry, Lexicon } from './lexicon.ts'
import { type Word, wordsOfSentence } from './words.ts'

/** A finding or device that a sentence names or implies. */
export interface Mention extends Span {
  id: string
  assertion: Assertion
  /** Words of the sentence, lower case; of an implied finding those that imply it. */
  text: string
  /** Said by the state of a place ("heart size is normal") and not by name. */
  implied: boolean
}

/** A place or a word about something, in the words of the sentence. */
export interface Named extends Span {
  id: string
  kind: 'place' | 'modifier'
  /** Modifiers of one group exclude each other: severity, side, level, ... */
  group: string
  text: string
}

/** A sentence read. */
export interface ReadSentence {
  words: readonly Word[]
  mentions: readonly Mention[]
  named: readonly Named[]
  /** Number of the statement of each word. */
  statements: readonly number[]
}

type Found<Kind extends Entry['kind']> = Span & { entry: Extract<Entry, { kind: Kind }> }

/** Reads one sentence. Names of findings come first: "pleural" of "pleural effusion" is no place. */
export function readSentence(sentence: string, lexicon: Lexicon): ReadSentence {
  const words = wordsOfSentence(sentence)
  const textOf = ({ start, end }: Span): string =>
    sentence
      .slice(words[start]!.start, words[end - 1]!.end)
      .toLowerCase()
      .replace(/\s+/g, ' ')
  const observations = find(words, lexicon, ['observation', 'other'], new Set())
  const taken = new Set(observations.flatMap(({ start, end }) => range(start, end)))
  const rest = find(words, lexicon, ['place', 'normal', 'quality', 'modifier'], taken)
  const places = rest.filter((found): found is Found<'place'> => found.entry.kind === 'place')
  const statements = statementsOf(words, observations)

  const spoken: (Span & { id: string })[] = []
  for (const { entry, ...span } of observations) {
    if (entry.kind !== 'observation') continue
    const { near } = entry
    const reasons = places.some((place) => near?.some((id) => related(lexicon, place.entry.id, id)))
    if (near === undefined || reasons) spoken.push({ ...span, id: entry.id })
  }
  for (const { entry, ...span } of rest) {
    if (entry.kind !== 'quality') continue
    const finding = nearestFirst(span, places, statements).flatMap(
      (place) => lexicon.quality(place.entry.id, entry.word) ?? [],
    )[0]
    if (finding !== undefined) spoken.push({ ...span, id: finding })
  }
  // What is said in general ("calcification") is made particular by its place ("of the aorta").
  for (const one of spoken) {
    const word = words
      .slice(one.start, one.end)
      .map(({ form }) => form)
      .join(' ')
    const exact = nearestFirst(one, places, statements).flatMap(
      (place) => lexicon.quality(place.entry.id, word) ?? [],
    )[0]
    if (exact !== undefined) one.id = exact
  }
  spoken.sort((a, b) => a.start - b.start)
  const assertions = assertionsOf(words, spoken)
  const mentions = spoken.map((one, i): Mention => {
    return { ...one, assertion: assertions[i]!, text: textOf(one), implied: false }
  })
  mentions.push(...impliedBy(words, rest, spoken, lexicon, textOf))
  const named = rest.flatMap(({ entry, start, end }): Named[] => {
    if (entry.kind !== 'place' && entry.kind !== 'modifier') return []
    const group = entry.kind === 'modifier' ? entry.group : 'place'
    return [{ id: entry.id, kind: entry.kind, group, start, end, text: textOf({ start, end }) }]
  })
  return { words, mentions, named, statements }
}

const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i)

/** Longest phrases of some kinds from left to right, in words that are not taken; the first kind wins a tie. */
function find<Kind extends Entry['kind']>(
  words: readonly Word[],
  { tree }: Lexicon,
  kinds: readonly Kind[],
  taken: ReadonlySet<number>,
): Found<Kind>[] {
  const found: Found<Kind>[] = []
  for (let i = 0; i < words.length; ) {
    const match = tree.longest(words, i, (entry) => kinds.some((kind) => kind === entry.kind), taken)
    if (match === undefined) {
      i++
      continue
    }
    const entry = [...match.values].sort((a, b) => kinds.indexOf(a.kind as Kind) - kinds.indexOf(b.kind as Kind))[0]!
    found.push({ start: i, end: match.end, entry: entry as Found<Kind>['entry'] })
    i = match.end
  }
  return found
}

const related = ({ ancestors }: Lexicon, a: string, b: string): boolean =>
  ancestors(a).includes(b) || ancestors(b).includes(a)

/** Places of the same statement, the nearest first. */
function nearestFirst(span: Span, places: readonly Found<'place'>[], statements: readonly number[]): Found<'place'>[] {
  const distance = (place: Span): number => Math.min(Math.abs(place.start - span.end), Math.abs(span.start - place.end))
  return places
    .filter((place) => statements[place.start] === statements[span.start])
    .sort((a, b) => distance(a) - distance(b))
}

/** Findings denied or shown by the state of a place: "the bones are intact", "clear lungs". */
function impliedBy(
  words: readonly Word[],
  rest: readonly Found<'place' | 'modifier' | 'quality' | 'normal'>[],
  spoken: readonly Span[],
  lexicon: Lexicon,
  textOf: (span: Span) => string,
): Mention[] {
  const normals = rest.filter((found): found is Found<'normal'> => found.entry.kind === 'normal')
  const assertions = assertionsOf(words, normals, spoken)
  return normals.flatMap(({ entry, ...span }, n): Mention[] => {
    // "Not normal" says nothing of which finding it is.
    if (assertions[n] !== 'present') return []
    const about = (found: (typeof rest)[number]) =>
      found.entry.kind === 'place' ? lexicon.normality(found.entry.id, entry.word) : undefined
    const before = rest.slice(
      normals[n - 1] === undefined ? 0 : rest.indexOf(normals[n - 1]!) + 1,
      rest.indexOf(normals[n]!),
    )
    const after = rest.slice(
      rest.indexOf(normals[n]!) + 1,
      normals[n + 1] === undefined ? undefined : rest.indexOf(normals[n + 1]!),
    )
    const earlier = before.flatMap((found) => about(found) ?? [])
    const said = earlier.length > 0 ? earlier : after.flatMap((found) => about(found) ?? [])
    const text = textOf(span)
    return said.flatMap(({ denies, shows }) => [
      ...denies.map((id): Mention => ({ ...span, id, assertion: 'absent', text, implied: true })),
      ...(shows === undefined ? [] : [{ ...span, id: shows, assertion: 'present', text, implied: true } as const]),
    ])
  })
}
