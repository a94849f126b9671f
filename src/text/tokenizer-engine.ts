/**
 * @file The steps of a `tokenizer.json` put together: added tokens, normalizer, pre-tokenizer, model, decoder. Equal to
 * Python's `tokenizers` except for letters and marks that one side's Unicode tables do not know yet (scripts added since
 * 2015). Pieces that were cut before are remembered, as there.
 */

import { addedTokens } from './engine/added.ts'
import { decoderOf, fromByteSymbols } from './engine/decoders.ts'
import { isStep, stepsOf, unknownStep } from './engine/json.ts'
import { modelOf } from './engine/models.ts'
import { normalizerOf } from './engine/normalizers.ts'
import { type Cut, preTokenizerOf } from './engine/pre-tokenizers.ts'
import type { NativeUnigram } from './engine/unigram.ts'
import type { TokenizerJson } from './tokenizer-json.ts'

/** A tokenizer without lengths: texts to ids and back. */
export interface TokenizerEngine {
  /** Ids of a text without the special tokens around it. */
  encode(text: string): number[]
  decode(ids: readonly number[], skipSpecials: boolean): string
  /** Words as the model gets them: normalised, then pre-tokenised; added tokens are words like others. */
  words(text: string): string[]
  /** Special tokens that the post-processor sets before and after a text, as tokens with their ids. */
  before: readonly FrameToken[]
  after: readonly FrameToken[]
}

export interface FrameToken {
  token: string
  id: number | undefined
}

const loneSurrogates = /\p{Surrogate}/gu
/** Pieces remembered, and how long they may be: names and numbers never repeat, words of the field do. */
const remembered = 60_000
const longestRemembered = 100

/** What kind of model a file has, where it does not say. */
export function modelType({ model }: TokenizerJson): string {
  return model.type ?? ('merges' in model ? 'BPE' : Array.isArray(model.vocab) ? 'Unigram' : 'WordPiece')
}

/**
 * Puts the steps together. `idOf` is the model's vocabulary, added tokens included; `native`: as the library
 * SentencePiece computes, not Rust's tokenizers. Throws FORMAT_UNSUPPORTED when the
 * file asks for a step that is not known, MODEL_INVALID when it contradicts itself.
 */
export function tokenizerEngine(
  json: TokenizerJson,
  idOf: ReadonlyMap<string, number>,
  where: string,
  native = false,
): TokenizerEngine {
  const normalize = normalizerOf(json.normalizer, where, native)
  const stretches = addedTokens(json.added_tokens, normalize)
  const allCuts = preTokenizerOf(json.pre_tokenizer, where)
  const specials = new Set(json.added_tokens.filter(({ special }) => special === true).map(({ id }) => id))
  const vocabulary = modelVocabulary(json, idOf)
  const model = modelOf(modelType(json), json.model, vocabulary, where, native ? nativeUnigram(json) : undefined)
  const decode = decoderOf(json.decoder, where)
  const tokenOf = new Map([...idOf].map(([token, id]) => [id, token]))
  const suffix = typeof json.model.end_of_word_suffix === 'string' ? json.model.end_of_word_suffix : ''
  const bytes = isStep(json.decoder) && json.decoder.type === 'ByteLevel'

  const cutAll = (piece: string, first: boolean, cuts: readonly Cut[]): string[] => {
    let pieces = [piece]
    for (const cut of cuts) pieces = pieces.flatMap((each, i) => cut(each, first && i === 0))
    return pieces
  }
  // SentencePiece sums over a text as a whole, so its words stay together.
  const together: Cut = (piece, first) => [cutAll(piece, first, allCuts).join('')]
  const [firstCut, ...moreCuts] = native ? [together] : allCuts
  const known = new Map<string, number[]>()
  const push = (piece: string, first: boolean, out: number[]): void => {
    const key = first ? piece : `\0${piece}`
    let ids = known.get(key)
    if (ids === undefined) {
      ids = []
      for (const part of cutAll(piece, first, moreCuts)) if (part !== '') model(part, ids)
      if (piece.length <= longestRemembered) {
        if (known.size >= remembered) known.clear()
        known.set(key, ids)
      }
    }
    for (const id of ids) out.push(id)
  }
  // Only Metaspace asks whether a piece begins the text; for all others one entry a piece is enough.
  const asks = moreCuts.length > 0 && JSON.stringify(json.pre_tokenizer).includes('Metaspace')

  return {
    encode(text) {
      const out: number[] = []
      // Python's texts are code points: half a surrogate pair cannot reach it, so its meaning here is ours to choose.
      for (const stretch of stretches(text.replace(loneSurrogates, '\uFFFD'))) {
        if ('id' in stretch) out.push(stretch.id)
        else if (stretch.text === '') continue
        else if (firstCut === undefined) push(stretch.text, true, out)
        else {
          let first = stretch.first
          for (const piece of firstCut(stretch.text, stretch.first)) {
            if (piece !== '') push(piece, asks ? first : true, out)
            first = false
          }
        }
      }
      return out
    },
    decode(ids, skipSpecials) {
      const tokens: string[] = []
      for (const id of ids) {
        const token = tokenOf.get(id)
        if (token !== undefined && !(skipSpecials && specials.has(id))) tokens.push(token)
      }
      // CLIP's file names a decoder that does not know its ends of words; transformers mends that in code, as here.
      if (bytes && suffix !== '') return fromByteSymbols(tokens.join('').replaceAll(suffix, ' ')).trim()
      return decode(tokens).join('')
    },
    words: (text) => cutAll(normalize(text.replace(loneSurrogates, '\uFFFD')), true, allCuts),
    ...frameOf(json.post_processor, idOf, where),
  }
}

/** The model's own tokens. Added tokens stand in the vocabulary too when the model knows them. */
function modelVocabulary(json: TokenizerJson, idOf: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const { vocab } = json.model
  if (Array.isArray(vocab)) {
    return new Map(vocab.map((entry: unknown, id) => [Array.isArray(entry) ? String(entry[0]) : '', id]))
  }
  return isStep(vocab) ? new Map(Object.entries(vocab) as [string, number][]) : idOf
}

/** SigLIP's text stands behind its unknown token, spelt as text: SentencePiece would drop a blank at the beginning. */
function nativeUnigram({ added_tokens, model }: TokenizerJson): NativeUnigram {
  const vocab = Array.isArray(model.vocab) ? (model.vocab as unknown[]) : []
  const entry = typeof model.unk_id === 'number' ? vocab[model.unk_id] : undefined
  const unknown = Array.isArray(entry) ? String(entry[0]) : '<unk>'
  const special = added_tokens.flatMap((token) => (token.special === true ? [token.content] : []))
  return { lead: `\u2581${unknown}`, reserved: new Set(special) }
}

/** What a post-processor sets around one text. */
function frameOf(
  step: unknown,
  idOf: ReadonlyMap<string, number>,
  where: string,
): Pick<TokenizerEngine, 'before' | 'after'> {
  if (step === null || step === undefined) return { before: [], after: [] }
  if (!isStep(step)) throw unknownStep('post-processor', step, where)
  const pair = (value: unknown): FrameToken => {
    const [token, id] = Array.isArray(value) ? (value as unknown[]) : []
    return { token: String(token), id: typeof id === 'number' ? id : undefined }
  }
  switch (step.type) {
    case 'ByteLevel':
      return { before: [], after: [] }
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { before: [pair(step.cls)], after: [pair(step.sep)] }
    case 'TemplateProcessing': {
      const tokens = isStep(step.special_tokens) ? step.special_tokens : {}
      const [before, after]: [FrameToken[], FrameToken[]] = [[], []]
      let side = before
      for (const part of stepsOf(step.single)) {
        if (!isStep(part)) continue
        if (isStep(part.Sequence)) side = after
        if (!isStep(part.SpecialToken)) continue
        const name = String(part.SpecialToken.id)
        const entry = tokens[name]
        const ids = isStep(entry) ? stepsOf(entry.ids) : []
        const texts = isStep(entry) ? stepsOf(entry.tokens) : []
        if (ids.length === 0) side.push({ token: name, id: idOf.get(name) })
        for (const [i, id] of ids.entries()) side.push(pair([texts[i] ?? name, id]))
      }
      return { before, after }
    }
    case 'Sequence': {
      const parts = stepsOf(step.processors).map((each) => frameOf(each, idOf, where))
      return {
        before: parts.toReversed().flatMap((each) => each.before),
        after: parts.flatMap((each) => each.after),
      }
    }
    default:
      throw unknownStep('post-processor', step, where)
  }
}
