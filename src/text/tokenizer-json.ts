/**
 * @file The two tokenizers of public medical CLIPs, written as a Hugging Face `tokenizer.json`: CLIP's lower-cased byte
 * BPE and BERT's WordPiece. The objects are the ones Python `transformers` writes itself.
 */

import { VesaliusError } from '../core/errors.ts'

/** How a tokenizer cuts words: CLIP's byte BPE with `</w>`, BERT's WordPiece, other byte BPE, SentencePiece. */
export type TokenizerKind = 'clip-bpe' | 'wordpiece' | 'bpe' | 'unigram'

/** A vocabulary: token to id. */
export type Vocabulary = Readonly<Record<string, number>>

/** One entry of `added_tokens`. */
export interface AddedTokenJson {
  id: number
  content: string
  special?: boolean
  normalized?: boolean
  single_word?: boolean
  lstrip?: boolean
  rstrip?: boolean
}

/** The parts of a `tokenizer.json` that this project reads; all others are carried along untouched. */
export interface TokenizerJson {
  added_tokens: AddedTokenJson[]
  normalizer: unknown
  pre_tokenizer: unknown
  post_processor: unknown
  decoder: unknown
  model: Record<string, unknown> & { type?: string }
  [other: string]: unknown
}

/** `tokenizer_config.json`: names of the special tokens and the longest input. */
export type TokenizerConfig = Record<string, unknown>

export const clipStart = '<|startoftext|>'
export const clipEnd = '<|endoftext|>'
/** The special tokens of BERT, in the order a new vocabulary starts with. */
export const bertSpecials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const

/** CLIP's own vocabulary of 49,408 = 2 x 256 bytes + this many merges + 2 special tokens. */
export const clipMergeCount = 48_894

const special = (id: number, content: string): AddedTokenJson => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
})

/**
 * The printable stand-ins of the 256 bytes, in the order GPT-2 and CLIP number them: printable Latin-1 first, then the
 * others as U+0100 and up.
 */
export function byteAlphabet(): string[] {
  const printable = [...span(33, 126), ...span(161, 172), ...span(174, 255)]
  const hidden = 256 - printable.length
  return [...printable, ...span(256, 255 + hidden)].map((code) => String.fromCharCode(code))
}

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/**
 * Reads `merges.txt` or OpenAI's `bpe_simple_vocab_16e6.txt`: a version line, then one pair a line. OpenAI's file holds
 * 262,144 pairs of which CLIP uses the first 48,894; the rest is left out, as CLIP does. Throws FILE_DAMAGED with the line.
 */
export function parseMerges(text: string, where: string, most = clipMergeCount): [string, string][] {
  const merges: [string, string][] = []
  // Line by line, not by split: four fifths of OpenAI's file are never looked at.
  for (let start = 0, number = 1; start < text.length && merges.length < most; number++) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end)
    start = end + 1
    if (line === '' || (number === 1 && line.includes('#version'))) continue
    const parts = line.split(' ')
    const [left, right] = parts
    if (parts.length !== 2 || left === undefined || right === undefined || left === '' || right === '') {
      throw new VesaliusError('FILE_DAMAGED', `${where} is not a list of merges: line ${number} is not two tokens.`, {
        where: `${where} line ${number}`,
        hint: "Give CLIP's merges.txt or bpe_simple_vocab_16e6.txt.",
      })
    }
    merges.push([left, right])
  }
  if (merges.length === 0) throw new VesaliusError('FILE_EMPTY', `${where} holds no merges.`, { where })
  return merges
}

/** CLIP's vocabulary as its merges imply it: bytes, bytes that end a word, merged pairs, start, end. */
export function clipVocabulary(merges: readonly (readonly [string, string])[]): Vocabulary {
  const bytes = byteAlphabet()
  const tokens = [...bytes, ...bytes.map((b) => `${b}</w>`), ...merges.map(([a, b]) => a + b), clipStart, clipEnd]
  return Object.fromEntries(tokens.map((token, id) => [token, id]))
}

/**
 * CLIP's tokenizer: NFC, white space to one blank, lower case; letters, single digits, other runs; byte BPE with `</w>`.
 * Throws FILE_DAMAGED when the vocabulary lacks a merged token or a special token.
 */
export function clipTokenizerJson(
  vocab: Vocabulary,
  merges: readonly (readonly [string, string])[],
  where: string,
): TokenizerJson {
  const idOf = (token: string): number => {
    const id = Object.hasOwn(vocab, token) ? vocab[token] : undefined
    if (id !== undefined) return id
    throw new VesaliusError('FILE_DAMAGED', `${where} is not a CLIP vocabulary: it lacks the token ${token}.`, {
      where,
      hint: 'Give the vocab.json and merges.txt of the same CLIP model, or its tokenizer.json.',
    })
  }
  for (const [a, b] of merges) idOf(a + b)
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(idOf(clipStart), clipStart), special(idOf(clipEnd), clipEnd)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: {
            Regex:
              "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
          },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [clipEnd, idOf(clipEnd)],
      cls: [clipStart, idOf(clipStart)],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: clipEnd,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: merges.map(([a, b]) => [a, b]),
    },
  }
}

/** What BERT does to a text before it cuts it. */
export interface BertOptions {
  /** Lower-case and, unless `stripAccents` says otherwise, strip accents. */
  lowercase: boolean
  stripAccents?: boolean | null
  chinese?: boolean
}

/** BERT's tokenizer: cleaning, lower case and accents; words and single punctuation marks; longest piece first. */
export function wordPieceTokenizerJson(vocab: Vocabulary, options: BertOptions, where: string): TokenizerJson {
  const idOf = (token: string): number => {
    const id = Object.hasOwn(vocab, token) ? vocab[token] : undefined
    if (id !== undefined) return id
    throw new VesaliusError('FILE_DAMAGED', `${where} is not a BERT vocabulary: it lacks the token ${token}.`, {
      where,
      hint: 'A WordPiece vocabulary holds [PAD], [UNK], [CLS] and [SEP].',
    })
  }
  for (const token of bertSpecials.slice(0, 4)) idOf(token)
  const token = (content: string): unknown => ({ SpecialToken: { id: content, type_id: 0 } })
  const template = (content: string): unknown => ({ id: content, ids: [idOf(content)], tokens: [content] })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: bertSpecials
      .filter((content) => Object.hasOwn(vocab, content))
      .map((content) => special(idOf(content), content))
      .sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: options.chinese ?? true,
      strip_accents: options.stripAccents ?? null,
      lowercase: options.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, token('[SEP]')],
      pair: [
        token('[CLS]'),
        { Sequence: { id: 'A', type_id: 0 } },
        token('[SEP]'),
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: '[SEP]', type_id: 1 } },
      ],
      special_tokens: { '[CLS]': template('[CLS]'), '[SEP]': template('[SEP]') },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  }
}
