/**
 * @file A text tower by itself: of a model folder or run, of a public BERT folder (sentence-transformers and others, mean
 * of the tokens), or the same with fresh weights, as a control.
 */

import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { VesaliusError } from '../core/errors.ts'
import { readJson } from '../core/files.ts'
import { initialValues, input, layOut, lowerServing, openRuntime, valuesByName } from '../engine/index.ts'
import { bert } from '../models/bert.ts'
import { readBertConfig } from '../models/checkpoints/hugging-face.ts'
import { readSafetensors } from '../models/checkpoints/safetensors.ts'
import { trace } from '../nn/index.ts'
import { loadTokenizer } from '../text/index.ts'
import { openModel } from './model.ts'
import { concatenate } from './vectors.ts'

export interface TextTower {
  /** Texts to rows [N, width], not normalised. */
  embed(texts: readonly string[]): Promise<Float32Array>
  close(): Promise<void>
}

export interface TextTowerOptions {
  /** Fresh weights of this seed in the place of the folder's. */
  fresh?: number
}

/** Opens the text tower of a folder. Throws MODEL_INVALID where it is none that is known. */
export async function openTextTower(folder: string, { fresh }: TextTowerOptions = {}): Promise<TextTower> {
  const file = join(folder, 'config.json')
  const alone = await access(join(folder, 'model', 'config.json')).then(
    () => false,
    () => true,
  )
  const json = alone ? await readJson(file) : undefined
  if (typeof json === 'object' && json !== null && 'model_type' in json && json.model_type === 'bert')
    return bertTower(folder, json, file, fresh)
  if (fresh !== undefined) {
    throw new VesaliusError('MODEL_INVALID', `${folder} is no BERT folder, of which alone fresh towers are made.`, {
      where: folder,
      hint: 'Fresh weights of a run are those of a training of 1 step at rate 0.',
    })
  }
  const model = await openModel(folder)
  return { embed: (texts) => model.embedTexts(texts), close: () => model.close() }
}

const chunk = 32

/** A BERT folder of Hugging Face, read out by the mean of all tokens, as sentence-transformers does. */
async function bertTower(folder: string, json: unknown, where: string, fresh: number | undefined): Promise<TextTower> {
  const config = { ...readBertConfig(json, where), readOut: 'mean' as const }
  const tokenizer = await loadTokenizer(folder, { contextLength: Math.min(config.context, 256) })
  const model = (batch: number, tokens: number) =>
    trace(
      (scope) => {
        const [ids, mask] = [input('ids', [batch, tokens], 'int32'), input('mask', [batch, tokens], 'int32')]
        return { embedding: bert(scope, (x) => x, ids, mask, config).globalRaw }
      },
      { training: false },
    )
  const layout = layOut(model(1, 8).declarations)
  let values: ReadonlyMap<string, Float32Array> = valuesByName(layout, initialValues(layout, fresh ?? 1))
  if (fresh === undefined) {
    const { tensors } = await readSafetensors(join(folder, 'model.safetensors'))
    // Folders of BertForX prefix the keys of the encoder.
    const named = (name: string) => tensors.get(name) ?? tensors.get(`bert.${name}`)
    values = new Map(
      layout.entries.map(({ name, size }) => {
        const data = named(name)?.data
        if (data instanceof Float32Array && data.length === size) return [name, data]
        throw new VesaliusError('MODEL_INVALID', `${folder} has no values for "${name}".`, { where: folder })
      }),
    )
  }
  const runtime = openRuntime({})
  const sessions = new Map<number, ReturnType<typeof runtime.load>>()
  return {
    async embed(texts) {
      const longest = Math.max(...texts.map((text) => tokenizer.encode(text).length), 1)
      const tokens = Math.ceil(longest / 8) * 8
      const session =
        sessions.get(tokens) ??
        runtime.load(lowerServing((batch: number) => model(batch, tokens).outputs, values).bytes)
      sessions.set(tokens, session)
      const parts: Float32Array[] = []
      for (let from = 0; from < texts.length; from += chunk) {
        const some = texts.slice(from, from + chunk)
        const { ids, mask } = tokenizer.encodeBatch(some, tokens)
        const { outputs } = await (await session).run({
          feeds: {
            ids: { dtype: 'int32', shape: [some.length, tokens], data: ids },
            mask: { dtype: 'int32', shape: [some.length, tokens], data: Int32Array.from(mask) },
          },
          fetch: ['embedding'],
        })
        parts.push(outputs.embedding!.data as Float32Array)
      }
      return concatenate(parts)
    },
    close: () => runtime.close(),
  }
}
