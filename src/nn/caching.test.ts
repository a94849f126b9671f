import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../core/random.ts'
import {
  add,
  exp,
  type Inline,
  input,
  l2Normalize,
  logSoftmax,
  matmul,
  mean,
  memoryBank,
  mul,
  neg,
  openRuntime,
  optimizerSchema,
  type Runtime,
  sum,
  type Tensor,
  tanh,
  transpose,
} from '../engine/index.ts'
import type { CachingOptions, Split } from './caching.ts'
import { wholeStep } from './caching-graphs.ts'
import { dropout } from './dropout.ts'
import { linear } from './linear.ts'
import { batchNorm } from './norm.ts'
import type { Scope } from './scope.ts'
import { openTraining, type TrainingState } from './training.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

interface Options {
  dropped?: number
  normed?: boolean
  bank?: boolean
}

/** Two small towers with a shared last layer; the loss reads several features of one, has a parameter of its own. */
function split({ dropped = 0, normed = false, bank = false }: Options = {}): Split<number> {
  const tower = (scope: Scope, x: Tensor, shared: Scope): { global: Tensor; inner: Tensor; width: number } => {
    const wide = linear(scope.in('first'), x, 16)
    const inner = tanh(normed ? batchNorm(scope.in('norm'), wide) : wide)
    return { inner, global: linear(shared, dropout(scope, inner, dropped), 6), width: 16 }
  }
  return {
    towers: {
      a: (scope, _, rows) => tower(scope.in('a'), input('x', [rows, 5]), scope.in('shared')),
      b: (scope, _, rows) => tower(scope.in('b'), input('y', [rows, 7]), scope.in('shared')),
    },
    rows: (rows) => rows,
    loss(scope, rows, features) {
      const [a, b] = [features('a'), features('b')] as { global: Tensor; inner: Tensor; width: number }[]
      const scale = exp(scope.parameter('sharpness', [], { kind: 'constant', value: 1.5 }))
      const logits = mul(matmul(l2Normalize(a!.global), l2Normalize(b!.global), { transposeB: true }), scale)
      const paired = neg(mean(sum(mul(logSoftmax(logits, 1), mul(input('pairs', [rows, rows]), 1)), 1)))
      // Shares a parameter with the towers.
      const again = mean(tanh(linear(scope.in('shared'), mul(a!.inner, 0.3), 6)))
      const loss = add(paired, again)
      const watch: Record<string, Tensor> = { scale }
      if (!bank) return { loss, watch }
      const past = scope.state('bank', () => memoryBank({ name: 'bank', size: 2 * rows, width: 6 }))
      const { rows: old } = past.exchange(l2Normalize(b!.global))
      const hard = mean(exp(matmul(a!.global, old, { transposeB: true })))
      return { loss: add(loss, hard), watch: { hard } }
    },
  }
}

const identity = (n: number): Float32Array =>
  Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0))
const normal = (name: string, ...shape: number[]): Inline => {
  const stream = random('caching', name)
  const size = shape.reduce((n, m) => n * m)
  return { dtype: 'float32', shape, data: Float32Array.from({ length: size }, () => stream.normal()) }
}
const feeds = (n: number): Record<string, Inline> => ({
  x: normal('x', n, 5),
  y: normal('y', n, 7),
  pairs: { dtype: 'float32', shape: [n, n], data: identity(n) },
})

/** Steps of plain gradient descent, and the gradient of the last. */
async function stepped(
  parts: Split<number>,
  caching: CachingOptions | undefined,
  { rows = 12, steps = 1 } = {},
): Promise<{ norms: number[]; values: Record<string, number>[]; gradients: Float32Array; state: TrainingState }> {
  const training = await openTraining<number>({
    runtime,
    build: wholeStep(parts),
    first: rows,
    optimizer: optimizerSchema.parse({ kind: 'sgd', momentum: 0 }),
    seed: 3,
    caching: caching && { ...caching, split: parts },
  })
  const norms: number[] = []
  const values: Record<string, number>[] = []
  let gradients: Float32Array = new Float32Array(0)
  for (let i = 0; i < steps; i++) {
    const result = await training.step(rows, feeds(rows), 0.1)
    gradients = await runtime.read('gradients', 0, training.layout.trained)
    norms.push(result.gradientNorm)
    values.push(result.values)
  }
  const state = await training.state()
  await training.dispose()
  return { norms, values, gradients, state }
}

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-6): void {
  expect(found.length).toBe(wanted.length)
  const scale = Math.max(...Array.from(wanted, Math.abs))
  for (let i = 0; i < wanted.length; i++) {
    const off = Math.abs(found[i]! - wanted[i]!)
    if (!(off <= tolerance * scale)) expect.fail(`value ${i} is ${found[i]}, the whole batch gives ${wanted[i]}`)
  }
}

describe('gradient caching', () => {
  it.each([4, 5, 1, { a: 3, b: 6 }, { a: 12, b: 5 }])('in chunks of %j equals the whole batch', async (chunk) => {
    const [direct, cached] = [
      await stepped(split(), undefined, { steps: 3 }),
      await stepped(split(), { chunk }, { steps: 3 }),
    ]
    expectNear(cached.gradients, direct.gradients)
    expectNear(cached.norms, direct.norms)
    cached.values.forEach((value, i) => {
      expectNear(Object.values(value), Object.values(direct.values[i]!))
    })
    expectNear(cached.state.buffers.parameters!, direct.state.buffers.parameters!)
  })

  it('drops what the whole batch would drop, in both passes', async () => {
    const parts = split({ dropped: 0.4 })
    const direct = await stepped(parts, undefined, { steps: 2 })
    expectNear((await stepped(parts, { chunk: 5 }, { steps: 2 })).gradients, direct.gradients)
    const other = await stepped(split(), { chunk: 5 }, { steps: 2 })
    expect(Math.abs(other.norms[0]! - direct.norms[0]!)).toBeGreaterThan(1e-3)
  })

  it('goes with memory banks, which take in the whole batch once', async () => {
    const direct = await stepped(split({ bank: true }), undefined, { steps: 3 })
    const cached = await stepped(split({ bank: true }), { chunk: 4 }, { steps: 3 })
    expectNear(cached.gradients, direct.gradients)
    expectNear(cached.state.buffers['host bank rows']!, direct.state.buffers['host bank rows']!)
    expect(cached.values[2]!.hard).not.toBeCloseTo(1, 3)
  })

  it('refuses batch statistics in a sentence, or takes those of each chunk when told', async () => {
    const parts = split({ normed: true })
    await expect(stepped(parts, { chunk: 4 })).rejects.toThrow(
      'The a tower normalises by statistics of the batch ("a.norm.running_mean"): in chunks of 4 rows',
    )
    // The whole batch in one chunk of each tower has its statistics, and moves them once.
    const direct = await stepped(parts, undefined)
    const whole = await stepped(parts, { chunk: { a: 12, b: 4 }, batchStatistics: 'chunk' })
    const running = (state: TrainingState): Float32Array => state.buffers.parameters!.slice(-64, -32)
    expect(running(whole.state).some((v) => v !== 0)).toBe(true)
    expect(Math.abs(whole.norms[0]! - direct.norms[0]!)).toBeGreaterThan(0)
  })

  it('resumed, goes on to the same bits', async () => {
    const parts = split({ dropped: 0.4, bank: true })
    const open = (seed: number) =>
      openTraining<number>({
        runtime,
        build: wholeStep(parts),
        first: 12,
        optimizer: optimizerSchema.parse({ kind: 'adamw' }),
        seed,
        caching: { chunk: 5, split: parts },
      })
    const whole = await open(3)
    for (let i = 0; i < 2; i++) await whole.step(12, feeds(12), 0.01)
    const saved = await whole.state()
    for (let i = 0; i < 2; i++) await whole.step(12, feeds(12), 0.01)
    const wanted = await whole.state()
    await whole.dispose()
    const resumed = await open(3)
    await resumed.restore(saved)
    for (let i = 0; i < 2; i++) await resumed.step(12, feeds(12), 0.01)
    expect(await resumed.state()).toEqual(wanted)
    await resumed.dispose()
  })

  it('is the plain pass where nothing has to be cut', async () => {
    const direct = await stepped(split(), undefined)
    expect((await stepped(split(), { chunk: 12 })).gradients).toEqual(direct.gradients)
  })

  it('refuses features that do not lead with the rows, and chunks that are no numbers of rows', async () => {
    const parts = split()
    const turned: Split<number> = {
      ...parts,
      loss(scope, rows, features) {
        const step = parts.loss(scope, rows, features)
        return { ...step, loss: add(step.loss, sum((features('a') as { columns: Tensor }).columns)) }
      },
      towers: {
        ...parts.towers,
        a: (scope, shape, rows) => {
          const made = parts.towers.a!(scope, shape, rows) as { global: Tensor }
          return { ...made, columns: transpose(made.global, [1, 0]) }
        },
      },
    }
    await expect(stepped(turned, { chunk: 4 })).rejects.toThrow(
      'The feature "columns" of the a tower is [6, 12]: it does not lead with the 12 rows',
    )
    await expect(stepped(parts, { chunk: 0 })).rejects.toThrow('A chunk of 0 rows')
    await expect(stepped(parts, { chunk: { a: 4 } })).rejects.toThrow('for the b tower')
  })
})
