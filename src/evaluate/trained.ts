/** @file A trained system with all its parts, from the folder of its run: what its objective computes of studies and words. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { modelFolder } from '../apply/model.ts'
import { VesaliusError } from '../core/errors.ts'
import { readJson } from '../core/files.ts'
import { random } from '../core/random.ts'
import { openLoader } from '../data/loader.ts'
import type { Study } from '../data/study.ts'
import { type Feed, openRuntime, type Tensor, valuesByName } from '../engine/index.ts'
import { type Preprocess, readPreprocess } from '../imaging/index.ts'
import { readSafetensors } from '../models/checkpoints/safetensors.ts'
import type { ModelConfig } from '../models/config.ts'
import { readWeights } from '../models/folder.ts'
import { openTraining, type Scope, type Training } from '../nn/index.ts'
import { textBuckets } from '../pretrain/batches.ts'
import { objectiveOf } from '../pretrain/config.ts'
import { type BatchShape, planOf } from '../pretrain/inputs.ts'
import type { Objective, SentenceChoice } from '../pretrain/objective.ts'
import { openPictures } from '../pretrain/pictures.ts'
import { readRunConfig } from '../pretrain/run-folder.ts'
import { buildStep, type StepOptions } from '../pretrain/step.ts'
import { openTexts, type StudyText, textFeeds } from '../pretrain/texts.ts'
import { loadTokenizer } from '../text/index.ts'

/** Values of a batch by name; the first axis is the batch, or the images of it. */
export type BatchValues = Readonly<Record<string, { data: Float32Array; shape: readonly number[] }>>

export interface Trained {
  objective: Objective
  step: StepOptions
  model: ModelConfig
  preprocess: Preprocess
  /** Sentences that a report is cut into, for systems that take it in sentences. */
  choice: SentenceChoice | undefined
  /** The words of a study as the system takes them. */
  textOf(study: Study): StudyText
  /** Shape of batches of `batch` rows that hold all of these texts. */
  shapeOf(texts: readonly StudyText[], batch: number): BatchShape
  /** Runs what `build` traces over the pictures of studies (by place) and over texts, as many of both. */
  run(
    key: string,
    shape: BatchShape,
    build: (scope: Scope) => Readonly<Record<string, Tensor>>,
    rows: { images: readonly number[]; texts: readonly StudyText[] },
  ): Promise<BatchValues>
  /** First channel of the first picture of a study, [side, side], as the tower gets it; at its own size if not given. */
  pixels(study: number, side?: number): Promise<Float32Array>
  close(): Promise<void>
}

/** Opens the system of a run on `studies` of a data folder. */
export async function openTrained(
  run: string,
  folder: string,
  studies: readonly Study[],
  { threads }: { threads?: number | undefined } = {},
): Promise<Trained> {
  const config = await readRunConfig(run)
  if (config === undefined) {
    throw new VesaliusError('FILE_MISSING', `${run} is not the folder of a run.`, {
      where: run,
      hint: 'Give the folder that `vesalius pretrain` wrote: a model alone does not say what its system shows.',
    })
  }
  const objective = objectiveOf(config.objective)
  const place = await modelFolder(run)
  const { config: model, layout: known, flat: weights } = await readWeights(place)
  const tokenizer = await loadTokenizer(place, { contextLength: model.text.context })
  const special = { mask: tokenizer.maskId, start: tokenizer.bosId, end: tokenizer.eosId }
  const settings = objective.config.parse(config.objectiveConfig)
  const step: StepOptions = { model, objective, config: settings, special }
  const asTrained = planOf(objective, settings)
  // Boxes belong to the first image of a study, so it comes first.
  const { views } = asTrained
  const inOrder = views?.pick === 'random' ? { ...views, pick: 'all' as const } : views
  const plan = { ...asTrained, ...(inOrder === undefined ? {} : { views: inOrder }) }
  const choice = plan.sentences && { ...plan.sentences, order: 'stated' as const, leastWords: 1 }
  const textOf = openTexts({ tokenizer, mode: 'report', dropWords: [], choice })
  const file = join(place, 'preprocessor_config.json')
  const preprocess = readPreprocess(await readJson(file), file)
  const fine = { ...preprocess, size: preprocess.size * plan.detail }
  const loader = openLoader({ folder, studies, preprocess: fine, augment: 'none', seed: 0, cacheBytes: 0 })
  const pixels = openPictures({ plan, studies, training: false, seed: 0, model, loader })

  const runtime = openRuntime(threads === undefined ? {} : { threads })
  let training: Training<BatchShape> | undefined
  const opened = async (first: BatchShape): Promise<Training<BatchShape>> => {
    if (training !== undefined) return training
    training = await openTraining<BatchShape>({
      runtime,
      build: (scope, shape) => buildStep(scope, shape, step),
      first,
      optimizer: config.train.optimizer,
      clipNorm: undefined,
      seed: config.train.seed,
    })
    const own = valuesByName(known, weights)
    const heads = join(place, 'objective.safetensors')
    const stored = existsSync(heads) ? (await readSafetensors(heads)).tensors : new Map()
    const flat = await training.parameters()
    for (const { name, offset, size } of training.layout.entries) {
      const values = own.get(name) ?? stored.get(name)?.data
      if (values?.length !== size) {
        throw new VesaliusError('MODEL_INVALID', `The run has no value for "${name}", which its system needs.`, {
          where: place,
        })
      }
      flat.set(values, offset)
    }
    await training.restart(flat)
    return training
  }

  return {
    objective,
    step,
    model,
    preprocess,
    choice,
    textOf: (study) => textOf(study, random(0, 'shown', study.id), false),
    shapeOf(texts, batch) {
      const longest = Math.max(1, ...texts.flatMap(({ text, apart }) => [text, ...apart]).map(({ ids }) => ids.length))
      const buckets = textBuckets(model.text.context)
      const tokens = buckets.find((n) => n >= longest) ?? (buckets.at(-1) as number)
      const sentences = choice && Math.max(1, ...texts.map(({ keys }) => keys.length))
      return { batch, tokens, ...(sentences === undefined ? {} : { sentences }) }
    },
    async run(key, shape, build, { images, texts }) {
      const trained = await opened(shape)
      const feeds: Record<string, Feed> = {
        ...(await pixels(images, 0)),
        ...textFeeds(texts, shape, choice, tokenizer.padId),
        patientKey: { dtype: 'int32', shape: [shape.batch], data: new Int32Array(shape.batch) },
      }
      return (await trained.evaluate(JSON.stringify([key, shape]), build, feeds)) as BatchValues
    },
    async pixels(study, side = preprocess.size) {
      const sized = openLoader({
        folder,
        studies: [studies[study] as Study],
        preprocess: { ...preprocess, size: side },
        augment: 'none',
        seed: 0,
        cacheBytes: 0,
      })
      return (await sized.pixels([0], 0)).slice(0, side * side)
    },
    async close() {
      await training?.dispose()
      await runtime.close()
    },
  }
}
