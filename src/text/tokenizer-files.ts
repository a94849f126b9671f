/** @file A tokenizer as files: reading a Hugging Face folder, writing one that Python `transformers` loads. */

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { parseWith } from '../core/config.ts'
import { isMissingFile, messageOf, VesaliusError } from '../core/errors.ts'
import { readBytes, readJson } from '../core/files.ts'
import { byteLevelJson } from './byte-level-json.ts'
import { sentencePieceJson } from './sentencepiece.ts'
import {
  clipEnd,
  clipStart,
  clipTokenizerJson,
  clipVocabulary,
  parseMerges,
  type TokenizerConfig,
  type TokenizerJson,
  type TokenizerKind,
  wordPieceTokenizerJson,
} from './tokenizer-json.ts'

const tokenizerSchema = z.looseObject({
  added_tokens: z
    .array(z.looseObject({ id: z.number().int().nonnegative(), content: z.string(), special: z.boolean().optional() }))
    .nullish(),
  model: z.looseObject({ type: z.string().nullish() }),
})
const configSchema = z.looseObject({
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
})
const vocabularySchema = z.record(z.string(), z.number().int().nonnegative())

/** OpenAI's merges, as their repository and open_clip name them. */
const openAiMerges = ['bpe_simple_vocab_16e6.txt', 'bpe_simple_vocab_16e6.txt.gz']

/** The two JSON objects of a folder, whichever files it holds. */
export interface TokenizerFolder {
  json: TokenizerJson
  config: TokenizerConfig
  where: string
}

/**
 * Reads a folder: `tokenizer.json` first, else `vocab.json` + `merges.txt`, OpenAI's merges alone,
 * `vocab.txt`, or a SentencePiece model.
 * `tokenizer_config.json` is used where present. Throws FILE_MISSING when the folder has none of them, FILE_DAMAGED or
 * MODEL_INVALID naming the file that is wrong.
 */
export async function readTokenizerFolder(folder: string): Promise<TokenizerFolder> {
  const names = await list(folder)
  const path = (name: string): string => join(folder, name)
  const config = names.has('tokenizer_config.json')
    ? parseWith(
        configSchema,
        await readJson(path('tokenizer_config.json')),
        path('tokenizer_config.json'),
        'MODEL_INVALID',
      )
    : {}

  if (names.has('tokenizer.json')) {
    const where = path('tokenizer.json')
    return { json: asTokenizerJson(await readJson(where), where), config, where }
  }
  if (names.has('vocab.json') && names.has('merges.txt')) {
    const where = path('vocab.json')
    const vocab = parseWith(vocabularySchema, await readJson(where), where, 'MODEL_INVALID')
    const text = await readText(path('merges.txt'))
    // CLIP marks the ends of words; GPT-2 and RoBERTa mark blanks.
    if (Object.keys(vocab).some((token) => token.endsWith('</w>'))) {
      return { json: clipTokenizerJson(vocab, parseMerges(text, path('merges.txt')), where), config, where }
    }
    const merges = parseMerges(text, path('merges.txt'), Number.POSITIVE_INFINITY)
    return { json: byteLevelJson(vocab, merges, config, where), config, where }
  }
  const merged = [...openAiMerges, 'merges.txt'].find((name) => names.has(name))
  if (merged !== undefined) {
    const where = path(merged)
    const merges = parseMerges(await readText(where), where)
    return { json: clipTokenizerJson(clipVocabulary(merges), merges, where), config, where }
  }
  if (names.has('vocab.txt')) {
    const where = path('vocab.txt')
    const options = {
      lowercase: config.do_lower_case ?? true,
      stripAccents: config.strip_accents ?? null,
      chinese: config.tokenize_chinese_chars ?? true,
    }
    return {
      json: wordPieceTokenizerJson(parseVocabulary(await readText(where), where), options, where),
      config,
      where,
    }
  }
  const model = ['spiece.model', 'tokenizer.model', 'sentencepiece.bpe.model'].find((name) => names.has(name))
  if (model !== undefined) {
    const where = path(model)
    return { json: sentencePieceJson(await readBytes(where), config, where), config, where }
  }
  throw new VesaliusError('FILE_MISSING', `The folder ${folder} holds no tokenizer.`, {
    where: folder,
    hint: 'It needs tokenizer.json, vocab.json with merges.txt, bpe_simple_vocab_16e6.txt.gz, vocab.txt, or spiece.model.',
  })
}

/** Checks the object and keeps it as it is, order of keys included, so that saving it again gives the same file. */
function asTokenizerJson(value: unknown, where: string): TokenizerJson {
  parseWith(tokenizerSchema, value, where, 'MODEL_INVALID')
  const json = value as TokenizerJson
  return {
    ...json,
    added_tokens: json.added_tokens ?? [],
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: json.post_processor ?? null,
    decoder: json.decoder ?? null,
  }
}

/** `vocab.txt`: one token a line, the line number is the id. A last empty line is not a token. */
function parseVocabulary(text: string, where: string): Record<string, number> {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  while (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) throw new VesaliusError('FILE_EMPTY', `${where} holds no tokens.`, { where })
  const ids = new Map<string, number>()
  for (const [id, token] of lines.entries()) {
    if (ids.has(token)) {
      throw new VesaliusError(
        'FILE_DAMAGED',
        `${where} holds one token twice: line ${id + 1} repeats an earlier one.`,
        {
          where: `${where} line ${id + 1}`,
        },
      )
    }
    ids.set(token, id)
  }
  return Object.fromEntries(ids)
}

async function list(folder: string): Promise<Set<string>> {
  try {
    return new Set(await readdir(folder))
  } catch (error) {
    const missing = isMissingFile(error)
    throw new VesaliusError(
      missing ? 'FILE_MISSING' : 'FILE_DAMAGED',
      missing ? `There is no folder at ${folder}.` : `${folder} could not be read: ${messageOf(error)}.`,
      { where: folder, hint: 'Give the folder of a model or of its tokenizer.', cause: error },
    )
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path)
  if (!path.endsWith('.gz')) return bytes.toString('utf8')
  try {
    return gunzipSync(bytes, { maxOutputLength: 64 << 20 }).toString('utf8')
  } catch (error) {
    throw new VesaliusError('FILE_DAMAGED', `${path} could not be unpacked: ${messageOf(error)}.`, {
      where: path,
      cause: error,
    })
  }
}

/** What the files of a tokenizer are made from. */
export interface TokenizerParts extends Pick<TokenizerFolder, 'json' | 'config'> {
  kind: TokenizerKind
  contextLength: number
  /** The padding token as text. */
  pad: string
}

/** File name to content: `tokenizer.json`, `tokenizer_config.json` and the plain vocabulary files of the older loaders. */
export function tokenizerFiles({ json, config, kind, contextLength, pad }: TokenizerParts): Record<string, string> {
  const line = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
  const common = { ...config, model_max_length: contextLength, pad_token: pad }
  const files = { 'tokenizer.json': line(json) }
  const vocab = Object.entries(json.model.vocab ?? {}) as [string, number][]
  const byId = vocab.toSorted(([, a], [, b]) => a - b)

  if (kind === 'clip-bpe') {
    const own = { tokenizer_class: 'CLIPTokenizer', bos_token: clipStart, eos_token: clipEnd, unk_token: clipEnd }
    const merges = (json.model.merges ?? []) as (string | [string, string])[]
    return {
      ...files,
      'tokenizer_config.json': line({ ...own, ...common }),
      'vocab.json': `${JSON.stringify(Object.fromEntries(byId))}\n`,
      'merges.txt': `#version: 0.2\n${merges.map((m) => `${typeof m === 'string' ? m : m.join(' ')}\n`).join('')}`,
    }
  }
  if (kind === 'wordpiece') {
    const normal = json.normalizer as Record<string, unknown> | null
    const own = {
      tokenizer_class: 'BertTokenizer',
      unk_token: '[UNK]',
      cls_token: '[CLS]',
      sep_token: '[SEP]',
      mask_token: '[MASK]',
      do_lower_case: normal?.lowercase ?? false,
      strip_accents: normal?.strip_accents ?? null,
      tokenize_chinese_chars: normal?.handle_chinese_chars ?? true,
    }
    // Line numbers are the ids, so the plain file is only right for a vocabulary without gaps.
    const whole = byId.every(([, id], i) => id === i)
    return {
      ...files,
      'tokenizer_config.json': line({ ...own, ...common }),
      ...(whole ? { 'vocab.txt': byId.map(([token]) => `${token}\n`).join('') } : {}),
    }
  }
  return { ...files, 'tokenizer_config.json': line(common) }
}
