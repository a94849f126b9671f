/** @file Batches of studies as feeds of the training step: order, words and pixels from (seed, step) alone. */

import { VesaliusError } from '../core/errors.ts'
import { hash32, random } from '../core/random.ts'
import { isFlipped } from '../data/augmentations.ts'
import { openLoader } from '../data/loader.ts'
import { sampler } from '../data/sampler.ts'
import type { Study } from '../data/study.ts'
import type { Feed } from '../engine/index.ts'
import type { Preprocess } from '../imaging/index.ts'
import type { ModelConfig } from '../models/config.ts'
import type { Tokenizer } from '../text/index.ts'
import { objectiveOf, type RunConfig, textModeOf } from './config.ts'
import { type BatchShape, planOf } from './inputs.ts'
import type { LabelSource, SentenceChoice } from './objective.ts'
import type { EncodeOnce } from './once.ts'
import { openPictures } from './pictures.ts'
import { openTexts, type StudyText, sentencesOf, textFeeds } from './texts.ts'

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
  /** Sentences that every batch has room for; undefined where the objective asks for none. */
  sentences: number | undefined
  batch(step: number): Promise<Batch>
  /** Where the objective has sentences encoded once: what encodes them, before the first batch. */
  encodeWith?: (encode: EncodeOnce) => void
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
  const { augment, dropWords, shufflePairs } = config.data
  checkSize(size, train.length, ranks.size)
  const own = size / ranks.size
  const part = <T>(whole: readonly T[]): T[] => whole.slice(ranks.rank * own, (ranks.rank + 1) * own)
  const buckets = textBuckets(model.text.context)
  const order = sampler({ n: train.length, batch: size, seed })
  const objective = objectiveOf(config.objective)
  const objectiveConfig = objective.config.parse(config.objectiveConfig)
  const plan = planOf(objective, objectiveConfig)
  const sentences = plan.sentences && roomForSentences([...train, ...validate], plan.sentences)
  const picturesOf = (studies: readonly Study[], training: boolean) => {
    const size = preprocess.size * plan.detail
    const fine = { ...preprocess, size }
    const loader = openLoader({ folder, studies, preprocess: fine, augment: training ? augment : 'none', seed })
    return openPictures({ plan, studies, training, seed, model, loader })
  }
  const trainPictures = picturesOf(train, true)
  const validatePictures = picturesOf(validate, false)
  const partners = shufflePairs ? random(seed, 'shuffled pairs').shuffle(train) : train
  const textsOf = openTexts({ tokenizer, mode: textModeOf(config), dropWords, choice: plan.sentences })
  const labelSource = objective.labels?.(objectiveConfig)
  const once = plan.sentences?.encode === 'once'
  let encode: EncodeOnce | undefined

  /** Texts are padded, and labels read, as of the whole batch: all ranks have the same shape. */
  const assemble = async (
    studies: readonly Study[],
    texts: readonly StudyText[],
    pictures: Record<string, Feed>,
  ): Promise<Pick<Batch, 'shape' | 'feeds'>> => {
    // Lengths of sentences are no matter to a step that does not read them.
    const read = once ? [] : texts.flatMap(({ text, apart }) => [text, ...apart])
    const longest = Math.max(...read.map(({ ids }) => ids.length))
    const tokens = buckets.find((n) => n >= longest) ?? (buckets.at(-1) as number)
    const shape = { batch: own, tokens, ...(sentences === undefined ? {} : { sentences }) }
    const feeds: Record<string, Feed> = {
      ...pictures,
      ...textFeeds(part(texts), shape, plan.sentences, tokenizer.padId),
      ...(once
        ? { sentenceFeatures: await encodedOnce(part(texts), sentences as number, model.text.width, encode) }
        : {}),
      patientKey: keysOf(part(studies)),
      ...(labelSource === undefined ? {} : labelFeeds(studies, labelSource)),
    }
    return { shape, feeds }
  }

  return {
    stepsPerEpoch: order.stepsPerEpoch,
    buckets,
    sentences,
    ...(once && {
      encodeWith(given: EncodeOnce) {
        encode = given
      },
    }),
    async batch(step) {
      const { epoch, indices } = order.batchAt(step)
      const texts = indices.map((i) => {
        const partner = partners[i] as Study
        // The words go with the picture they are shown with.
        const flipped = isFlipped(augment, seed, epoch, (train[i] as Study).id)
        return textsOf(partner, random(seed, 'words', epoch, partner.id), flipped)
      })
      const pictures = await trainPictures(part(indices), epoch)
      const studies = indices.map((i) => partners[i] as Study)
      return {
        ...(await assemble(studies, texts, pictures)),
        epoch,
        studies: indices.map((i) => (train[i] as Study).id),
      }
    },
    async *validation() {
      for (let from = 0; from + size <= validate.length; from += size) {
        const indices = Array.from({ length: size }, (_, i) => from + i)
        const studies = validate.slice(from, from + size)
        const texts = studies.map((study) => textsOf(study, random(seed, 'words', study.id), false))
        const pictures = await validatePictures(part(indices), 0)
        yield { ...(await assemble(studies, texts, pictures)), epoch: 0, studies: studies.map(({ id }) => id) }
      }
    },
  }
}

function checkSize(size: number, studies: number, ranks: number): void {
  if (studies < size) {
    const problem = `There are ${studies} training studies, fewer than a batch of ${size}.`
    throw new VesaliusError('CONFIG_INVALID', problem, {
      where: 'train.batch',
      hint: 'Use a smaller batch, or more data.',
    })
  }
  if (size % ranks === 0) return
  throw new VesaliusError('CONFIG_INVALID', `A batch of ${size} pairs cannot be shared among ${ranks} ranks.`, {
    where: 'train.batch',
    hint: `The batch is that of all ranks together: use a multiple of ${ranks}.`,
  })
}

/** Sentences that every batch has room for: the most that any report has, up to the objective's limit. */
function roomForSentences(studies: readonly Study[], choice: SentenceChoice): number {
  return studies.reduce((room, study) => Math.max(room, Math.min(choice.most, sentencesOf(study, choice).length)), 1)
}

/** Features of all sentences [B, S, W], zeros where there is none. */
async function encodedOnce(
  texts: readonly StudyText[],
  room: number,
  width: number,
  encode: EncodeOnce | undefined,
): Promise<Feed> {
  if (encode === undefined) throw new VesaliusError('USAGE', 'Nothing encodes the sentences of these batches.')
  const data = new Float32Array(texts.length * room * width)
  for (const [i, { apart }] of texts.entries())
    for (const [j, { ids }] of apart.slice(0, room).entries()) data.set(await encode(ids), (i * room + j) * width)
  return { dtype: 'float32', shape: [texts.length, room, width], data }
}

/** A key for each study's patient. */
function keysOf(studies: readonly Study[]): Feed {
  const data = Int32Array.from(studies, ({ patient }) => hash32(patient) >>> 1)
  return { dtype: 'int32', shape: [studies.length], data }
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
