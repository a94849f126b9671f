/** @file Sentences by a text tower that stands still: each is encoded once in a run, and its features are kept. */

import { compileProgram, input, type Program, type Runtime } from '../engine/index.ts'
import type { Weights } from '../models/folder.ts'
import { encodeText } from '../models/two-tower.ts'
import { trace } from '../nn/index.ts'

/** Ids of a sentence with its special tokens -> features [W] of the text tower, before the projection. */
export type EncodeOnce = (ids: readonly number[]) => Promise<Float32Array>

/** Where the weights of the tower lie beside the runtime. */
const buffer = 'tower that stands still'

/**
 * Encodes by the text tower of these weights, without dropout. Sentences go through it one by one, so that their features do not
 * depend on who came with them: a run that is continued has the same bits. Keeps 4 W bytes a distinct sentence.
 */
export async function encoderOnce(runtime: Runtime, { config, layout, flat }: Weights): Promise<EncodeOnce> {
  await runtime.allocate(buffer, flat.length)
  await runtime.write(buffer, 0, flat.slice())
  const place = (name: string) => {
    const entry = layout.byName.get(name)
    return entry && { buffer, offset: entry.offset, shape: entry.shape }
  }
  const programs = new Map<number, Promise<Program>>()
  const load = (tokens: number): Promise<Program> => {
    const { outputs } = trace(
      (scope) => {
        const [ids, mask] = [input('ids', [1, tokens], 'int32'), input('mask', [1, tokens], 'int32')]
        return { features: encodeText(scope, ids, mask, config).globalRaw }
      },
      { training: false },
    )
    return compileProgram(runtime, outputs, { place })
  }
  const encode: EncodeOnce = async (ids) => {
    const tokens = Math.min(Math.ceil(ids.length / 8) * 8, config.text.context)
    const program = programs.get(tokens) ?? load(tokens)
    programs.set(tokens, program)
    const row = (values: ArrayLike<number>, filler: number) => {
      const data = new Int32Array(tokens).fill(filler)
      data.set(values)
      return { dtype: 'int32' as const, shape: [1, tokens], data }
    }
    const feeds = { ids: row(ids, config.text.pad), mask: row(new Int32Array(ids.length).fill(1), 0) }
    return (await (await program).run(feeds)).outputs.features!.data as Float32Array
  }
  const known = new Map<string, Promise<Float32Array>>()
  return (ids) => {
    const key = ids.join()
    const features = known.get(key) ?? encode(ids)
    known.set(key, features)
    return features
  }
}
