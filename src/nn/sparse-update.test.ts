import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNear } from '../../test/near.ts'
import {
  type Declaration,
  type Feed,
  gather,
  input,
  mul,
  openRuntime,
  type Runtime,
  square,
  sub,
  sum,
} from '../engine/index.ts'
import type { Step } from './pass.ts'
import type { Scope } from './scope.ts'
import { openTraining, type TrainingOptions } from './training.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

/** A table of 40 rows looked up twice, and a factor that is trained as usual. */
function build(scope: Scope): Step {
  const table = scope.in('words').parameter('weight', [40, 3], { kind: 'normal', sd: 1 })
  const factor = scope.parameter('factor', [3], { kind: 'constant', value: 0.5 })
  const one = mul(gather(table, input('ids', [2, 3], 'int32')), factor) //                              [2, 3, 3]
  const two = gather(table, input('more', [4], 'int32')) //                                                [4, 3]
  return { loss: sum(square(sub(sum(one, 0), 1))), watch: { size: sum(square(two)) } }
}
function buildBoth(scope: Scope): Step {
  const { loss, watch } = build(scope)
  return { loss: sum(square(mul(loss, 0.1))), watch }
}

const treatments =
  (sparse: boolean) =>
  () =>
  ({ name, decay }: Declaration) => ({
    decay,
    factor: name === 'words.weight' ? 2 : 1,
    frozenUntil: 0,
    sparse: sparse && name === 'words.weight',
  })
const open = (sparse: boolean, more: Partial<TrainingOptions<null>> = {}) =>
  openTraining<null>({
    runtime,
    build: buildBoth,
    first: null,
    optimizer: {
      kind: 'sgd',
      momentum: 0,
      nesterov: false,
      weightDecay: 0,
      dampening: 0,
    } as TrainingOptions<null>['optimizer'],
    clipNorm: 0.7,
    seed: 3,
    treatments: treatments(sparse),
    ...more,
  })
const ids = (step: number, n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => (i * i + 3 * step) % 9)
const feeds = (step: number): Record<string, Feed> => ({
  ids: { dtype: 'int32', shape: [2, 3], data: ids(step, 6) },
  more: { dtype: 'int32', shape: [4], data: ids(step, 4) },
})
const adam = { kind: 'adamw', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 } as const

describe('a training with a sparse table', () => {
  it('goes the way of the dense one under plain gradient descent: rate factor, clipping, norm', async () => {
    const runs = []
    for (const sparse of [true, false]) {
      const training = await open(sparse)
      const norms: number[] = []
      for (let step = 0; step < 4; step++) norms.push((await training.step(null, feeds(step), 0.05)).gradientNorm)
      const flat = await training.parameters()
      const value = (name: string): Float32Array => {
        const { offset, size } = training.layout.byName.get(name)!
        return flat.slice(offset, offset + size)
      }
      runs.push({ norms, words: value('words.weight'), factor: value('factor'), trained: training.layout.trained })
      await training.dispose()
    }
    const [sparse, dense] = runs as [(typeof runs)[0], (typeof runs)[0]]
    expect(Math.max(...dense.norms)).toBeGreaterThan(0.7) // clipping was at work
    expectNear('norms', sparse.norms, dense.norms, 1e-5)
    expectNear('words', sparse.words, dense.words, 1e-6)
    expectNear('factor', sparse.factor, dense.factor, 1e-6)
    expect([sparse.trained, dense.trained]).toEqual([16, 144])
  })

  it('moves only rows in use under Adam, reports no gradients, and goes on from a saved state to the same bits', async () => {
    const training = await open(true, { optimizer: adam })
    const { offset, size } = training.layout.byName.get('words.weight')!
    const words = async (): Promise<Float32Array> => (await training.parameters()).slice(offset, offset + size)
    const before = await words()
    const { values } = await training.step(null, feeds(0), 0.05)
    expect(Object.keys(values).sort()).toEqual(['loss', 'size'])
    const after = await words()
    const moved = new Set<number>()
    after.forEach((v, i) => {
      if (v !== before[i]) moved.add(Math.floor(i / 3))
    })
    expect([...moved].sort((a, b) => a - b)).toEqual([...new Set(ids(0, 6))].sort((a, b) => a - b))

    const saved = structuredClone(await training.state())
    expect(Object.keys(saved.buffers)).toContain('lazy words.weight v')
    await training.step(null, feeds(1), 0.05)
    const first = await training.parameters()
    await training.restore(saved)
    await training.step(null, feeds(1), 0.05)
    expect(await training.parameters()).toEqual(first)
    // From the beginning the moments are zero again.
    await training.restart((await training.parameters()).slice())
    expect((await training.state()).buffers['lazy words.weight v']!.every((v) => v === 0)).toBe(true)
    await training.dispose()
  })

  it.each([
    ['accumulation', { accumulates: true }],
    ['a running average', { average: { decay: 0.9, warmup: false } as TrainingOptions<null>['average'] }],
    ['clipping by value', { clipValue: 1 }],
    ['the optimizer lion', { optimizer: { kind: 'lion', beta1: 0.9, beta2: 0.99, weightDecay: 0 } as const }],
  ])('is refused with %s', async (reason, more) => {
    const sentence = `"words.weight" cannot be sparse`
    await expect(open(true, more as Partial<TrainingOptions<null>>)).rejects.toThrow(sentence)
    await expect(open(true, more as Partial<TrainingOptions<null>>)).rejects.toThrow(reason)
  })
})
