/** @file The model folder of a run (DESIGN section 6), made from the best checkpoint. */

import { join } from 'node:path'
import { readBytes, sha256, writeFileAtomic, writeJsonAtomic } from '../core/files.ts'
import { initialValues, type Layout } from '../engine/index.ts'
import { writePreprocess } from '../imaging/index.ts'
import { writeSafetensors } from '../models/checkpoints/safetensors.ts'
import type { ModelConfig } from '../models/config.ts'
import { modelLayout, readWeights, type Weights, writeWeights } from '../models/folder.ts'
import type { Training, TrainingState } from '../nn/index.ts'
import type { Tokenizer } from '../text/index.ts'
import { bestCheckpoint, readCheckpoint } from './checkpoint.ts'
import { objectiveOf, type RunConfig, textModeOf } from './config.ts'
import { preprocessFor } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import type { BatchShape } from './step.ts'

export interface ExportOptions {
  folder: RunFolder
  training: Training<BatchShape>
  config: RunConfig
  model: ModelConfig
  tokenizer: Tokenizer
  summary: { steps: number; loss: number; best: { step: number; loss: number } | null }
}

/** Writes weights, tokenizer, preprocessing and model card; config.json is the last of the weights, the card the last of all. */
export async function exportModel({
  folder,
  training,
  config,
  model,
  tokenizer,
  summary,
}: ExportOptions): Promise<void> {
  const best = await bestCheckpoint(folder.checkpoints)
  const flat =
    best === undefined
      ? await training.result()
      : usable((await readCheckpoint(folder.checkpoints, best)).state.buffers)
  for (const [name, content] of Object.entries(tokenizer.toFiles()))
    await writeFileAtomic(join(folder.model, name), content)
  await writeJsonAtomic(
    join(folder.model, 'preprocessor_config.json'),
    writePreprocess(preprocessFor(model, config.data.fit)),
  )
  await writeWeights(folder.model, await complete(config, model, training.layout, flat))
  await writeHeads(folder.model, training.layout, flat)
  const hash = sha256(await readBytes(join(folder.model, 'model.safetensors')))
  await writeFileAtomic(join(folder.model, 'README.md'), card(config, model, summary, hash))
}

/** The parameters of a state as they are used: where there is a running average, it stands for what was trained. */
function usable({ parameters, average }: TrainingState['buffers']): Float32Array {
  const flat = (parameters as Float32Array).slice()
  if (average !== undefined) flat.set(average)
  return flat
}

/** All values of the model: what the objective trained, and a tower that it never moved as it was at the start. */
async function complete(config: RunConfig, model: ModelConfig, trained: Layout, flat: Float32Array): Promise<Weights> {
  const { layout, flat: values } = await modelAtStart(config, model)
  for (const { name, offset, size } of layout.entries) {
    const entry = trained.byName.get(name)
    if (entry !== undefined) values.set(flat.subarray(entry.offset, entry.offset + size), offset)
  }
  return { config: model, layout, flat: values }
}

/** All values of the model before the first step, used by the objective or not. */
export async function modelAtStart(config: RunConfig, model: ModelConfig): Promise<Weights> {
  const layout = modelLayout(model)
  const flat = (await startingWeights(config, layout)) ?? initialValues(layout, config.train.seed)
  return { config: model, layout, flat }
}

/** Parameters of the objective itself, beside the model's. */
async function writeHeads(folder: string, layout: Layout, flat: Float32Array): Promise<void> {
  const heads = layout.entries.filter(({ name }) => name.startsWith('objective.'))
  if (heads.length === 0) return
  await writeSafetensors(
    join(folder, 'objective.safetensors'),
    heads.map(({ name, shape, offset, size }) => [
      name,
      { shape: [...shape], data: flat.subarray(offset, offset + size) },
    ]),
  )
}

/** Weights of the model folder that a run starts from, laid out for this run; undefined for a fresh start. */
export async function startingWeights(config: RunConfig, layout: Layout): Promise<Float32Array | undefined> {
  if (config.model.from === undefined) return undefined
  const { layout: old, flat } = await readWeights(config.model.from)
  // What the model does not have (parts of the objective, towers of its own) starts fresh.
  const out = initialValues(layout, config.train.seed)
  for (const { name, offset, size } of layout.entries) {
    const entry = old.byName.get(name)
    if (entry !== undefined) out.set(flat.subarray(entry.offset, entry.offset + size), offset)
  }
  return out
}

function card(
  config: RunConfig,
  model: ModelConfig,
  { steps, loss, best }: ExportOptions['summary'],
  hash: string,
): string {
  const { name, paper } = objectiveOf(config.objective).survey
  return `---
library_name: vesalius
tags: [medical, image-text, ${config.objective}]
---

# ${name} pre-trained with Vesalius

| | |
| --- | --- |
| objective | ${name} (${paper}) |
| image tower | ${model.image.kind}, ${model.image.size} px |
| text tower | ${model.text.kind}, ${model.text.context} tokens, vocabulary ${model.text.vocabulary} |
| joint space | ${model.joint} |
| data | ${config.data.folder.split('/').at(-1)} (text: ${textModeOf(config)}) |
| steps | ${steps}, batch ${config.train.batch}, seed ${config.train.seed} |
| last training loss | ${loss.toFixed(4)} |
| weights from | ${best === null ? 'the last step' : `step ${best.step}, validation loss ${best.loss.toFixed(4)}`} |
| sha256 of model.safetensors | ${hash} |

The licence of these weights follows that of the data they were trained on. Not a medical device: for research and
engineering, never for decisions about patients.

Use: \`vesalius classify --model <this folder> --labels "first, second" image.png\`
`
}
