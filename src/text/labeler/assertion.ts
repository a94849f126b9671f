/** @file Whether what a sentence names is there, is not there, may be there, or is not spoken of as of now. */

import { type CueKind, cues, listWords, openers, verbs } from './cues.ts'
import { phraseTree } from './phrases.ts'
import type { Word } from './words.ts'

/** What is said of something named. `elsewhere`: of another time, or only asked. */
export type Assertion = 'present' | 'absent' | 'uncertain' | 'elsewhere'

/** A part of a sentence: words `start` to before `end`. */
export interface Span {
  start: number
  end: number
}

interface Cue extends Span {
  kind: CueKind
}

/** Words that a cue reaches beyond the last list word; NegEx's window, wider for lists. */
const reach = 8
const shortReach = 3

const tree = phraseTree<CueKind>()
for (const [kind, phrases] of Object.entries(cues) as [CueKind, readonly string[]][])
  for (const phrase of phrases) tree.add(phrase, kind)

/** Cues of a sentence, longest first, none inside what is named (`taken`). */
function findCues(words: readonly Word[], taken: ReadonlySet<number>): Cue[] {
  const found: Cue[] = []
  for (let i = 0; i < words.length; ) {
    const match = taken.has(i) ? undefined : tree.longest(words, i)
    if (match === undefined) {
      i++
      continue
    }
    for (const kind of match.values) if (kind !== 'nothing') found.push({ kind, start: i, end: match.end })
    i = match.end
  }
  return found
}

const placesOf = ({ start, end }: Span): number[] => Array.from({ length: end - start }, (_, i) => start + i)

const marks: ReadonlySet<string> = new Set([';', ':', '(', ')', '-', '.'])

/** Words that end the reach of cues. */
function barriersOf(words: readonly Word[], found: readonly Cue[]): Set<number> {
  const barriers = new Set(found.flatMap((cue) => (cue.kind === 'end' ? placesOf(cue) : [])))
  words.forEach(({ form }, i) => {
    if (marks.has(form)) barriers.add(i)
  })
  return barriers
}

/** Number of the statement that each word belongs to: a sentence may say several things one after the other. */
export function statementsOf(words: readonly Word[], taken: readonly Span[]): number[] {
  const barriers = barriersOf(words, findCues(words, new Set(taken.flatMap(placesOf))))
  let statement = 0
  return words.map((_, i) => {
    if (barriers.has(i) || opensAnother(words, i)) statement++
    return statement
  })
}

/** One assertion for each span of a sentence. Cues are not looked for inside what is `taken`, the spans by default. */
export function assertionsOf(words: readonly Word[], spans: readonly Span[], taken = spans): Assertion[] {
  const found = findCues(words, new Set(taken.flatMap(placesOf)))
  const barriers = barriersOf(words, found)
  const cueWords = new Set(found.flatMap((cue) => (cue.kind === 'end' ? [] : placesOf(cue))))
  const reached = new Map<CueKind, Set<number>>()
  for (const cue of found) {
    const places = reached.get(cue.kind) ?? new Set()
    reached.set(cue.kind, places)
    const { kind } = cue
    if (kind === 'denies' || kind === 'doubts' || kind === 'elsewhere' || kind === 'open')
      forward(words, cue, barriers, cueWords, places)
    if (kind === 'denied' || kind === 'doubted' || kind === 'open') backward(words, cue, barriers, cueWords, places)
  }
  return spans.map(({ start, end }) => {
    // The head of an English noun phrase is its last word.
    const within = (kind: CueKind): boolean =>
      reached.get(kind)?.has(end - 1) === true || reached.get(kind)?.has(start) === true
    if (within('elsewhere')) return 'elsewhere'
    if (within('open')) return 'uncertain'
    if (within('denies') || within('denied')) return 'absent'
    return within('doubts') || within('doubted') ? 'uncertain' : 'present'
  })
}

function opensAnother(words: readonly Word[], i: number): boolean {
  const next = words[i + 1]?.form
  return (words[i]!.form === ',' || words[i]!.form === 'and') && next !== undefined && openers.has(next)
}

function forward(
  words: readonly Word[],
  { kind, end }: Cue,
  barriers: ReadonlySet<number>,
  cueWords: ReadonlySet<number>,
  places: Set<number>,
): void {
  let left = kind === 'elsewhere' ? shortReach : reach
  for (let i = end; i < words.length && left > 0; i++, left--) {
    const { form } = words[i]!
    if (barriers.has(i) || opensAnother(words, i) || (verbs.has(form) && !cueWords.has(i))) return
    if (listWords.has(form) && kind !== 'elsewhere') left = reach + 1
    places.add(i)
  }
}

function backward(
  words: readonly Word[],
  { start }: Cue,
  barriers: ReadonlySet<number>,
  cueWords: ReadonlySet<number>,
  places: Set<number>,
): void {
  let left = reach
  let list = false
  for (let i = start - 1; i >= 0 && left > 0; i--, left--) {
    const { form } = words[i]!
    if (barriers.has(i) || opensAnother(words, i) || (verbs.has(form) && !cueWords.has(i))) return
    // "A, b and c are not seen" is a list; "a on the left, b not seen" is not.
    if (form === ',' && !list) return
    if (listWords.has(form)) {
      left = reach + 1
      list = true
    }
    places.add(i)
  }
}
