/** @file What a trained system itself shows: the maps and drawings that its objective declares, from the folder of its run. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { modelFolder } from '../apply/model.ts'
import { VesaliusError } from '../core/errors.ts'
import { readJson } from '../core/files.ts'
import { random } from '../core/random.ts'
import { openLoader } from '../data/loader.ts'
import type { Study } from '../data/study.ts'
import { type Feed, openRuntime, valuesByName } from '../engine/index.ts'
import { type Preprocess, readPreprocess } from '../imaging/index.ts'
import { readSafetensors } from '../models/checkpoints/safetensors.ts'
import { readWeights } from '../models/folder.ts'
import { openTraining, type Training } from '../nn/index.ts'
import { textBuckets } from '../pretrain/batches.ts'
import { objectiveOf } from '../pretrain/config.ts'
import { type BatchShape, planOf } from '../pretrain/inputs.ts'
import type { PictureName } from '../pretrain/objective.ts'
import { openPictures } from '../pretrain/pictures.ts'
import { readRunConfig } from '../pretrain/run-folder.ts'
import { buildPicture, buildStep, type StepOptions } from '../pretrain/step.ts'
import { openTexts, type StudyText, sentencesOf, textFeeds } from '../pretrain/texts.ts'
import { chestLexicon, loadTokenizer, readSentence } from '../text/index.ts'

/** A phrase on a study, by its place among the studies. */
export interface AskedMap {
  study: number
  phrase: string
}

/** A map on a grid of its system. */
export interface GridMap {
  /** [rows x columns], row-major. */
  map: Float64Array
  rows: number
  columns: number
}

/** A picture drawn by a system: first channels [side, side] in the units of the model's pixels. */
export interface DrawnPicture {
  drawn: Float32Array
  seen: Float32Array | undefined
  side: number
}

export interface Showing {
  /** What the objective declares. */
  names: readonly PictureName[]
  preprocess: Preprocess
  /** First channel of the first picture of a study, [side, side], as the tower gets it; at its own size if not given. */
  pixels(study: number, side?: number): Promise<Float32Array>
  /**
   * A map for each phrase: mean over the words of the finding that it names (all words where it names none), or the map of
   * the sentence. Undefined if the objective shows neither.
   */
  maps(asked: readonly AskedMap[]): Promise<GridMap[] | undefined>
  /** Drawings of these studies. Undefined if the objective draws nothing. */
  rebuilt(studies: readonly number[]): Promise<DrawnPicture[] | undefined>
  close(): Promise<void>
}

/** Rows a run of the graph. */
const rows = 16

/** Opens what the system of a run shows of `studies`. */
export async function openShowing(
  run: string,
  folder: string,
  studies: readonly Study[],
  { threads }: { threads?: number | undefined } = {},
): Promise<Showing> {
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
  const plan = views === undefined ? asTrained : { ...asTrained, views: { ...views, pick: 'all' as const } }
  const choice = plan.sentences && { ...plan.sentences, order: 'stated' as const, leastWords: 1 }
  const textOf = openTexts({ tokenizer, mode: 'report', dropWords: [], choice })
  const file = join(place, 'preprocessor_config.json')
  const preprocess = readPreprocess(await readJson(file), file)
  const fine = { ...preprocess, size: preprocess.size * plan.detail }
  const loader = openLoader({ folder, studies, preprocess: fine, augment: 'none', seed: 0, cacheBytes: 0 })
  const pixels = openPictures({ plan, studies, training: false, seed: 0, model, loader })
  const names = Object.keys(objective.pictures ?? {}) as PictureName[]

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

  /** Runs the pictures of this name over texts and studies, a row each; calls `use` with the outputs of each row. */
  const overRows = async (
    name: PictureName,
    texts: readonly StudyText[],
    of: readonly number[],
    use: (outputs: ReadonlyMap<string, { data: Float32Array; shape: readonly number[] }>, row: number) => void,
  ): Promise<{ grid?: readonly [number, number] }> => {
    const longest = Math.max(1, ...texts.flatMap(({ text, apart }) => [text, ...apart]).map(({ ids }) => ids.length))
    const buckets = textBuckets(model.text.context)
    const tokens = buckets.find((n) => n >= longest) ?? (buckets.at(-1) as number)
    const sentences = choice && Math.max(1, ...texts.map(({ keys }) => keys.length))
    const shape: BatchShape = { batch: rows, tokens, ...(sentences === undefined ? {} : { sentences }) }
    const trained = await opened(shape)
    const found: { grid?: readonly [number, number] } = {}
    for (let from = 0; from < texts.length; from += rows) {
      const places = Array.from({ length: rows }, (_, i) => Math.min(from + i, texts.length - 1))
      const feeds: Record<string, Feed> = {
        ...(await pixels(
          places.map((i) => of[i] as number),
          0,
        )),
        ...textFeeds(
          places.map((i) => texts[i] as StudyText),
          shape,
          choice,
          tokenizer.padId,
        ),
        patientKey: { dtype: 'int32', shape: [rows], data: new Int32Array(rows) },
      }
      const outputs = await trained.evaluate(
        JSON.stringify([name, shape]),
        (scope) => {
          const { outputs: traced, grid } = buildPicture(scope, shape, step, name)
          if (grid !== undefined) found.grid = grid
          return traced
        },
        feeds,
      )
      places.slice(0, Math.min(rows, texts.length - from)).forEach((place, i) => {
        const parts = Object.entries(outputs).map(([key, { data, shape: whole }]) => {
          const size = data.length / rows
          const row = Float32Array.from((data as Float32Array).subarray(i * size, (i + 1) * size))
          return [key, { data: row, shape: whole.slice(1) }] as const
        })
        use(new Map(parts), place)
      })
    }
    return found
  }

  return {
    names,
    preprocess,
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
    async maps(asked) {
      const name = names.includes('words') ? 'words' : names.includes('sentences') ? 'sentences' : undefined
      if (name === undefined || asked.length === 0) return undefined
      const chosen = asked.map(({ study, phrase }) => {
        const spoken = studies[study] as Study
        const all = name === 'sentences' && choice !== undefined ? sentencesOf(spoken, choice) : []
        const slot = all.length <= (choice?.most ?? 0) ? all.indexOf(phrase) : -1
        const alone: Study = { ...spoken, captions: [], report: { language: 'en', findings: phrase } }
        const text = textOf(slot < 0 ? alone : spoken, random(0, 'shown', spoken.id), false)
        return { text, slots: name === 'words' ? namingWords(phrase, text) : [Math.max(slot, 0)] }
      })
      const maps: Float64Array[] = []
      const { grid } = await overRows(
        name,
        chosen.map(({ text }) => text),
        asked.map(({ study }) => study),
        (outputs, row) => {
          const { data, shape } = outputs.get('maps') as { data: Float32Array; shape: readonly number[] }
          const cells = shape[1] as number
          const { slots } = chosen[row] as (typeof chosen)[number]
          const map = new Float64Array(cells)
          for (const slot of slots) {
            for (let p = 0; p < cells; p++) map[p]! += (data[slot * cells + p] as number) / slots.length
          }
          maps[row] = map
        },
      )
      const [down, across] = grid as readonly [number, number]
      return maps.map((map) => ({ map, rows: down, columns: across }))
    },
    async rebuilt(of) {
      if (!names.includes('rebuilt') || of.length === 0) return undefined
      const texts = of.map((i) => textOf(studies[i] as Study, random(0, 'shown', (studies[i] as Study).id), false))
      const drawings: DrawnPicture[] = []
      await overRows('rebuilt', texts, of, (outputs, row) => {
        const { data, shape } = outputs.get('drawn') as { data: Float32Array; shape: readonly number[] }
        const side = shape[1] as number
        const area = side * side
        drawings[row] = { drawn: data.slice(0, area), seen: outputs.get('seen')?.data.slice(0, area), side }
      })
      return drawings
    },
    async close() {
      await training?.dispose()
      await runtime.close()
    },
  }
}

/** Places of the words of a phrase that name a finding, as far as they are in the text; all words if none does. */
function namingWords(phrase: string, { text }: StudyText): number[] {
  const { words, mentions } = readSentence(phrase, chestLexicon())
  const count = Math.max(-1, ...Array.from(text.words)) + 1
  const before = (place: number): number =>
    phrase.slice(0, place).match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu)?.length ?? 0
  const named = mentions
    .filter(({ implied, assertion }) => !implied && assertion !== 'absent')
    .flatMap(({ start, end }) => {
      const [first, last] = [before(words[start]!.start), before(words[end - 1]!.end)]
      return Array.from({ length: last - first }, (_, i) => first + i)
    })
    .filter((word) => word < count)
  return named.length > 0 ? [...new Set(named)] : Array.from({ length: Math.max(1, count) }, (_, i) => i)
}
