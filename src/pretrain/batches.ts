/** @file Batches of image-text pairs as feeds of the training step: order, words and pixels from (seed, step) alone. */

import { VesaliusError } from '../core/errors.ts'
import { type Random, random } from '../core/random.ts'
import { openLoader } from '../data/loader.ts'
import { sampler } from '../data/sampler.ts'
import type { Study } from '../data/study.ts'
import { dropWords, textOf } from '../data/text-of.ts'
import type { Feed } from '../engine/index.ts'
import type { Preprocess } from '../imaging/index.ts'
import type { ModelConfig } from '../models/config.ts'
import type { Tokenizer } from '../text/index.ts'
import { objectiveOf, type RunConfig } from './config.ts'
import type { LabelSource } from './objective.ts'
import type { BatchShape } from './step.ts'

export interface Batch {
  shape: BatchShape
  feeds: Record<string, Feed>
  epoch: number
  /** Ids of the studies whose images these are, of the whole batch. */
  studies: readonly string[]
}

export interface Batches {
  stepsPerEpoch: number
  /** Text lengths that batches are padded to; at most six. */
  buckets: readonly number[]
  batch(step: number): Promise<Batch>
  /** Whole batches of the validation studies, without augmentation, always the same. */
  validation(): AsyncGenerator<Batch>
}

export interface BatchOptions {
  folder: string
  train: readonly Study[]
  validate: readonly Study[]
  preprocess: Preprocess
  tokenizer: Tokenizer
  model: ModelConfig
  config: RunConfig
  /** Which part of each batch is loaded here: that of this rank of `size`. */
  ranks?: { rank: number; size: number }
}

/** Lengths to pad texts to: the context and shares of it, multiples of eight. */
export function textBuckets(context: number): number[] {
  const shares = [1 / 6, 1 / 4, 1 / 3, 1 / 2, 3 / 4].map((share) => Math.ceil((context * share) / 8) * 8)
  return [...new Set([...shares.filter((n) => n < context), context])]
}

/** Opens the data of a run. Throws if there are fewer training studies than a batch. */
export function openBatches(options: BatchOptions): Batches {
  const { folder, train, validate, preprocess, tokenizer, model, config, ranks = { rank: 0, size: 1 } } = options
  const { batch: size, seed } = config.train
  const { text: mode, augment, dropWords: dropped, shufflePairs } = config.data
  if (train.length < size) {
    throw new VesaliusError(
      'CONFIG_INVALID',
      `There are ${train.length} training studies, fewer than a batch of ${size}.`,
      {
        where: 'train.batch',
        hint: 'Use a smaller batch, or more data.',
      },
    )
  }
  if (size % ranks.size !== 0) {
    throw new VesaliusError('CONFIG_INVALID', `A batch of ${size} pairs cannot be shared among ${ranks.size} ranks.`, {
      where: 'train.batch',
      hint: `The batch is that of all ranks together: use a multiple of ${ranks.size}.`,
    })
  }
  const own = size / ranks.size
  const part = <T>(whole: readonly T[]): T[] => whole.slice(ranks.rank * own, (ranks.rank + 1) * own)
  const buckets = textBuckets(model.text.context)
  const order = sampler({ n: train.length, batch: size, seed })
  const trainLoader = openLoader({ folder, studies: train, preprocess, augment, seed })
  const validateLoader = openLoader({ folder, studies: validate, preprocess, augment: 'none', seed })
  const partners = shufflePairs ? random(seed, 'shuffled pairs').shuffle(train) : train

  const objective = objectiveOf(config.objective)
  const labelSource = objective.labels?.(objective.config.parse(config.objectiveConfig))
  const known = new Map<string, number[]>()
  const encode = (study: Study, stream: Random): number[] => {
    const text = dropWords(textOf(study, mode, stream), dropped)
    let ids = known.get(text)
    if (ids === undefined) {
      ids = tokenizer.encode(text)
      known.set(text, ids)
    }
    return ids
  }
  /** Texts are padded, and labels read, as of the whole batch: all ranks have the same shape. Pixels are this rank's. */
  const assemble = (
    studies: readonly Study[],
    texts: readonly number[][],
    pixels: Float32Array,
  ): Pick<Batch, 'shape' | 'feeds'> => {
    const longest = Math.max(...texts.map((row) => row.length))
    const rows = part(texts)
    const tokens = buckets.find((n) => n >= longest) ?? (buckets.at(-1) as number)
    const ids = new Int32Array(rows.length * tokens).fill(tokenizer.padId)
    const mask = new Int32Array(rows.length * tokens)
    rows.forEach((row, i) => {
      ids.set(row.slice(0, tokens), i * tokens)
      mask.fill(1, i * tokens, i * tokens + Math.min(row.length, tokens))
    })
    const { size: side, channels } = model.image
    const feeds: Record<string, Feed> = {
      pixels: { dtype: 'float32', shape: [rows.length, channels, side, side], data: pixels },
      ids: { dtype: 'int32', shape: [rows.length, tokens], data: ids },
      mask: { dtype: 'int32', shape: [rows.length, tokens], data: mask },
      ...(labelSource === undefined ? {} : labelFeeds(studies, labelSource)),
    }
    return { shape: { batch: rows.length, tokens }, feeds }
  }

  return {
    stepsPerEpoch: order.stepsPerEpoch,
    buckets,
    async batch(step) {
      const { epoch, indices } = order.batchAt(step)
      const rows = indices.map((i) => {
        const partner = partners[i] as Study
        return encode(partner, random(seed, 'words', epoch, partner.id))
      })
      const pixels = await trainLoader.pixels(part(indices), epoch)
      const texts = indices.map((i) => partners[i] as Study)
      return { ...assemble(texts, rows, pixels), epoch, studies: indices.map((i) => (train[i] as Study).id) }
    },
    async *validation() {
      for (let from = 0; from + size <= validate.length; from += size) {
        const indices = Array.from({ length: size }, (_, i) => from + i)
        const rows = indices.map((i) => encode(validate[i] as Study, random(seed, 'words', (validate[i] as Study).id)))
        const studies = validate.slice(from, from + size)
        const pixels = await validateLoader.pixels(part(indices), 0)
        yield { ...assemble(studies, rows, pixels), epoch: 0, studies: studies.map(({ id }) => id) }
      }
    },
  }
}

/** Labels [B, K] and where they are known; -1 and missing are both unknown here. */
function labelFeeds(studies: readonly Study[], { names, from }: LabelSource): Record<string, Feed> {
  const shape = [studies.length, names.length]
  const said = studies.flatMap((study) =>
    names.map((name) => (from === 'truth' ? study.truth?.labels : study.labels)?.[name]),
  )
  return {
    labels: { dtype: 'float32', shape, data: Float32Array.from(said, (label) => (label === 1 ? 1 : 0)) },
    known: { dtype: 'float32', shape, data: Float32Array.from(said, (label) => (label === 1 || label === 0 ? 1 : 0)) },
  }
}
