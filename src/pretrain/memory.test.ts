import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostNode } from '../engine/host.ts'
import {
  estimateMemory,
  exp,
  type Feed,
  input,
  lowerTraining,
  methodOf,
  openRuntime,
  type Profile,
  parseProfile,
  peakInUse,
  type Runtime,
  sum,
  tanh,
} from '../engine/index.ts'
import { executionOrder } from '../engine/inspect/liveness.ts'
import { valueMemory } from '../engine/inspect/memory.ts'
import { resolveRun } from './config.ts'
import { checkMemory, type RunMemory, runMemory } from './memory.ts'
import { type SyntheticOptions, syntheticFeeds, syntheticStep, traceSynthetic } from './synthetic.ts'

let runtime: Runtime
let folder: string
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
  folder = mkdtempSync(join(tmpdir(), 'vesalius-memory-'))
})
afterAll(async () => {
  await runtime.close()
  rmSync(folder, { recursive: true })
})

/** Runs a step's graph once under the profiler. */
async function profiled(
  options: SyntheticOptions,
): Promise<{ model: ReturnType<typeof lowerTraining>; profile: Profile }> {
  const synthetic = syntheticStep(options)
  const { outputs, fetch, into } = traceSynthetic(synthetic)
  const model = lowerTraining(outputs)
  await runtime.allocate('parameters', synthetic.layout.length)
  await runtime.allocate('gradients', synthetic.layout.trained)
  const feeds: Record<string, Feed> = {}
  const made = syntheticFeeds(synthetic)
  for (const { name } of model.inputs) {
    const entry = synthetic.layout.byName.get(name)
    feeds[name] =
      entry === undefined ? (made[name] as Feed) : { buffer: 'parameters', offset: entry.offset, shape: entry.shape }
  }
  const prefix = `p${readdirSync(folder).length}`
  const session = await runtime.load(model.bytes, { profile: join(folder, prefix) })
  await session.run({ feeds, into, fetch })
  await session.dispose()
  const file = readdirSync(folder).find((name) => name.startsWith(prefix)) as string
  return { model, profile: parseProfile(readFileSync(join(folder, file), 'utf8'), file) }
}

describe.each([
  { image: 'vit-tiny', text: 'bert-tiny', size: 64, batch: 8, tokens: 32, vocabulary: 200 },
  { image: 'resnet-tiny', text: 'clip-text-tiny', size: 64, batch: 8, tokens: 24, vocabulary: 200 },
])('$image with $text, as ONNX Runtime runs it', (options) => {
  it('nodes run in the order foreseen, and the most memory in use is within 15 % of what was foreseen', async () => {
    const { model, profile } = await profiled(options)
    const { nodes } = model.graph
    const place = new Map(executionOrder(nodes).map((index, time) => [nodes[index]!.name, time]))
    const seen = profile.calls.flatMap(({ name }) => place.get(name) ?? [])
    // The runtime fuses some nodes under new names; the others are in order.
    expect(seen.length).toBeGreaterThan(0.9 * profile.calls.length)
    expect(seen.every((time, i) => i === 0 || time > (seen[i - 1] as number))).toBe(true)
    const real = (peakInUse(profile) as { bytes: number }).bytes
    expect(valueMemory(model) / real).toBeGreaterThan(0.85)
    expect(valueMemory(model) / real).toBeLessThan(1.15)
  })
})

describe('memory of a run', () => {
  const { step, layout } = syntheticStep({ size: 64, vocabulary: 200 })
  const { optimizer } = resolveRun({ data: 'd' }, 'here').train
  const of = (batch: number, buckets: readonly number[], free = 1e12): RunMemory =>
    runMemory(step, { batch, buckets, optimizer }, free)

  it('grows with the batch, by the values; with the parameters not at all', () => {
    const [small, large] = [of(8, [64]).least, of(32, [64]).least]
    expect(large.values / small.values).toBeGreaterThan(3.5)
    expect(large.values / small.values).toBeLessThan(4.1)
    expect(large.vectors).toBe(small.vectors)
    expect(large.total).toBe(large.values + large.vectors + large.base + large.inputs)
  })

  it('holds parameters, gradients and what the optimizer keeps', () => {
    const slots = methodOf(optimizer).slots.length
    expect(of(8, [64]).least.vectors).toBe(4 * layout.length * (3 + slots))
    const { average } = resolveRun({ data: 'd', overrides: { train: { average: {} } } }, 'here').train
    const more = runMemory(step, { batch: 8, buckets: [64], optimizer, average, accumulate: 2 }, 1e10)
    expect(more.least.vectors).toBe(4 * layout.length * (5 + slots))
  })

  it('every length of texts has a session of its own; the longest alone is the least', () => {
    const { least, most } = of(8, [16, 64])
    expect(least.total).toBe(of(8, [64]).least.total)
    expect(most.values).toBeCloseTo(of(8, [16]).least.values + of(8, [64]).least.values, 3)
  })

  it('says what is needed and what is free, and refuses what clearly does not fit', () => {
    const need = of(8, [64]).least.total
    expect(checkMemory(of(8, [64], 2 * need), false)).toMatch(/^Memory: needs \d+ MB; \d+ MB free\.$/)
    expect(checkMemory(of(8, [16, 64], 2 * need), false)).toMatch(/needs \d+ MB, up to \d+ MB when texts of every/)
    expect(() => checkMemory(of(8, [64], need / 0.94), false)).not.toThrow()
    expect(() => checkMemory(of(8, [64], need / 0.96), false)).toThrow(
      /^This run needs about \d+ MB, and \d+ MB are free\.$/,
    )
    expect(() => checkMemory(of(8, [64], need / 2), true)).not.toThrow()
  })
})

describe('estimate of a graph that host nodes cut', () => {
  it('counts the sessions on both sides, and what is handed over', () => {
    const rule = { name: 'double', forward: () => [new Float32Array(1)] }
    const size = { length: 16, vectors: 2 }
    const x = input('x', [1000, 1000])
    const [between] = hostNode(rule, [exp(x)], [{ shape: [1000, 1000], dtype: 'float32' }])
    const cut = estimateMemory([{ y: sum(tanh(between!)) }], size)
    const whole = estimateMemory([{ y: sum(tanh(exp(x))) }], size)
    // The value that the host makes lies beside the runtime; in one session the hyperbolic tangent works in place.
    expect(cut.values - whole.values).toBeGreaterThan(3.9e6)
    expect(cut.vectors).toBe(5 * 16 * 4)
    expect(cut.inputs).toBe(2 * 4e6)
    expect(cut.total).toBe(cut.values + cut.vectors + cut.base + cut.inputs)
  })
})
