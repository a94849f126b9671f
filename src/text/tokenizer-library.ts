/**
 * @file `@huggingface/tokenizers`, made equal to Python's `tokenizers`. A comparison of both over every Unicode code point
 * and thousands of mixed texts found three differences (below); this file removes them. What is left are letters and marks that
 * one side's Unicode tables do not know yet (scripts added since 2015).
 */

import { Tokenizer as Library } from '@huggingface/tokenizers'
import { messageOf, VesaliusError } from '../core/errors.ts'
import type { TokenizerConfig, TokenizerJson } from './tokenizer-json.ts'

type Step = Record<string, unknown> & { type?: string }

/** GPT-2's own pattern. Written out as a `Split`, its `\s` is Unicode white space; inside the library's ByteLevel it is not. */
const byteLevelPattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/** Ideographs beyond U+FFFF that BERT sets blanks around; the library looks at 16-bit units and misses them. */
const farIdeographs = /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu
const loneSurrogates = /\p{Surrogate}/gu

/** The library's tokenizer with its input mended. */
export interface ExactTokenizer {
  /** Ids and token texts of a whole text, with or without the special tokens around it. */
  encode(text: string, specials: boolean): { ids: number[]; tokens: string[] }
  decode(ids: number[], skipSpecials: boolean): string
  /** Words as the model gets them: normalised, then pre-tokenised. */
  words(text: string): string[]
}

/** Wraps the library. Throws FORMAT_UNSUPPORTED when the file asks for a step that the library does not know. */
export function exactTokenizer(json: TokenizerJson, config: TokenizerConfig, where: string): ExactTokenizer {
  let library: Library
  try {
    library = new Library({ ...json, pre_tokenizer: mendByteLevel(json.pre_tokenizer) }, config)
  } catch (error) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} cannot be used as a tokenizer: ${messageOf(error)}.`, {
      where,
      hint: 'CLIP byte BPE, BERT WordPiece, and other tokenizer.json of transformers are read.',
      cause: error,
    })
  }
  const mend = mendText(json)
  return {
    encode: (text, specials) => {
      const { ids, tokens } = library.encode(mend(text), { add_special_tokens: specials })
      return { ids, tokens }
    },
    decode: (ids, skipSpecials) => (ids.length === 0 ? '' : library.decode(ids, { skip_special_tokens: skipSpecials })),
    words(text) {
      const mended = mend(text)
      const normal = library.normalizer === null ? mended : library.normalizer.normalize(mended)
      return library.pre_tokenizer === null ? [normal] : library.pre_tokenizer.pre_tokenize(normal)
    },
  }
}

/** ByteLevel with its pattern written out. Only the copy given to the library is changed, never what is saved. */
function mendByteLevel(step: unknown): unknown {
  if (!isStep(step)) return step
  if (step.type === 'Sequence' && Array.isArray(step.pretokenizers)) {
    return { ...step, pretokenizers: step.pretokenizers.map(mendByteLevel) }
  }
  if (step.type !== 'ByteLevel' || step.use_regex === false || step.add_prefix_space === true) return step
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: byteLevelPattern }, behavior: 'Isolated', invert: false },
      { ...step, use_regex: false },
    ],
  }
}

function mendText(json: TokenizerJson): (text: string) => string {
  const steps = flatten(json.normalizer)
  const lowers = steps.some((s) => s.type === 'Lowercase' || (s.type === 'BertNormalizer' && s.lowercase === true))
  const ideographs = steps.some((s) => s.type === 'BertNormalizer' && s.handle_chinese_chars === true)
  return (text) => {
    // Python's texts are code points: half a surrogate pair cannot reach it, so its meaning here is ours to choose.
    let mended = text.replace(loneSurrogates, '\uFFFD')
    // JavaScript writes a capital sigma at the end of a word as a final sigma; Rust lower-cases letter by letter.
    if (lowers) mended = mended.replaceAll('\u03A3', '\u03C3')
    if (ideographs) mended = mended.replace(farIdeographs, ' $& ')
    return mended
  }
}

function flatten(step: unknown): Step[] {
  if (!isStep(step)) return []
  return step.type === 'Sequence' && Array.isArray(step.normalizers) ? step.normalizers.flatMap(flatten) : [step]
}

function isStep(value: unknown): value is Step {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
