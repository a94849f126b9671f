/** @file The model of a `tokenizer.json`: a piece to ids. */

import { VesaliusError } from '../../core/errors.ts'
import { bpe } from './bpe.ts'
import { type NativeUnigram, unigram } from './unigram.ts'

/** Ids of a piece, appended to `out`. */
export type Model = (piece: string, out: number[]) => void

/** WordPiece: the longest piece first, from left to right; a word that cannot be spelled is unknown as a whole. */
function wordPiece(model: Record<string, unknown>, idOf: ReadonlyMap<string, number>): Model {
  const prefix = typeof model.continuing_subword_prefix === 'string' ? model.continuing_subword_prefix : '##'
  const longest = typeof model.max_input_chars_per_word === 'number' ? model.max_input_chars_per_word : 100
  const unknown = idOf.get(String(model.unk_token ?? '[UNK]'))
  // No piece is longer than the longest token, in UTF-16 units.
  let reach = 1
  for (const token of idOf.keys()) reach = Math.max(reach, token.length)
  return (word, out) => {
    const fail = (): void => {
      if (unknown !== undefined) out.push(unknown)
    }
    if (word.length > longest && [...word].length > longest) return fail()
    const found: number[] = []
    for (let start = 0; start < word.length; ) {
      let end = Math.min(word.length, start + reach)
      let id: number | undefined
      for (; end > start; end--) {
        const part = word.slice(start, end)
        id = idOf.get(start === 0 ? part : prefix + part)
        if (id !== undefined) break
      }
      if (id === undefined) return fail()
      found.push(id)
      start = end
    }
    for (const id of found) out.push(id)
  }
}

function wordLevel(model: Record<string, unknown>, idOf: ReadonlyMap<string, number>): Model {
  const unknown = idOf.get(String(model.unk_token ?? ''))
  return (word, out) => {
    const id = idOf.get(word) ?? unknown
    if (id !== undefined) out.push(id)
  }
}

/** The model of a file over its own vocabulary (added tokens left out). `native`: Unigram as SentencePiece itself computes. */
export function modelOf(
  type: string,
  model: Record<string, unknown>,
  idOf: ReadonlyMap<string, number>,
  where: string,
  native?: NativeUnigram,
): Model {
  if (type === 'BPE') return bpe(model, idOf, where)
  if (type === 'WordPiece') return wordPiece(model, idOf)
  if (type === 'Unigram') return unigram(model, idOf, where, native)
  if (type === 'WordLevel') return wordLevel(model, idOf)
  throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} has a tokenizer model of type ${type}, which is not read.`, {
    where,
    hint: 'BPE, WordPiece, Unigram and WordLevel are.',
  })
}

/** Ids of the bytes of a text as `<0xNN>`; undefined when one of them is no token. */
export function byteFallback(text: string, idOf: ReadonlyMap<string, number>): number[] | undefined {
  const ids: number[] = []
  for (const byte of new TextEncoder().encode(text)) {
    const id = idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    if (id === undefined) return undefined
    ids.push(id)
  }
  return ids
}
