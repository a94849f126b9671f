/**
 * @file A report told from frozen regions of a picture: a small transformer decoder with words of its own, trained on the
 * reports of the training studies. Towers that are compared get the same words, the same decoder and the same steps.
 */

import { type Feed, input, reshape, type Tensor } from '../../engine/index.ts'
import type { Scope } from '../../nn/index.ts'
import { nextWordErrors, type ReportDecoderOptions, tellReport } from '../../pretrain/parts/report-decoder.ts'
import { meanOverCounted } from '../../pretrain/parts/words-to-fill.ts'
import { type Tokenizer, trainWordPiece, wordPieceTokenizer } from '../../text/index.ts'
import { rowsFeed, type TrainedHead, trainHead } from '../heads.ts'
import { beamSearch } from './beam-search.ts'

/** Regions [N, P, W] of N pictures, standardised. */
export interface RegionTable {
  values: Float32Array
  shape: readonly [cells: number, width: number]
}

export interface DecoderTraining {
  train: { regions: RegionTable; rows: readonly number[]; reports: readonly string[] }
  /** What the learning rate is chosen by. */
  validate: DecoderTraining['train']
  steps: number
  seed: number
}

export interface TrainedDecoder {
  /** Learning rate that was chosen, and how large the decoder and its vocabulary are. */
  rate: number
  vocabulary: number
  longest: number
  /** A report for each of these rows of a table. */
  write(regions: RegionTable, rows: readonly number[], beams: number): Promise<string[]>
  close(): Promise<void>
}

const size = { width: 64, layers: 2, heads: 4, hidden: 128, dropout: 0.1 } as const
const rates = [1e-3, 3e-3]
const words = 1000
const mostTokens = 128
/** Reports a step: the words of one report are many cases already. */
const batchSize = 16
/** Longer texts than this share of the training reports are cut: a few long ones would cost as much as all others. */
const whole = 0.85
/** Rows a run when texts are written. */
const chunk = 64
const small = 16

/** The graph of the decoder for texts of `t` tokens: scores of all places, or of one. */
type Tell = (scope: Scope, batch: number, t: number, at?: Tensor) => { scores: Tensor; ids: Tensor; mask: Tensor }

const upTo16 = (n: number): number => Math.ceil(n / 16) * 16

/** Trains a decoder on these reports. Close it when the texts are written. */
export async function trainDecoder({ train, validate, steps, seed }: DecoderTraining): Promise<TrainedDecoder> {
  const vocabulary = trainWordPiece(train.reports, { vocabSize: words, minFrequency: 1 })
  const tokenizer = wordPieceTokenizer(vocabulary, { contextLength: mostTokens })
  const lengths = train.reports.map((report) => tokenizer.encode(report).length)
  lengths.sort((a, b) => a - b)
  const longest = Math.min(mostTokens, upTo16(lengths[Math.ceil(whole * lengths.length) - 1]!))
  const options: ReportDecoderOptions = { ...size, vocabulary: tokenizer.vocabSize, context: longest }
  const [cells, width] = train.regions.shape
  const told: Tell = (scope, batch, t, at) => {
    const ids = input('ids', [batch, t], 'int32')
    const mask = input('mask', [batch, t], 'int32')
    return { scores: tellReport(scope, input('regions', [batch, cells, width]), ids, mask, options, at), ids, mask }
  }
  const feedsOf = ({ regions, rows, reports }: DecoderTraining['train']) => {
    const tokens = tokenizer.encodeBatch(reports, longest)
    return (some: readonly number[]): Record<string, Feed> => ({
      regions: rowsFeed(
        regions.values,
        regions.shape,
        some.map((row) => rows[row]!),
      ),
      ids: wholeFeed(tokens.ids, longest, some),
      mask: wholeFeed(Int32Array.from(tokens.mask), longest, some),
    })
  }
  const head = await trainHead({
    rows: train.rows.length,
    steps,
    rate: rates,
    batch: batchSize,
    weightDecay: 0.01,
    seed,
    feeds: feedsOf(train),
    validation: validate.rows.length === 0 ? undefined : { rows: validate.rows.length, feeds: feedsOf(validate) },
    loss(scope, batch) {
      const { scores, ids, mask } = told(scope, batch, longest)
      return meanOverCounted(nextWordErrors(scores, ids, mask)) //                  a word, over all words of the batch
    },
  })
  return {
    rate: head.rate,
    vocabulary: tokenizer.vocabSize,
    longest,
    write: (regions, rows, beams) => write(head, tokenizer, longest, told, regions, rows, beams),
    close: head.close,
  }
}

function wholeFeed(values: Int32Array, width: number, rows: readonly number[]): Feed {
  const data = new Int32Array(rows.length * width)
  rows.forEach((row, i) => {
    data.set(values.subarray(row * width, (row + 1) * width), i * width)
  })
  return { dtype: 'int32', shape: [rows.length, width], data }
}

async function write(
  head: TrainedHead,
  tokenizer: Tokenizer,
  longest: number,
  told: Tell,
  regions: RegionTable,
  rows: readonly number[],
  beams: number,
): Promise<string[]> {
  const v = tokenizer.vocabSize
  const next = async (prefixes: readonly (readonly number[])[], items: readonly number[]): Promise<Float32Array> => {
    const out = new Float32Array(prefixes.length * v)
    const t = Math.min(longest, upTo16(prefixes[0]!.length))
    for (let from = 0; from < prefixes.length; from += chunk) {
      const count = Math.min(chunk, prefixes.length - from)
      // Two sizes only, filled up with the last text: a session for each number of texts left would cost more.
      const padded = count <= small ? small : chunk
      const some = Array.from({ length: padded }, (_, i) => from + Math.min(i, count - 1))
      const ids = new Int32Array(some.length * t).fill(tokenizer.padId)
      const mask = new Int32Array(some.length * t)
      const last = new Float32Array(some.length * t)
      some.forEach((p, i) => {
        ids.set(prefixes[p]!, i * t)
        mask.fill(1, i * t, i * t + prefixes[p]!.length)
        last[i * t + prefixes[p]!.length - 1] = 1
      })
      const batch = some.length
      const { scores } = await head.run(
        `write ${batch} ${t}`,
        (scope) => {
          const place = input('last', [batch, 1, t])
          return { scores: reshape(told(scope, batch, t, place).scores, [batch, v]) }
        },
        {
          regions: rowsFeed(
            regions.values,
            regions.shape,
            some.map((p) => rows[items[p]!]!),
          ),
          ids: { dtype: 'int32', shape: [batch, t], data: ids },
          mask: { dtype: 'int32', shape: [batch, t], data: mask },
          last: { dtype: 'float32', shape: [batch, 1, t], data: last },
        },
      )
      out.set((scores!.data as Float32Array).subarray(0, count * v), from * v)
    }
    return out
  }
  const never = [tokenizer.padId, tokenizer.bosId, tokenizer.maskId, tokenizer.unkId].filter((id) => id !== undefined)
  const options = { beams, start: tokenizer.bosId!, end: tokenizer.eosId!, longest, never }
  return (await beamSearch(rows.length, next, options)).map((tokens) => sentenceCase(tokenizer.decode(tokens)))
}

/** Lower-case words with blanks around marks, written as text. */
function sentenceCase(text: string): string {
  return text
    .replaceAll(/ ([.,;:?!)])/g, '$1')
    .replaceAll(/(^|[.?!] )(\p{Ll})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())
}
