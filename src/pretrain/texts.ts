/** @file Words of studies as rows of ids, each token with the word and the sentence it belongs to. */

import { hash32, type Random } from '../core/random.ts'
import type { Study } from '../data/study.ts'
import { dropWords, swapSides, type TextMode, textOf } from '../data/text-of.ts'
import type { Feed } from '../engine/index.ts'
import { splitSentences, type Tokenizer } from '../text/index.ts'
import type { BatchShape } from './inputs.ts'
import type { SentenceChoice } from './objective.ts'

/** A text as ids; the index of word and sentence of each, -1 where there is none. */
export interface TextRow {
  ids: readonly number[]
  words: ArrayLike<number>
  sentences: readonly number[]
  key: number
}

/** What the words of a study become: one text, or sentences that are texts of their own. */
export interface StudyText {
  text: TextRow
  /** Sentences, each with its special tokens; empty unless they were asked for. */
  apart: readonly TextRow[]
  /** Keys of the sentences, in their order. */
  keys: readonly number[]
}

export interface TextOptions {
  tokenizer: Tokenizer
  mode: TextMode
  dropWords: readonly string[]
  choice: SentenceChoice | undefined
}

/** Reads the words of studies; a text that comes again is not tokenized again. */
export function openTexts({
  tokenizer,
  mode,
  dropWords: dropped,
  choice,
}: TextOptions): (study: Study, stream: Random, flipped: boolean) => StudyText {
  const known = new Map<string, TextRow>()
  const encode = (text: string): TextRow => {
    let row = known.get(text)
    if (row === undefined) {
      const ids = tokenizer.encode(text)
      const words = tokenizer.wordIds(ids)
      row = { ids, words, sentences: Array.from(words, (word) => (word < 0 ? -1 : 0)), key: keyOf(text) }
      known.set(text, row)
    }
    return row
  }
  return (study, stream, flipped) => {
    const read = (text: string): TextRow => encode(dropWords(flipped ? swapSides(text) : text, dropped))
    if (choice === undefined) return { text: read(textOf(study, mode, stream)), apart: [], keys: [] }
    const rows = chosenSentences(study, choice, stream).map(read)
    const keys = rows.map(({ key }) => key)
    return choice.encode === 'joint'
      ? { text: joined(rows, tokenizer), apart: [], keys }
      : { text: joined([], tokenizer), apart: rows, keys }
  }
}

/** Key of a text for comparison: equal for equal texts up to case and blanks, a non-negative int32. */
export function keyOf(text: string): number {
  return hash32(text.toLowerCase().replace(/\s+/g, ' ').trim()) >>> 1
}

/**
 * All sentences of a study's report (findings, then impression); where it has none, of its captions, or of what its labels
 * say.
 */
export function sentencesOf(
  { report, captions, labels }: Study,
  { fromLabels }: Pick<SentenceChoice, 'fromLabels'>,
): string[] {
  const parts = [report?.findings ?? '', report?.impression ?? ''].filter((part) => part !== '')
  const said = (parts.length > 0 ? parts : captions).flatMap(splitSentences)
  if (said.length > 0 || fromLabels === undefined) return said
  return Object.entries(labels).flatMap(([name, value]) => {
    if (value === -1) return []
    return (value === 1 ? fromLabels.present : fromLabels.absent).replaceAll('{label}', name.toLowerCase())
  })
}

/** The sentences that a step takes, in the order in which it takes them. */
function chosenSentences(study: Study, choice: SentenceChoice, stream: Random): string[] {
  const { most, leastWords, order } = choice
  const all = sentencesOf(study, choice)
  const long = all.filter((sentence) => sentence.split(/\s+/).length >= leastWords)
  const usable = long.length > 0 ? long : all
  const places = stream.shuffle(usable.map((_, i) => i)).slice(0, most)
  const kept = places.sort((a, b) => a - b).map((i) => usable[i] as string)
  if (order === 'shuffle') return stream.shuffle(kept)
  if (order === 'swap')
    while (kept.length > 1 && stream.chance(0.6)) swap(kept, stream.int(kept.length), stream.int(kept.length))
  return kept
}

function swap(list: string[], i: number, j: number): void {
  const held = list[i] as string
  list[i] = list[j] as string
  list[j] = held
}

/** One text of several sentences: start, the tokens of each, end; cut before the end at the context's length. */
function joined(rows: readonly TextRow[], { bosId, eosId, contextLength }: Tokenizer): TextRow {
  const ids: number[] = []
  const words: number[] = []
  const sentences: number[] = []
  let before = 0
  rows.forEach((row, sentence) => {
    let last = -1
    row.ids.forEach((id, i) => {
      const word = row.words[i] as number
      if (word < 0) return
      ids.push(id)
      words.push(before + word)
      sentences.push(sentence)
      last = word
    })
    before += last + 1
  })
  const specials = (bosId === undefined ? 0 : 1) + (eosId === undefined ? 0 : 1)
  const length = Math.min(ids.length, contextLength - specials)
  const framed = (list: readonly number[], start: number | undefined, end: number | undefined): number[] => [
    ...(bosId === undefined ? [] : [start as number]),
    ...list.slice(0, length),
    ...(eosId === undefined ? [] : [end as number]),
  ]
  return { ids: framed(ids, bosId, eosId), words: framed(words, -1, -1), sentences: framed(sentences, -1, -1), key: 0 }
}

/** Texts as the inputs they are for, padded to the shape of the batch. */
export function textFeeds(
  texts: readonly StudyText[],
  { tokens: t, sentences: s = 0 }: BatchShape,
  choice: SentenceChoice | undefined,
  pad: number,
): Record<string, Feed> {
  const b = texts.length
  const ints = (shape: number[], rows: readonly ArrayLike<number>[], width: number, filler: number): Feed => {
    const data = new Int32Array(rows.length * width).fill(filler)
    rows.forEach((row, i) => {
      for (let j = 0; j < Math.min(row.length, width); j++) data[i * width + j] = row[j] as number
    })
    return { dtype: 'int32', shape, data }
  }
  const ones = ({ length }: ArrayLike<number>): number[] => new Array<number>(length).fill(1)
  const keys = ints(
    [b],
    texts.map(({ text, keys }) => [choice === undefined ? text.key : keyOfAll(keys)]),
    1,
    0,
  )
  const rows = texts.map(({ text }) => text)
  const whole = (): Record<string, Feed> => ({
    ids: ints(
      [b, t],
      rows.map(({ ids }) => ids),
      t,
      pad,
    ),
    mask: ints(
      [b, t],
      rows.map(({ ids }) => ones(ids)),
      t,
      0,
    ),
    wordIndex: ints(
      [b, t],
      rows.map(({ words }) => words),
      t,
      -1,
    ),
  })
  if (choice === undefined) return { ...whole(), textKey: keys }

  const real = texts.map(({ text, apart, keys: all }) =>
    all.map((_, i) =>
      (choice.encode === 'joint' ? text.sentences.includes(i) : (apart[i] as TextRow).ids.length > 0) ? 1 : 0,
    ),
  )
  const listed = {
    textKey: keys,
    sentenceMask: ints([b, s], real, s, 0),
    sentenceKey: ints(
      [b, s],
      texts.map((text) => text.keys),
      s,
      0,
    ),
  }
  if (choice.encode === 'joint')
    return {
      ...whole(),
      ...listed,
      sentenceIndex: ints(
        [b, t],
        rows.map(({ sentences }) => sentences),
        t,
        -1,
      ),
    }
  if (choice.encode === 'once') return listed
  const empty: readonly number[] = []
  const every = texts.flatMap(({ apart }) => Array.from({ length: s }, (_, i) => apart[i]?.ids ?? empty))
  return {
    ...listed,
    sentenceIds: ints([b, s, t], every, t, pad),
    sentenceTokenMask: ints([b, s, t], every.map(ones), t, 0),
  }
}

/** Key of a report from those of its sentences, in any order. */
function keyOfAll(keys: readonly number[]): number {
  return [...keys].sort((a, b) => a - b).reduce((sum, key) => (Math.imul(sum, 31) + key) >>> 1, 7)
}
