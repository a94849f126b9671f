/**
 * @file Training of a WordPiece vocabulary, as Python `tokenizers`' `WordPieceTrainer` does it: byte-pair merges over word
 * counts, `##` before letters inside a word, the most frequent pair first, ties to the pair with the lower ids.
 */

import { VesaliusError } from '../core/errors.ts'
import { tokenizerEngine } from './tokenizer-engine.ts'
import { bertSpecials, wordPieceTokenizerJson } from './tokenizer-json.ts'

export interface WordPieceTraining {
  /** Tokens wanted, special tokens and letters included; fewer come out when the texts run out of frequent pairs. */
  vocabSize: number
  /** A pair seen less often is not merged. Default 2. */
  minFrequency?: number
  /** Lower-case and strip accents first, as the tokenizer will. Default true. */
  lowercase?: boolean
  /** Most letters kept; rarer ones become [UNK]. Default 1000. */
  limitAlphabet?: number
}

/** Ids stay below 2^26, so a pair fits a double exactly. */
const pairBase = 2 ** 26

/** A pair waiting to be merged, with the words that were known to hold it when it was queued. */
interface Candidate {
  count: number
  pair: number
  words: Set<number>
}

/**
 * The vocabulary in id order: [PAD] [UNK] [CLS] [SEP] [MASK], letters by code point, `##` letters by code point, merged
 * pieces in the order they were found. Deterministic (Python's order of the `##` letters, and so its ties, is not).
 * Throws DATA_EMPTY when the texts hold no word, CONFIG_INVALID when the letters alone exceed `vocabSize`.
 */
export function trainWordPiece(texts: Iterable<string>, training: WordPieceTraining): string[] {
  const { vocabSize, minFrequency = 2, lowercase = true, limitAlphabet = 1000 } = training
  for (const [field, value] of Object.entries({ vocabSize, minFrequency, limitAlphabet })) {
    if (Number.isInteger(value) && value >= 1 && value < pairBase) continue
    throw new VesaliusError(
      'CONFIG_INVALID',
      `The vocabulary's ${field} is ${value}, which is not a positive whole number.`,
      {
        where: field,
      },
    )
  }
  const counts = countWords(texts, lowercase)
  if (counts.size === 0) {
    throw new VesaliusError('DATA_EMPTY', 'A vocabulary cannot be trained: the texts hold no words.', {
      hint: 'Check that the folder has reports or captions in its training split.',
    })
  }
  const { tokens, words } = spell(counts, limitAlphabet)
  if (tokens.length > vocabSize) {
    const hint = `Ask for more than ${tokens.length} tokens, or lower limitAlphabet.`
    throw new VesaliusError(
      'CONFIG_INVALID',
      `A vocabulary of ${vocabSize} tokens is too small: special tokens and letters alone are ${tokens.length}.`,
      { where: 'vocabSize', hint },
    )
  }
  return merge(tokens, words, [...counts.values()], vocabSize, minFrequency)
}

function countWords(texts: Iterable<string>, lowercase: boolean): Map<string, number> {
  const ids = Object.fromEntries(bertSpecials.map((token, id) => [token, id]))
  const where = 'the new vocabulary'
  const cutter = tokenizerEngine(wordPieceTokenizerJson(ids, { lowercase }, where), new Map(Object.entries(ids)), where)
  const counts = new Map<string, number>()
  for (const text of texts) {
    for (const word of cutter.words(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/** Special tokens and letters as the first ids, and every word as a row of letter ids. */
function spell(counts: Map<string, number>, limitAlphabet: number): { tokens: string[]; words: number[][] } {
  const frequency = new Map<string, number>()
  const inner = new Set<string>()
  for (const [word, count] of counts) {
    let first = true
    for (const letter of word) {
      frequency.set(letter, (frequency.get(letter) ?? 0) + count)
      if (!first) inner.add(letter)
      first = false
    }
  }
  const byCode = (a: string, b: string): number => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)
  const kept = [...frequency.keys()]
    .sort((a, b) => (frequency.get(b) ?? 0) - (frequency.get(a) ?? 0) || byCode(a, b))
    .slice(0, limitAlphabet)
    .sort(byCode)
  const tokens: string[] = [...bertSpecials, ...kept, ...kept.filter((c) => inner.has(c)).map((c) => `##${c}`)]
  const idOf = new Map(tokens.map((token, id) => [token, id]))

  const words = [...counts.keys()].map((word) =>
    [...word].flatMap((letter, i) => {
      const id = idOf.get(i === 0 ? letter : `##${letter}`)
      return id === undefined ? [] : [id]
    }),
  )
  return { tokens, words }
}

/** Merges the best pair again and again; only the words that hold it are touched. Returns the grown vocabulary. */
function merge(
  tokens: string[],
  words: number[][],
  counts: number[],
  vocabSize: number,
  minFrequency: number,
): string[] {
  const idOf = new Map(tokens.map((token, id) => [token, id]))
  const pairCounts = new Map<number, number>()
  let fresh = new Map<number, Set<number>>()
  const note = (a: number, b: number, word: number, times: number): void => {
    const pair = a * pairBase + b
    pairCounts.set(pair, (pairCounts.get(pair) ?? 0) + times * (counts[word] ?? 0))
    if (times < 0) return
    const places = fresh.get(pair)
    if (places === undefined) fresh.set(pair, new Set([word]))
    else places.add(word)
  }
  for (const [w, letters] of words.entries()) {
    for (let i = 0; i + 1 < letters.length; i++) note(letters[i]!, letters[i + 1]!, w, 1)
  }
  const queue: Candidate[] = []
  const queueFresh = (): void => {
    for (const [pair, places] of fresh) {
      const count = pairCounts.get(pair) ?? 0
      if (count > 0) push(queue, { count, pair, words: places })
    }
    fresh = new Map()
  }
  queueFresh()

  while (tokens.length < vocabSize) {
    const top = pop(queue)
    if (top === undefined) break
    const now = pairCounts.get(top.pair) ?? 0
    if (top.count !== now) {
      // Earlier merges took some of its places: back into the queue with what is left.
      top.count = now
      push(queue, top)
      continue
    }
    if (now < 1 || now < minFrequency) break
    const a = Math.floor(top.pair / pairBase)
    const b = top.pair % pairBase
    const piece = tokens[a]! + tokens[b]!.replace(/^##/, '')
    let id = idOf.get(piece)
    if (id === undefined) {
      id = tokens.length
      tokens.push(piece)
      idOf.set(piece, id)
    }
    for (const w of top.words) mergeWord(words[w]!, a, b, id, (x, y, times) => note(x, y, w, times))
    queueFresh()
  }
  return tokens
}

/** Replaces each `a b` in a word by `id`, from the left, and reports the pairs that went (-1) and came (+1). */
function mergeWord(
  word: number[],
  a: number,
  b: number,
  id: number,
  note: (left: number, right: number, times: number) => void,
): void {
  for (let i = 0; i + 1 < word.length; i++) {
    if (word[i] !== a || word[i + 1] !== b) continue
    const left = word[i - 1]
    const right = word[i + 2]
    if (left !== undefined) {
      note(left, a, -1)
      note(left, id, 1)
    }
    word.splice(i, 2, id)
    if (right !== undefined) {
      note(b, right, -1)
      note(id, right, 1)
    }
  }
}

/** More frequent first; on a tie the pair with the lower ids. */
function before(x: Candidate, y: Candidate): boolean {
  return x.count === y.count ? x.pair < y.pair : x.count > y.count
}

function push(heap: Candidate[], item: Candidate): void {
  let i = heap.push(item) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!before(item, heap[parent]!)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = item
}

function pop(heap: Candidate[]): Candidate | undefined {
  const top = heap[0]
  const item = heap.pop()
  if (top === undefined || item === undefined || heap.length === 0) return top
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, item)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = item
  return top
}
