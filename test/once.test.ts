/** @file A text tower that stands still: out of the step, each sentence through it once, in the model as it was. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../src/core/random.ts'
import { initialValues, openRuntime, type Runtime, valuesByName } from '../src/engine/index.ts'
import { modelSchema } from '../src/models/config.ts'
import { modelLayout, readWeights } from '../src/models/folder.ts'
import { runSchema } from '../src/pretrain/config.ts'
import { encoderOnce } from '../src/pretrain/once.ts'
import { outcome, trainWithKills } from './interruption.ts'
import { tinyRun, vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-once-'))
const at = (name: string): string => join(room, name)
const data = at('data')

/** Weights of a part of the model in a folder, by name. */
async function part(folder: string, begins: string): Promise<Map<string, number[]>> {
  const { layout, flat } = await readWeights(join(folder, 'model'))
  const values = [...valuesByName(layout, flat)].filter(([name]) => name.startsWith(begins))
  return new Map(values.map(([name, found]) => [name, [...found]]))
}

describe('sentences encoded once', () => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = openRuntime({ threads: 1 })
    await vesaliusJson(['phantoms', 'chest-xray', '--out', data, '--count', '60', '--size', '48', '--seed', '6'])
    const run = { ...tinyRun, objective: 'pan-2023' }
    writeFileSync(at('first.json'), JSON.stringify({ ...run, train: { ...tinyRun.train, steps: 12 } }))
  })
  afterAll(async () => {
    await runtime?.close()
    rmSync(room, { recursive: true, force: true })
  })

  it('have the features of the tower, whoever came before, and the tower runs once for each', async () => {
    const config = modelSchema.parse({
      image: { kind: 'vit', size: 16, channels: 1, patch: 8, width: 16, layers: 1, heads: 2 },
      text: { kind: 'bert', width: 16, layers: 2, heads: 2, mlp: 32, context: 16, vocabulary: 40, readOut: 'mean' },
      joint: 8,
    })
    const layout = modelLayout(config)
    const weights = { config, layout, flat: initialValues(layout, 3) }
    const sentences = [
      [2, 7, 9, 3],
      [2, 8, 8, 8, 8, 8, 8, 8, 8, 9, 3],
      [2, 3],
      [2, 7, 9, 11, 3],
    ]
    const asked: number[] = []
    const counting = {
      ...runtime,
      load: async (model: Uint8Array) => {
        const session = await runtime.load(model)
        const run: typeof session.run = (call) => {
          asked.push(1)
          return session.run(call)
        }
        return { ...session, run }
      },
    }
    const encode = await encoderOnce(counting, weights)
    const first = await Promise.all([...sentences, ...sentences].map((ids) => encode(ids)))
    expect(asked).toHaveLength(sentences.length)
    const again = await encoderOnce(runtime, weights)
    for (const [i, ids] of sentences.toReversed().entries())
      expect(await again(ids)).toEqual(first[sentences.length - 1 - i])
    expect(new Set(first.map((features) => features.join())).size).toBe(sentences.length)
  })

  it('train the projection and the image tower; the text tower in the model is that of the start', async () => {
    await vesaliusJson(['pretrain', '--data', data, '--out', at('first'), '--config', at('first.json')])
    const { layout, flat } = await readWeights(at('first/model'))
    expect(layout.byName.size).toBeGreaterThan(20)
    const fresh = valuesByName(layout, initialValues(layout, runSchema.shape.train.parse({}).seed))
    const now = valuesByName(layout, flat)
    const moved = [...now.keys()].filter((name) => now.get(name)!.some((v, i) => v !== fresh.get(name)![i]))
    expect(moved.filter((name) => name.startsWith('text_model'))).toEqual([])
    expect(moved.some((name) => name.startsWith('text_projection'))).toBe(true)
    expect(moved.some((name) => name.startsWith('vision_model'))).toBe(true)
  })

  it('start from the tower of another model, which stays in the new one and makes its features', async () => {
    const clip = { ...tinyRun, train: { ...tinyRun.train, steps: 6 } }
    writeFileSync(at('clip.json'), JSON.stringify(clip))
    await vesaliusJson(['pretrain', '--data', data, '--out', at('clip'), '--config', at('clip.json')])
    writeFileSync(at('second.json'), JSON.stringify({ objective: 'pan-2023', train: { ...tinyRun.train, steps: 4 } }))
    const then = ['--config', at('second.json'), '--from', at('clip/model')]
    await vesaliusJson(['pretrain', '--data', data, '--out', at('second'), ...then])
    expect(await part(at('second'), 'text_model')).toEqual(await part(at('clip'), 'text_model'))
    expect(await part(at('second'), 'text_model')).not.toEqual(await part(at('first'), 'text_model'))
  })

  it('a run killed and continued has the same bits', async () => {
    const hits = await trainWithKills({ data, config: at('first.json'), run: at('killed') }, 2, random(5, 'once'))
    expect(hits).toBeGreaterThanOrEqual(1)
    expect(outcome(at('killed')).weights.equals(outcome(at('first')).weights)).toBe(true)
  })
})
