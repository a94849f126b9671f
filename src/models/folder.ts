/** @file The weights of a model folder: config.json and model.safetensors, in Hugging Face's layout (DESIGN section 6). */

import { join } from 'node:path'
import { VesaliusError } from '../core/errors.ts'
import { readJson, writeJsonAtomic } from '../core/files.ts'
import { flatten, input, type Layout, layOut, valuesByName } from '../engine/index.ts'
import { trace } from '../nn/index.ts'
import { fromHuggingFace, toHuggingFace } from './checkpoints/hugging-face.ts'
import { readSafetensors, writeSafetensors } from './checkpoints/safetensors.ts'
import type { ModelConfig } from './config.ts'
import { encodeImage, encodeText, logitScale } from './two-tower.ts'

/** Weights with the configuration that gives them their places. */
export interface Weights {
  config: ModelConfig
  layout: Layout
  /** Flat values, see {@link Layout}. */
  flat: Float32Array
}

/** Places of all values of a two-tower model. */
export function modelLayout(config: ModelConfig): Layout {
  const { image } = config
  const { declarations } = trace(
    (scope) => {
      encodeImage(scope, input('pixels', [1, image.channels, image.size, image.size]), config)
      encodeText(scope, input('ids', [1, 4], 'int32'), input('mask', [1, 4], 'int32'), config)
      logitScale(scope, config)
    },
    { training: false },
  )
  return layOut(declarations)
}

/** Reads config.json and model.safetensors; every tensor must be there, finite and of the configured shape. */
export async function readWeights(folder: string): Promise<Weights> {
  const path = join(folder, 'config.json')
  const config = fromHuggingFace(await readJson(path), path)
  const layout = modelLayout(config)
  const file = join(folder, 'model.safetensors')
  const { tensors } = await readSafetensors(file)
  const values = new Map<string, { shape: readonly number[]; data: Float32Array }>()
  for (const [name, { shape, data }] of tensors) if (data instanceof Float32Array) values.set(name, { shape, data })
  return { config, layout, flat: flatten(layout, values, file) }
}

/** Writes model.safetensors, then config.json: a folder with a config has its weights. */
export async function writeWeights(folder: string, { config, layout, flat }: Weights): Promise<void> {
  const known = modelLayout(config).byName
  const values = valuesByName(layout, flat)
  const tensors: [string, { shape: number[]; data: Float32Array }][] = []
  for (const name of [...known.keys()].sort()) {
    const data = values.get(name)
    if (data === undefined) throw new VesaliusError('MODEL_INVALID', `The model has no value for "${name}".`)
    tensors.push([name, { shape: [...known.get(name)!.shape], data }])
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' })
  await writeJsonAtomic(join(folder, 'config.json'), toHuggingFace(config))
}
