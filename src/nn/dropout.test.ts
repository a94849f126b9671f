import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VesaliusError } from '../core/errors.ts'
import {
  drawRandom,
  gradients,
  input,
  interpret,
  mul,
  openRuntime,
  type Runtime,
  sum,
  type Tensor,
} from '../engine/index.ts'
import { dropout, dropPath } from './dropout.ts'
import { type Scope, trace } from './scope.ts'
import { openTraining } from './training.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const drawn = (...asked: Parameters<typeof drawRandom>): Float64Array => Float64Array.from(drawRandom(...asked))
const traced = (model: (scope: Scope) => Tensor, training = true): Tensor => trace(model, { training }).outputs

describe('dropout', () => {
  const x = input('x', [40, 50])
  const values = Float64Array.from({ length: 2000 }, (_, i) => i + 1)

  it('drops a share p and scales the rest by 1 / (1 - p), forwards and backwards alike', () => {
    const y = traced((scope) => dropout(scope.in('block'), x, 0.25))
    const keep = drawn({ seed: 1, step: 0, name: 'block.dropout' }, { kind: 'bernoulli', keep: 0.75 }, [40, 50])
    const feeds = new Map([
      ['x', values],
      ['block.dropout', keep],
    ])
    const [out, slope] = interpret([y, ...gradients(sum(y), [x])], feeds)
    out!.forEach((v, i) => {
      expect(v).toBeCloseTo(keep[i] === 1 ? (i + 1) / 0.75 : 0, 3)
      expect(slope![i]).toBeCloseTo(keep[i] === 1 ? 1 / 0.75 : 0, 6)
    })
    expect(keep.reduce((s, v) => s + v, 0) / 2000).toBeCloseTo(0.75, 1)
  })

  it('dropPath drops whole rows', () => {
    const y = traced((scope) => dropPath(scope, x, 0.5))
    const keep = Float64Array.from({ length: 40 }, (_, i) => i % 2)
    const [out] = interpret([y], new Map([['x', values], ['drop_path', keep]])) // biome-ignore format: one line
    out!.forEach((v, i) => {
      expect(v).toBe(Math.floor(i / 50) % 2 === 1 ? (i + 1) * 2 : 0)
    })
  })

  it('is nothing outside training, and nothing at p = 0', () => {
    expect(traced((scope) => dropout(scope, x, 0.5), false)).toBe(x)
    expect(traced((scope) => dropPath(scope, x, 0.5), false)).toBe(x)
    expect(traced((scope) => dropout(scope, x, 0))).toBe(x)
  })

  it('refuses a probability that would leave nothing, and one name twice, with what to do', () => {
    expect(() => traced((scope) => dropout(scope, x, 1))).toThrow('0 <= p < 1')
    let caught: unknown
    try {
      traced((scope) => dropout(scope.in('a'), dropout(scope.in('a'), x, 0.1), 0.1))
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(VesaliusError)
    expect((caught as VesaliusError).message).toContain('"a.dropout"')
    expect((caught as VesaliusError).hint).toContain('scope.in')
  })
})

describe('random leaves in training', () => {
  const build = (scope: Scope, rows: number): { loss: Tensor; watch: Record<string, Tensor> } => {
    const w = scope.parameter('w', [4], { kind: 'ones' })
    const kept = dropout(scope, mul(input('x', [rows, 4]), w), 0.5)
    return { loss: sum(mul(kept, scope.random('noise', [rows, 4], { kind: 'normal' }))), watch: {} }
  }
  const feeds = () => ({ x: { dtype: 'float32' as const, shape: [2, 4], data: new Float32Array(8).fill(1) } })
  const optimizer = { kind: 'adamw' as const, weightDecay: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }

  it('are drawn for seed, step and name; a resumed run sees the same ones', async () => {
    const options = { runtime, build, first: 2, optimizer, clipNorm: 1, seed: 5 }
    const losses: number[] = []
    const training = await openTraining(options)
    for (let i = 0; i < 3; i++) losses.push((await training.step(2, feeds(), 0)).values.loss!)
    const wanted = [0, 1, 2].map((step) => {
      const keep = drawn({ seed: 5, step, name: 'dropout' }, { kind: 'bernoulli', keep: 0.5 }, [2, 4])
      const noise = drawn({ seed: 5, step, name: 'noise' }, { kind: 'normal' }, [2, 4])
      return keep.reduce((s, k, i) => s + k * 2 * noise[i]!, 0)
    })
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(wanted[i]!, 5)
    })
    const state = { ...(await training.state()), step: 1 }
    await training.restore(state)
    expect((await training.step(2, feeds(), 0)).values.loss).toBe(losses[1])
    await training.dispose()
  })
})
