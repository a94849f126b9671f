/**
 * @file SentencePiece models (`spiece.model`, a protobuf) as a `tokenizer.json`, as Python `transformers` reads them for T5
 * and SigLIP.
 */

import protobuf from 'protobufjs'
import { VesaliusError } from '../core/errors.ts'
import type { AddedTokenJson, TokenizerConfig, TokenizerJson } from './tokenizer-json.ts'

/** Types of pieces in sentencepiece_model.proto. */
const kinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 }

interface Piece {
  text: string
  score: number
  kind: number
}

interface SentencePieceModel {
  pieces: Piece[]
  /** 1 Unigram, 2 BPE, 3 word, 4 character. */
  modelType: number
  unknown: number
  end: number
  pad: number
  fallback: boolean
  charsMap: string
}

/** Fields of one message: number to the reader's position handling. Unknown fields are skipped. */
function eachField(reader: protobuf.Reader, end: number, take: (field: number, wire: number) => boolean): void {
  while (reader.pos < end) {
    const key = reader.uint32()
    if (!take(key >>> 3, key & 7)) reader.skipType(key & 7)
  }
}

function readPiece(reader: protobuf.Reader): Piece {
  const piece = { text: '', score: 0, kind: kinds.normal }
  const end = reader.uint32() + reader.pos
  eachField(reader, end, (field) => {
    if (field === 1) piece.text = reader.string()
    else if (field === 2) piece.score = reader.float()
    else if (field === 3) piece.kind = reader.int32()
    else return false
    return true
  })
  return piece
}

/** Reads the parts of ModelProto that tokenizing needs. Throws FILE_DAMAGED. */
function readModel(bytes: Uint8Array, where: string): SentencePieceModel {
  const model: SentencePieceModel = {
    pieces: [],
    modelType: 1,
    unknown: 0,
    end: 2,
    pad: -1,
    fallback: false,
    charsMap: '',
  }
  try {
    const reader = protobuf.Reader.create(bytes)
    eachField(reader, bytes.length, (field) => {
      if (field === 1) model.pieces.push(readPiece(reader))
      else if (field === 2) {
        const end = reader.uint32() + reader.pos
        eachField(reader, end, (inner) => {
          if (inner === 3) model.modelType = reader.int32()
          else if (inner === 35) model.fallback = reader.bool()
          else if (inner === 40) model.unknown = reader.int32()
          else if (inner === 42) model.end = reader.int32()
          else if (inner === 43) model.pad = reader.int32()
          else return false
          return true
        })
      } else if (field === 3) {
        const end = reader.uint32() + reader.pos
        eachField(reader, end, (inner) => {
          if (inner !== 2) return false
          model.charsMap = Buffer.from(reader.bytes()).toString('base64')
          return true
        })
      } else return false
      return true
    })
  } catch (error) {
    throw new VesaliusError('FILE_DAMAGED', `${where} is not a SentencePiece model, or it is cut short.`, {
      where,
      hint: 'Copy it again.',
      cause: error,
    })
  }
  return model
}

/** SigLIP's canonical form (big_vision): lower case, no ASCII punctuation, single blanks. */
const canonical = [
  { type: 'Lowercase' },
  { type: 'Replace', pattern: { Regex: '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]' }, content: '' },
  { type: 'Replace', pattern: { Regex: '[\\s\\x1C-\\x1F]+' }, content: ' ' },
  { type: 'Strip', strip_left: true, strip_right: true },
]

/**
 * A Unigram model as `tokenizer.json`: T5's form (white space split, `</s>` at the end), or SigLIP's where
 * `tokenizer_config.json` names its class. Throws FILE_DAMAGED, or FORMAT_UNSUPPORTED for other kinds of models.
 */
export function sentencePieceJson(bytes: Uint8Array, config: TokenizerConfig, where: string): TokenizerJson {
  const model = readModel(bytes, where)
  if (model.pieces.length === 0) throw new VesaliusError('FILE_EMPTY', `${where} holds no tokens.`, { where })
  if (model.modelType !== 1) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} is a SentencePiece model, but not a Unigram one.`, {
      where,
      hint: 'Give the tokenizer.json of the same model.',
    })
  }
  const special = (id: number): AddedTokenJson[] => {
    const piece = model.pieces[id]
    if (piece === undefined) return []
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
    return [{ id, content: piece.text, ...flags }]
  }
  const end = model.pieces[model.end]
  if (end === undefined || model.pieces[model.unknown] === undefined) {
    throw new VesaliusError('FILE_DAMAGED', `${where} names an end or unknown token that it does not hold.`, { where })
  }
  const isSiglip = String(config.tokenizer_class ?? '').startsWith('Siglip')
  const charsMap = model.charsMap === '' ? [] : [{ type: 'Precompiled', precompiled_charsmap: model.charsMap }]
  const before = isSiglip ? canonical.slice(config.do_lower_case === false ? 1 : 0) : []
  const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true }
  const user = model.pieces.flatMap(({ text, kind }, id) =>
    kind === kinds.userDefined
      ? [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized: true, special: false }]
      : [],
  )
  const around = [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: end.text, type_id: 0 } }]
  const specials = [...new Set([model.pad, model.end, model.unknown])].filter((id) => id >= 0).flatMap(special)
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...specials, ...user].sort((a, b) => a.id - b.id),
    normalizer: { type: 'Sequence', normalizers: [...before, ...charsMap] },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: {
      type: 'TemplateProcessing',
      single: around,
      pair: [...around, { Sequence: { id: 'B', type_id: 1 } }, { SpecialToken: { id: end.text, type_id: 1 } }],
      special_tokens: { [end.text]: { id: end.text, ids: [model.end], tokens: [end.text] } },
    },
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: model.unknown,
      vocab: model.pieces.map(({ text, score }) => [text, score]),
      byte_fallback: model.fallback,
    },
  }
}
