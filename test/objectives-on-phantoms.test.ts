/** @file Every objective on studies with pictures and reports: some steps, from checkpoint to the same bits, in chunks. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRuntime, type Runtime } from '../src/engine/index.ts'
import { openTraining, type Training } from '../src/nn/index.ts'
import { type Batch, openBatches } from '../src/pretrain/batches.ts'
import { checkpointName, readCheckpoint, writeCheckpoint } from '../src/pretrain/checkpoint.ts'
import { resolveRun } from '../src/pretrain/config.ts'
import { environment, layoutHash } from '../src/pretrain/environment.ts'
import { modelAtStart } from '../src/pretrain/export.ts'
import { objectives } from '../src/pretrain/objectives.ts'
import { encoderOnce } from '../src/pretrain/once.ts'
import { prepareRun } from '../src/pretrain/prepare.ts'
import { type BatchShape, buildStep, cachingOf, weightsAt } from '../src/pretrain/step.ts'
import { rulesOf, treatmentsOf } from '../src/pretrain/treatments.ts'
import { vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-objectives-'))
const data = join(room, 'data')
let runtime: Runtime
beforeAll(async () => {
  const size = ['--count', '24', '--size', '48', '--seed', '4', '--dial', 'views=PA+lateral']
  await vesaliusJson(['phantoms', 'chest-xray', '--out', data, ...size])
  runtime = openRuntime({ threads: 1 })
})
afterAll(async () => {
  await runtime?.close()
  rmSync(room, { recursive: true, force: true })
})

/** A vision transformer of one block on 4 x 4 patches, and a BERT of one layer: no batch statistics in towers. */
const towers = {
  image: { kind: 'vit', size: 32, channels: 1, patch: 8, width: 32, layers: 1, heads: 2 },
  text: { kind: 'bert', width: 32, layers: 1, heads: 2, mlp: 64, context: 16, readOut: 'mean' },
  joint: 16,
}

async function prepared(objective: string) {
  const overrides = { model: towers, tokenizer: { vocabulary: 300 }, train: { batch: 4 } }
  const chosen = objectives.find(({ id }) => id === objective)!
  const config = resolveRun({ data, objective, recipe: chosen.tiny && 'tiny', overrides }, 'test')
  const run = await prepareRun(config, undefined)
  const { tokenizer, model } = run
  const special = { mask: tokenizer.maskId, start: tokenizer.bosId, end: tokenizer.eosId }
  const step = { model, objective: chosen, config: chosen.config.parse(config.objectiveConfig), special }
  const batches = openBatches({ ...run.data, tokenizer, model, config })
  batches.encodeWith?.(await encoderOnce(runtime, await modelAtStart(config, model)))
  // Texts are cut at 16 tokens, so that nearly all batches have one shape and one session.
  const taken = await Promise.all([0, 1, 2].map((at) => batches.batch(at)))
  const first = taken[0]!.shape
  const open = (chunk?: number): Promise<Training<BatchShape>> =>
    openTraining<BatchShape>({
      runtime,
      build: (scope, at) => buildStep(scope, at, step),
      first,
      optimizer: config.train.optimizer,
      treatments: (declarations) =>
        treatmentsOf(declarations, { parameters: rulesOf(step, config.train), layerDecay: 1 }),
      caching: cachingOf({ train: { chunk, batchStatistics: 'refuse' } }, step),
      seed: 1,
    })
  // Weights of the last step, where no part of a staged system is off.
  const weights = weightsAt(step, 1)
  const trainOn = (training: Training<BatchShape>, { shape, feeds }: Batch, data: Float32Array = weights) => {
    // A step takes its feeds with it.
    const copies = structuredClone({ ...feeds, weights: { dtype: 'float32', shape: [weights.length], data } })
    return training.step(shape, copies as Batch['feeds'], 1e-3)
  }
  return { step, taken, open, run: trainOn, weights }
}

/** Heads with batch normalisation of their own, on the rows of a tower's pass. */
const normalised = ['lovt', 'mueller-2022a']

describe.each(objectives.filter(({ tiny, id }) => tiny !== undefined || id === 'clip').map(({ id }) => id))(
  '%s',
  (id) => {
    it('learns from real studies, goes on from a checkpoint bit for bit, and is the same in chunks', async () => {
      const { step, taken, open, run } = await prepared(id)
      const training = await open()
      const first = await run(training, taken[0]!)
      for (const name of step.objective.losses)
        expect([name, Number.isFinite(first.values[name])]).toEqual([name, true])
      expect(first.gradientNorm).toBeGreaterThan(0)

      const folder = join(room, id)
      const place = {
        environment: environment({ threads: 1, device: 'cpu', ranks: 1 }),
        layout: layoutHash(training.layout),
      }
      await writeCheckpoint(folder, await training.state(), { step: 1, best: null, ...place })
      const later = taken.slice(1)
      const values: unknown[] = []
      for (const batch of later) values.push((await run(training, batch)).values)
      const end = await training.parameters()
      await training.restore((await readCheckpoint(folder, checkpointName(1))).state)
      const again: unknown[] = []
      for (const batch of later) again.push((await run(training, batch)).values)
      expect(again).toEqual(values)
      expect(Buffer.from((await training.parameters()).buffer).equals(Buffer.from(end.buffer))).toBe(true)
      await training.dispose()

      if (normalised.includes(id)) {
        await expect(open(2).then((chunked) => run(chunked, taken[0]!))).rejects.toThrow(/statistics of the batch/)
        return
      }
      const chunked = await open(2)
      const same = await run(chunked, taken[0]!)
      expect(Math.abs(same.gradientNorm / first.gradientNorm - 1)).toBeLessThan(1e-4)
      for (const name of step.objective.losses)
        expect(Math.abs(same.values[name]! - first.values[name]!)).toBeLessThan(
          1e-5 * Math.max(1, Math.abs(first.values[name]!)),
        )
      await chunked.dispose()
    })
  },
)

/** The parts that make a system that system. */
const mechanisms: Readonly<Record<string, readonly string[]>> = {
  gloria: ['local'],
  lovt: ['regionsToReport', 'reportToRegions', 'sentencesToImage', 'imageToSentences'],
  'seibold-2022': ['imageToSentence', 'sentenceToImage'],
  tier: ['tokenEntropy', 'patchEntropy'],
  'mueller-2022a': ['prior'],
  refers: ['generation'],
  mrm: ['image', 'report'],
  mtpm: ['local'],
  prior: ['regions', 'sentences'],
  tcsa: ['local', 'crossView'],
}

describe('a mechanism is learned by its own part of the loss, not by the others', () => {
  it.each(Object.keys(mechanisms))(
    '%s',
    async (id) => {
      const { step, taken, open, run, weights } = await prepared(id)
      const parts = mechanisms[id] as readonly string[]
      const training = await open()
      const start = await training.parameters()
      /** The parts on the three batches, after eight rounds over them under these weights. */
      const trained = async (under: Float32Array): Promise<number> => {
        await training.restart(start)
        for (let round = 0; round < 8; round++) for (const batch of taken) await run(training, batch, under)
        let total = 0
        for (const batch of taken) {
          const { values } = await run(training, batch, under)
          for (const part of parts) total += values[part] as number
        }
        return total
      }
      const whole = await trained(weights)
      const without = await trained(weights.map((w, i) => (parts.includes(step.objective.losses[i] as string) ? 0 : w)))
      expect(whole).toBeLessThan(without)
      await training.dispose()
    },
    60_000,
  )
})
