/** @file GPT-2's and RoBERTa's byte-level BPE as a `tokenizer.json`, from `vocab.json` and `merges.txt`. */

import { VesaliusError } from '../core/errors.ts'
import type { AddedTokenJson, TokenizerConfig, TokenizerJson, Vocabulary } from './tokenizer-json.ts'

const robertaSpecials = ['<s>', '<pad>', '</s>', '<unk>', '<mask>']
const gptEnd = '<|endoftext|>'

/**
 * RoBERTa's form (`<s>` text `</s>`) where the vocabulary holds its special tokens, else GPT-2's (nothing around a text).
 * Throws FILE_DAMAGED when a merged token is missing.
 */
export function byteLevelJson(
  vocab: Vocabulary,
  merges: readonly (readonly [string, string])[],
  config: TokenizerConfig,
  where: string,
): TokenizerJson {
  const idOf = (token: string): number | undefined => (Object.hasOwn(vocab, token) ? vocab[token] : undefined)
  for (const [a, b] of merges) {
    if (idOf(a + b) !== undefined) continue
    throw new VesaliusError('FILE_DAMAGED', `${where} does not belong to its merges: it lacks the token ${a + b}.`, {
      where,
      hint: 'Give the vocab.json and merges.txt of the same model, or its tokenizer.json.',
    })
  }
  const [start, end] = [idOf('<s>'), idOf('</s>')]
  const isRoberta = start !== undefined && end !== undefined
  const added = (isRoberta ? robertaSpecials : [gptEnd]).flatMap((content): AddedTokenJson[] => {
    const id = idOf(content)
    const flags = { single_word: false, lstrip: content === '<mask>', rstrip: false, normalized: false, special: true }
    return id === undefined ? [] : [{ id, content, ...flags }]
  })
  const prefix = config.add_prefix_space === true
  const byteLevel = { type: 'ByteLevel', add_prefix_space: prefix, trim_offsets: true, use_regex: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.sort((a, b) => a.id - b.id),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: isRoberta
      ? {
          type: 'RobertaProcessing',
          sep: ['</s>', end],
          cls: ['<s>', start],
          trim_offsets: true,
          add_prefix_space: prefix,
        }
      : byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: merges.map(([a, b]) => [a, b]),
    },
  }
}
