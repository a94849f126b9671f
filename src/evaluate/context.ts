/** @file What protocols work with: a model, studies by split, features computed once and kept. */

import type { ImageOutput, Model, Rows } from '../apply/model.ts'
import { concatenate } from '../apply/vectors.ts'
import type { Progress } from '../core/progress.ts'
import { openLoader } from '../data/loader.ts'
import type { Split, Study } from '../data/study.ts'
import { poolChannels, pooledArea } from './baselines/pixel.ts'
import type { EvaluationData, ProtocolContext, ProtocolSettings } from './protocol.ts'

/** Studies a batch. */
const chunk = 64

export interface ContextOptions {
  model: Model
  data: EvaluationData
  settings: ProtocolSettings
  progress: (label: string, total: number, unit: string) => Progress
}

/** Opens the features of a model on data. The pooled features and pixels of a split are made in one pass over its pictures. */
export function openContext({ model, data, settings, progress }: ContextOptions): ProtocolContext {
  const passes = new Map<string, Promise<{ rows: Record<ImageOutput, Rows>; pooled: Float32Array }>>()
  const pass = (split: Split, names: readonly ImageOutput[]): ReturnType<typeof readSplit> => {
    const key = `${split} ${names.join(' ')}`
    const known = passes.get(key) ?? readSplit(model, data, split, names, progress)
    passes.set(key, known)
    return known
  }
  const pooledNames = ['global', 'globalRaw'] as const
  return {
    model,
    data,
    settings,
    progress,
    features: async (split, name) => (await pass(split, name.startsWith('global') ? pooledNames : [name])).rows[name],
    pooled: async (split) => (await pass(split, pooledNames)).pooled,
  }
}

async function readSplit(
  model: Model,
  data: EvaluationData,
  split: Split,
  names: readonly ImageOutput[],
  progress: ContextOptions['progress'],
): Promise<{ rows: Record<ImageOutput, Rows>; pooled: Float32Array }> {
  const studies = data[split]
  const bar = progress(`Embedding (${split})`, studies.length, 'studies')
  const { size, channels } = model.config.image
  const length = channels * size * size
  const pooled = new Float32Array(studies.length * channels * pooledArea)
  const parts = new Map<ImageOutput, Rows[]>(names.map((name) => [name, []]))
  await eachBatch(model, data.folder, studies, async (pixels, from, count) => {
    for (let i = 0; i < count; i++) {
      const picture = pixels.subarray(i * length, (i + 1) * length)
      pooled.set(poolChannels(picture, size), (from + i) * channels * pooledArea)
    }
    const found = await model.imageFeatures(pixels, names)
    for (const name of names) parts.get(name)!.push(found[name])
    bar.update(from + count)
  })
  bar.end()
  const rows = {} as Record<ImageOutput, Rows>
  for (const [name, found] of parts) {
    rows[name] = { shape: found[0]?.shape ?? [0], values: concatenate(found.map(({ values }) => values)) }
  }
  return { rows, pooled }
}

/** Loads pixels [n, C, size, size] of studies by their places, as the model wants them. Pictures are kept, up to 1 GB. */
export function pictures(
  model: Model,
  folder: string,
  studies: readonly Study[],
): (places: readonly number[]) => Promise<Float32Array> {
  const { preprocess } = model
  const loader = openLoader({ folder, studies, preprocess, augment: 'none', seed: 0, cacheBytes: 1e9 })
  return (places) => loader.pixels(places, 0)
}

/** Pixels [n, C, size, size] of studies, a batch at a time, as the model wants them. */
export async function eachBatch(
  model: Model,
  folder: string,
  studies: readonly Study[],
  use: (pixels: Float32Array, from: number, count: number) => Promise<void>,
): Promise<void> {
  const loader = openLoader({ folder, studies, preprocess: model.preprocess, augment: 'none', seed: 0, cacheBytes: 0 })
  for (let from = 0; from < studies.length; from += chunk) {
    const indices = Array.from({ length: Math.min(chunk, studies.length - from) }, (_, i) => from + i)
    await use(await loader.pixels(indices, 0), from, indices.length)
  }
}
