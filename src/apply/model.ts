/** @file A trained model, opened for use: pictures and texts in, points of the joint space out. */

import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { VesaliusError } from '../core/errors.ts'
import { readJson } from '../core/files.ts'
import {
  type Inline,
  input,
  lowerServing,
  openRuntime,
  type Runtime,
  type Session,
  targetOf,
  valuesByName,
} from '../engine/index.ts'
import {
  type Preprocess,
  type Step as PreprocessStep,
  preprocess,
  readImage,
  readPreprocess,
} from '../imaging/index.ts'
import type { ModelConfig } from '../models/config.ts'
import { readWeights } from '../models/folder.ts'
import { encodeImage, encodeText } from '../models/two-tower.ts'
import { trace } from '../nn/index.ts'
import { loadTokenizer, type Tokenizer } from '../text/index.ts'
import { concatenate } from './vectors.ts'

/** What an image tower can be asked for: global [N, D], regions [N, P, D]; `Raw` before the projection. */
export type ImageOutput = 'global' | 'globalRaw' | 'regions' | 'regionsRaw'

/** Features of N pictures. */
export interface Rows {
  /** Shape of one picture's part: [D] or [P, D]. */
  shape: readonly number[]
  /** [N, ...shape] */
  values: Float32Array
}

export interface Model {
  /** Folder it came from. */
  readonly folder: string
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
  readonly preprocess: Preprocess
  /** exp(logit_scale) = 1/tau as learned, at most 100. */
  readonly scale: number
  /** Pixels float32 [N, C, size, size], preprocessed -> [N, D], not normalised. */
  embedPixels(pixels: Float32Array): Promise<Float32Array>
  /** The pooled features before the projection, [N, width]. */
  embedPixelsRaw(pixels: Float32Array): Promise<Float32Array>
  /** Any of the image features, each [N, ...] with the shape of one row, in one run of the tower. */
  imageFeatures<Name extends ImageOutput>(pixels: Float32Array, names: readonly Name[]): Promise<Record<Name, Rows>>
  /** Texts -> [N, D], not normalised. Equal texts give equal bits. */
  embedTexts(texts: readonly string[]): Promise<Float32Array>
  /** The text features before the projection, [N, width]. */
  embedTextsRaw(texts: readonly string[]): Promise<Float32Array>
  /** One picture from a file, with what was done to it. */
  readPicture(path: string): Promise<{ pixels: Float32Array; steps: PreprocessStep[] }>
  close(): Promise<void>
}

/** The model folder of a run, or the folder itself if it is one. */
export async function modelFolder(path: string): Promise<string> {
  for (const candidate of [join(path, 'model'), path]) {
    const found = await access(join(candidate, 'model.safetensors')).then(
      () => true,
      () => false,
    )
    if (found) return candidate
  }
  throw new VesaliusError('FILE_MISSING', `There is no model in ${path}.`, {
    where: path,
    hint: 'Give the folder of a finished run, or one with config.json, model.safetensors and tokenizer files.',
  })
}

/** Pictures and texts a run of ONNX Runtime. */
const chunk = 64

/** Opens a model folder (or the folder of a run). Towers are loaded when first used. */
export async function openModel(
  path: string,
  { threads, device = 'cpu' }: { threads?: number | undefined; device?: string | undefined } = {},
): Promise<Model> {
  const folder = await modelFolder(path)
  const { config, layout, flat } = await readWeights(folder)
  const tokenizer = await loadTokenizer(folder, { contextLength: config.text.context })
  const file = join(folder, 'preprocessor_config.json')
  const prepare = readPreprocess(await readJson(file), file)
  const { size, channels } = config.image
  if (prepare.size !== size || prepare.channels !== channels) {
    const says = `${prepare.size} px and ${prepare.channels} channels`
    throw new VesaliusError(
      'MODEL_INVALID',
      `${file} prepares pictures of ${says}, the model wants ${size} px and ${channels}.`,
      { where: file },
    )
  }
  const values = valuesByName(layout, flat)
  const scale = Math.min(Math.exp(values.get('logit_scale')?.[0] ?? config.logitScale), 100)

  let runtime: Runtime | undefined
  const sessions = new Map<string, Promise<Session>>()
  const session = (key: string, make: () => Uint8Array): Promise<Session> => {
    runtime ??= openRuntime(threads === undefined ? { device } : { threads, device })
    const known = sessions.get(key) ?? runtime.load(make())
    sessions.set(key, known)
    return known
  }
  const imageSession = (names: readonly ImageOutput[]): Promise<Session> =>
    session(`image ${names.join(' ')}`, () => {
      const model = (batch: number) =>
        trace(
          (scope) => {
            const features = encodeImage(scope, input('pixels', [batch, channels, size, size]), config)
            return Object.fromEntries(names.map((name) => [name, features[name]]))
          },
          { training: false },
        ).outputs
      return lowerServing(model, values, { target: targetOf(device) }).bytes
    })
  const textSession = (tokens: number, name: 'global' | 'globalRaw'): Promise<Session> =>
    session(`text ${name} ${tokens}`, () => {
      const model = (batch: number) =>
        trace(
          (scope) => {
            const ids = input('ids', [batch, tokens], 'int32')
            return { embedding: encodeText(scope, ids, input('mask', [batch, tokens], 'int32'), config)[name] }
          },
          { training: false },
        ).outputs
      return lowerServing(model, values, { target: targetOf(device) }).bytes
    })

  const imageFeatures = async <Name extends ImageOutput>(
    pixels: Float32Array,
    names: readonly Name[],
  ): Promise<Record<Name, Rows>> => {
    const each = channels * size * size
    const count = pixels.length / each
    const parts = new Map<Name, Inline[]>(names.map((name) => [name, []]))
    const loaded = await imageSession(names)
    for (let from = 0; from < count; from += chunk) {
      const n = Math.min(chunk, count - from)
      const data = pixels.slice(from * each, (from + n) * each)
      const feeds = { pixels: { dtype: 'float32', shape: [n, channels, size, size], data } } as const
      const { outputs } = await loaded.run({ feeds, fetch: [...names] })
      for (const name of names) parts.get(name)!.push(outputs[name]!)
    }
    const rows = {} as Record<Name, Rows>
    for (const [name, found] of parts) {
      const values = concatenate(found.map(({ data }) => data as Float32Array))
      rows[name] = { shape: found[0]?.shape.slice(1) ?? [], values }
    }
    return rows
  }

  const embedTexts = async (texts: readonly string[], name: 'global' | 'globalRaw'): Promise<Float32Array> => {
    const distinct = [...new Set(texts)]
    const longest = Math.max(...distinct.map((text) => tokenizer.encode(text).length), 1)
    const tokens = Math.min(config.text.context, roundUp(longest))
    const loaded = await textSession(tokens, name)
    const parts: Float32Array[] = []
    for (let from = 0; from < distinct.length; from += chunk) {
      const some = distinct.slice(from, from + chunk)
      const { ids, mask } = tokenizer.encodeBatch(some, tokens)
      const { outputs } = await loaded.run({
        feeds: {
          ids: { dtype: 'int32', shape: [some.length, tokens], data: ids },
          mask: { dtype: 'int32', shape: [some.length, tokens], data: Int32Array.from(mask) },
        },
        fetch: ['embedding'],
      })
      parts.push(outputs.embedding!.data as Float32Array)
    }
    const rows = concatenate(parts)
    const width = rows.length / distinct.length
    const place = new Map(distinct.map((text, i) => [text, i]))
    const out = new Float32Array(texts.length * width)
    texts.forEach((text, i) => {
      const from = (place.get(text) as number) * width
      out.set(rows.subarray(from, from + width), i * width)
    })
    return out
  }

  return {
    folder,
    config,
    tokenizer,
    preprocess: prepare,
    scale,
    embedPixels: async (pixels) => (await imageFeatures(pixels, ['global'])).global.values,
    embedPixelsRaw: async (pixels) => (await imageFeatures(pixels, ['globalRaw'])).globalRaw.values,
    imageFeatures,
    embedTexts: (texts) => embedTexts(texts, 'global'),
    embedTextsRaw: (texts) => embedTexts(texts, 'globalRaw'),
    async readPicture(file) {
      return preprocess(await readImage(file), prepare)
    },
    async close() {
      await runtime?.close()
    },
  }
}

/** Text lengths of sessions: multiples of 16, so that few are built. */
function roundUp(tokens: number): number {
  return Math.ceil(tokens / 16) * 16
}
