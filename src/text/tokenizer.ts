/** @file The tokenizer: text to ids of a fixed length, for CLIP's byte BPE, BERT's WordPiece and other `tokenizer.json`. */

import { VesaliusError } from '../core/errors.ts'
import { modelType, type TokenizerEngine, tokenizerEngine } from './tokenizer-engine.ts'
import { tokenizerFiles } from './tokenizer-files.ts'
import {
  clipTokenizerJson,
  clipVocabulary,
  parseMerges,
  type TokenizerConfig,
  type TokenizerJson,
  type TokenizerKind,
  wordPieceTokenizerJson,
} from './tokenizer-json.ts'

/** A batch of texts as ids. */
export interface TokenBatch {
  /** `[B, length]`, row-major; unused places hold the padding id. */
  ids: Int32Array
  /** `[B, length]`, 1 = token, 0 = padding. The only judge of padding: CLIP pads with its end token. */
  mask: Uint8Array
  length: number
  /** Rows whose text gave no token at all (start and end only): the caller warns, or refuses for a prompt. */
  empty: number[]
  /** Rows that were longer than `length` and lost their tail (the end token is kept). */
  truncated: number[]
}

/** Text to ids. Immutable; safe to share. */
export interface Tokenizer {
  readonly kind: TokenizerKind
  /** Number of rows an embedding table needs: the largest id + 1. */
  readonly vocabSize: number
  /** Longest sequence `encode` returns, special tokens included. */
  readonly contextLength: number
  readonly padId: number
  /** The token set before (CLIP start, BERT [CLS]) and after (CLIP end, BERT [SEP]) every text. */
  readonly bosId: number | undefined
  readonly eosId: number | undefined
  readonly maskId: number | undefined
  readonly unkId: number | undefined
  /** Ids with special tokens, at most `contextLength`; what is cut is cut before the end token. Takes any string. */
  encode(text: string): number[]
  /** Tokens of a text with the special tokens around it, before anything is cut. */
  lengthOf(text: string): number
  /** The tokens of `encode(text)`, one for one, as written in the vocabulary. */
  tokens(text: string): string[]
  /**
   * Ids and mask of several texts, each padded to `length` (default and at most `contextLength`).
   * Throws CONFIG_INVALID for a length outside (special tokens, contextLength].
   */
  encodeBatch(texts: readonly string[], length?: number): TokenBatch
  /** For each id the index of its word, counted from 0; -1 for special tokens. Sub-words of one word share an index. */
  wordIds(ids: ArrayLike<number>): Int32Array
  /** Text of some ids, without special tokens. */
  decode(ids: ArrayLike<number>): string
  /** File name to content: a folder of these loads in Python `transformers` and here. */
  toFiles(): Record<string, string>
}

/** Longest input and padding, where the files do not say or should not decide. */
export interface TokenizerOptions {
  contextLength?: number
}

/**
 * A tokenizer from the two JSON objects of a Hugging Face folder. Throws MODEL_INVALID when ids are missing or doubled,
 * FORMAT_UNSUPPORTED for unknown steps, CONFIG_INVALID for a context too short for the special tokens.
 */
export function tokenizerFromJson(
  json: TokenizerJson,
  config: TokenizerConfig,
  where: string,
  options: TokenizerOptions = {},
): Tokenizer {
  const kind = kindOf(json, where)
  const idOf = checkVocabulary(json, where)
  // transformers runs SigLIP's tokenizer by the library SentencePiece itself.
  const native = String(config.tokenizer_class ?? '').startsWith('Siglip')
  const engine = tokenizerEngine(json, idOf, where, native)
  const { before, after } = frame(engine, idOf, where)
  const contextLength = options.contextLength ?? longest(config, json) ?? (kind === 'clip-bpe' ? 77 : 512)
  const specials = before.length + after.length
  checkLength(contextLength, specials, Number.POSITIVE_INFINITY, where)

  const named = (key: string, ...others: string[]): number | undefined => {
    for (const token of [contentOf(config[key]), ...others]) {
      const id = token === undefined ? undefined : idOf.get(token)
      if (id !== undefined) return id
    }
    return undefined
  }
  const bosId = before.at(0)
  const eosId = after.at(-1)
  const padId = named('pad_token', ...padding(json), '[PAD]', '<pad>') ?? eosId ?? 0
  const unknown = contentOf(json.model.unk_token) ?? contentOf(config.unk_token)
  const unkId = unknown === undefined ? undefined : idOf.get(unknown)
  // BERT's [UNK] stands for a word of the text; CLIP's unknown token is its end token and does not.
  const specialIds = new Set(json.added_tokens.filter((t) => t.special === true).map((t) => t.id))
  if (unkId !== undefined && unkId !== eosId) specialIds.delete(unkId)
  const tokenOf = new Map([...idOf].map(([token, id]) => [id, token]))

  const cut = <T>(content: readonly T[], head: readonly T[], tail: readonly T[], length: number): T[] => [
    ...head,
    ...content.slice(0, length - head.length - tail.length),
    ...tail,
  ]
  const name = (id: number): string => tokenOf.get(id) ?? ''

  return {
    kind,
    vocabSize: [...tokenOf.keys()].reduce((top, id) => Math.max(top, id), 0) + 1,
    contextLength,
    padId,
    bosId,
    eosId,
    maskId: named('mask_token', '[MASK]', '<mask>'),
    unkId,
    encode: (text) => cut(engine.encode(text), before, after, contextLength),
    lengthOf: (text) => engine.encode(text).length + specials,
    tokens: (text) => cut(engine.encode(text), before, after, contextLength).map(name),

    encodeBatch(texts, length = contextLength) {
      checkLength(length, specials, contextLength, 'encodeBatch')
      const ids = new Int32Array(texts.length * length).fill(padId)
      const mask = new Uint8Array(texts.length * length)
      const empty: number[] = []
      const truncated: number[] = []
      for (const [row, text] of texts.entries()) {
        const content = engine.encode(text)
        if (content.length === 0) empty.push(row)
        if (content.length + specials > length) truncated.push(row)
        const whole = cut(content, before, after, length)
        ids.set(whole, row * length)
        mask.fill(1, row * length, row * length + whole.length)
      }
      return { ids, mask, length, empty, truncated }
    },

    wordIds(ids) {
      const words = new Int32Array(ids.length).fill(-1)
      let word = -1
      let open = false
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i]
        if (id === undefined || specialIds.has(id)) {
          open = false
          continue
        }
        const token = name(id)
        if (!open || startsWord(kind, token)) word++
        words[i] = word
        open = kind !== 'clip-bpe' || !token.endsWith('</w>')
      }
      return words
    },

    decode: (ids) => engine.decode(Array.from(ids), true),
    toFiles: () => tokenizerFiles({ json, config, kind, contextLength, pad: name(padId) }),
  }
}

/**
 * CLIP's tokenizer from the text of its merges: `merges.txt`, or OpenAI's `bpe_simple_vocab_16e6.txt` unpacked. Ids follow
 * from the merges (bytes, bytes ending a word, merged pairs, start, end).
 */
export function clipTokenizer(mergesText: string, options: TokenizerOptions & { where?: string } = {}): Tokenizer {
  const where = options.where ?? 'The list of merges'
  const merges = parseMerges(mergesText, where)
  const json = clipTokenizerJson(clipVocabulary(merges), merges, where)
  return tokenizerFromJson(json, {}, where, { contextLength: options.contextLength ?? 77 })
}

/** BERT's tokenizer from a vocabulary in id order. Throws CONFIG_INVALID for a token that stands twice. */
export function wordPieceTokenizer(
  vocab: readonly string[],
  options: TokenizerOptions & { lowercase?: boolean; where?: string } = {},
): Tokenizer {
  const where = options.where ?? 'The vocabulary'
  const ids = new Map<string, number>()
  for (const [id, token] of vocab.entries()) {
    if (ids.has(token)) {
      throw new VesaliusError(
        'FILE_DAMAGED',
        `${where} holds the token "${token}" twice (ids ${ids.get(token)}, ${id}).`,
        {
          where,
        },
      )
    }
    ids.set(token, id)
  }
  const json = wordPieceTokenizerJson(Object.fromEntries(ids), { lowercase: options.lowercase ?? true }, where)
  return tokenizerFromJson(json, {}, where, { contextLength: options.contextLength ?? 512 })
}

function kindOf(json: TokenizerJson, where: string): TokenizerKind {
  const { model } = json
  const type = modelType(json)
  if (type === 'WordPiece') return 'wordpiece'
  if (type === 'Unigram') return 'unigram'
  if (type === 'BPE') return model.end_of_word_suffix === '</w>' ? 'clip-bpe' : 'bpe'
  throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} has a tokenizer model of type ${type}, which is not read.`, {
    where,
    hint: 'BPE, WordPiece and Unigram are.',
  })
}

/** Every token with its id. Throws when an id is not a whole number, is used twice, or the unknown token is missing. */
function checkVocabulary(json: TokenizerJson, where: string): Map<string, number> {
  const { vocab } = json.model
  const bad = (what: string): VesaliusError =>
    new VesaliusError('MODEL_INVALID', `${where} has a damaged vocabulary: ${what}.`, { where })
  if (typeof vocab !== 'object' || vocab === null) throw bad('model.vocab is missing')
  const entries: [string, unknown][] = Array.isArray(vocab)
    ? vocab.map((entry: unknown, id) => [Array.isArray(entry) ? String(entry[0]) : '', id])
    : Object.entries(vocab)
  const idOf = new Map<string, number>()
  const taken = new Set<number>()
  for (const [token, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 10_000_000) {
      throw bad(`the id of token "${token}" is not a whole number`)
    }
    if (taken.has(id)) throw bad(`id ${id} is used twice`)
    taken.add(id)
    idOf.set(token, id)
  }
  for (const { content, id } of json.added_tokens) idOf.set(content, id)
  const unknown = contentOf(json.model.unk_token)
  if (unknown !== undefined && !idOf.has(unknown)) throw bad(`the unknown token ${unknown} has no id`)
  if (idOf.size === 0) throw bad('it is empty')
  return idOf
}

/** Ids set before and after a text. Throws MODEL_INVALID for tokens that are not in the vocabulary. */
function frame(
  { before, after }: TokenizerEngine,
  idOf: Map<string, number>,
  where: string,
): { before: number[]; after: number[] } {
  const idsOf = (tokens: TokenizerEngine['before']): number[] =>
    tokens.map(({ token, id }) => {
      if (id !== undefined && idOf.get(token) === id) return id
      throw new VesaliusError(
        'MODEL_INVALID',
        `${where} puts special tokens around a text that are not in its vocabulary.`,
        { where },
      )
    })
  return { before: idsOf(before), after: idsOf(after) }
}

function checkLength(length: number, specials: number, most: number, where: string): void {
  if (Number.isInteger(length) && length > specials && length <= most) return
  throw new VesaliusError(
    'CONFIG_INVALID',
    `A text length of ${length} tokens does not fit the tokenizer of ${where}.`,
    {
      where,
      hint: `Give a whole number above ${specials}${Number.isFinite(most) ? ` and at most ${most}` : ''}.`,
    },
  )
}

/** `model_max_length`, unless it is the huge number transformers writes for "not known"; else the file's own truncation. */
function longest(config: TokenizerConfig, json: TokenizerJson): number | undefined {
  const truncation = json.truncation
  const own =
    typeof truncation === 'object' && truncation !== null && 'max_length' in truncation
      ? truncation.max_length
      : undefined
  return [config.model_max_length, own].find(
    (n): n is number => typeof n === 'number' && Number.isInteger(n) && n > 0 && n <= 1_000_000,
  )
}

function padding(json: TokenizerJson): string[] {
  const own = json.padding
  const token = typeof own === 'object' && own !== null && 'pad_token' in own ? own.pad_token : undefined
  return typeof token === 'string' ? [token] : []
}

/** A special token is written as a text or as `{ content }`. */
function contentOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || !('content' in value)) return undefined
  return typeof value.content === 'string' ? value.content : undefined
}

/** Whether a token that follows an open word begins a new one. CLIP marks ends instead, so an open word goes on. */
function startsWord(kind: TokenizerKind, token: string): boolean {
  if (kind === 'clip-bpe') return false
  if (kind === 'wordpiece') return !token.startsWith('##')
  return kind === 'bpe' ? token.startsWith('\u0120') : token.startsWith('\u2581')
}
