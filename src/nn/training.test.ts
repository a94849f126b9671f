import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VesaliusError } from '../core/errors.ts'
import {
  type Inline,
  input,
  matmul,
  memoryBank,
  mul,
  openRuntime,
  type Runtime,
  square,
  sub,
  sum,
  type Tensor,
} from '../engine/index.ts'
import type { Scope } from './scope.ts'
import { openTraining, type Training, type TrainingOptions, type TrainingState } from './training.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

/** Loss Σ w x, so that the gradient of w is x; s remembers the last x. The shape is the number of rows of x. */
function linearLoss(scope: Scope, rows: number): { loss: Tensor; watch: Record<string, Tensor> } {
  const x = input('x', [rows, 3])
  const w = scope.in('layer').parameter('w', [3], { kind: 'constant', value: 2 })
  const seen = scope.statistic('seen', [3], { kind: 'zeros' })
  scope.update('seen', sum(x, 0))
  const loss = sum(mul(x, w))
  return { loss, watch: { twice: mul(loss, 2), distance: sum(square(sub(seen, w))) } }
}

const optimizer = { kind: 'adamw' as const, weightDecay: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }
const open = (more: Partial<TrainingOptions<number>> = {}): Promise<Training<number>> =>
  openTraining({ runtime, build: linearLoss, first: 1, optimizer, clipNorm: 1, seed: 1, ...more })

const rows = (...values: number[]): Record<string, Inline> => ({
  x: { dtype: 'float32', shape: [values.length / 3, 3], data: Float32Array.from(values) },
})

async function value(training: Training<number>, name: string): Promise<number[]> {
  const { offset, size } = training.layout.byName.get(name)!
  return [...(await training.parameters()).subarray(offset, offset + size)]
}

function close(actual: ArrayLike<number>, wanted: readonly number[]): void {
  wanted.forEach((v, i) => {
    expect(actual[i]).toBeCloseTo(v, 5)
  })
}

describe('a step', () => {
  it('reports loss, watched values and the norm; moves statistics; clips only what is longer than the limit', async () => {
    const training = await open()
    const short = await training.step(1, rows(0.3, 0, -0.4), 0.1)
    expect(short.values.loss).toBeCloseTo(-0.2, 6)
    expect(short.values.twice).toBeCloseTo(-0.4, 6)
    expect(short.gradientNorm).toBeCloseTo(0.5, 6)
    close((await training.state()).buffers['optimizer.m']!, [0.03, 0, -0.04])
    // AdamW's first step has the length of the rate, whatever the gradient.
    close(await value(training, 'layer.w'), [1.9, 2, 2.1])
    close(await value(training, 'seen'), [0.3, 0, -0.4])

    const long = await training.step(1, rows(3, 0, 4), 0.1)
    expect(long.gradientNorm).toBeCloseTo(5, 5)
    close((await training.state()).buffers['optimizer.m']!, [0.9 * 0.03 + 0.1 * 0.6, 0, 0.9 * -0.04 + 0.1 * 0.8])
    close(await value(training, 'seen'), [3, 0, 4])
    expect(training.steps).toBe(2)
    await training.dispose()
  })

  it('keeps bounds', async () => {
    const training = await open({ bounds: { 'layer.w': { low: 1.95, high: 2.05 } } })
    await training.step(1, rows(0.3, 0, -0.4), 0.1)
    close(await value(training, 'layer.w'), [1.95, 2, 2.05])
    await training.dispose()
  })

  it('refuses a loss that is not finite, and leaves parameters and moments as they were', async () => {
    const training = await open()
    await training.step(1, rows(1, 1, 1), 0.1)
    const before = await training.state()
    const error = await training.step(1, rows(1, Number.NaN, 1), 0.1).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(VesaliusError)
    expect((error as VesaliusError).code).toBe('NOT_FINITE')
    expect((error as VesaliusError).message).toContain('at step 2')
    const after = await training.state()
    expect(after.step).toBe(1)
    const trained = training.layout.trained
    const kept = ({ buffers: { parameters, ...others } }: TrainingState) => [parameters!.subarray(0, trained), others]
    expect(kept(after)).toEqual(kept(before))
    await training.dispose()
  })

  it('takes more input shapes than it keeps sessions for', async () => {
    const training = await open()
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]) {
      const { gradientNorm } = await training.step(n, rows(...Array<number>(3 * n).fill(1)), 1e-3)
      expect(gradientNorm).toBeCloseTo(Math.sqrt(3) * n, 4)
    }
    await training.dispose()
  })
})

describe('memory of host nodes', () => {
  /** Rows are pushed towards those of past steps. */
  const build = (scope: Scope): { loss: Tensor; watch: Record<string, Tensor> } => {
    const w = scope.parameter('w', [3], { kind: 'constant', value: 1 })
    const bank = scope.in('queue').state('rows', () => memoryBank({ name: 'queue', size: 5, width: 3 }))
    const fresh = mul(input('x', [2, 3]), w)
    const past = matmul(fresh, bank.exchange(fresh).rows, { transposeB: true })
    return { loss: sum(square(sub(past, 1))), watch: { past: sum(past) } }
  }
  const batch = (i: number): Record<string, Inline> => rows(...[0, 1, 2, 3, 4, 5].map((j) => Math.sin(i * 6 + j)))

  it('is part of the state: resumed, training goes on to the same bits', async () => {
    const whole = await open({ build })
    for (let i = 0; i < 4; i++) await whole.step(1, batch(i), 0.01)
    const saved = await whole.state()
    expect(Object.keys(saved.buffers)).toContain('host queue.rows rows')
    const past: number[] = []
    for (let i = 4; i < 7; i++) past.push((await whole.step(1, batch(i), 0.01)).values.past!)
    expect(past.every((v) => Math.abs(v) > 1e-3)).toBe(true)
    const wanted = await whole.state()
    await whole.dispose()

    const resumed = await open({ build, seed: 9 })
    await resumed.step(1, batch(9), 0.01)
    await resumed.restore(saved)
    for (let i = 4; i < 7; i++) expect((await resumed.step(1, batch(i), 0.01)).values.past).toBe(past[i - 4])
    expect(await resumed.state()).toEqual(wanted)
    const { 'host queue.rows rows': _, ...less } = saved.buffers
    await expect(resumed.restore({ step: 4, buffers: less })).rejects.toThrow('does not have 5 rows of 3')
    await resumed.restart(saved.buffers.parameters!)
    expect((await resumed.state()).buffers['host queue.rows rows']).toEqual(new Float32Array(15))
    await resumed.dispose()
  })

  it('is left alone by evaluation and by a step that is refused', async () => {
    const training = await open({ build })
    await training.step(1, batch(0), 0.01)
    const before = await training.state()
    await training.evaluate('past', (scope) => build(scope).watch, batch(1))
    const broken = { x: { ...batch(2).x!, data: new Float32Array(6).fill(Number.NaN) } }
    await expect(training.step(1, broken, 0.01)).rejects.toThrow('not a finite number')
    expect((await training.state()).buffers).toEqual(before.buffers)
    await training.dispose()
  })
})

describe('state', () => {
  it('restored, training goes on to the same bits as if it had never stopped', async () => {
    const batch = (i: number): Record<string, Inline> => rows(Math.sin(i), Math.cos(i), 0.1 * i)
    const whole = await open()
    for (let i = 0; i < 3; i++) await whole.step(1, batch(i), 0.01)
    const saved = await whole.state()
    for (let i = 3; i < 6; i++) await whole.step(1, batch(i), 0.01)
    const wanted = await whole.state()
    await whole.dispose()

    const resumed = await open({ seed: 99 })
    await resumed.restore(saved)
    for (let i = 3; i < 6; i++) await resumed.step(1, batch(i), 0.01)
    expect(await resumed.state()).toEqual(wanted)
    await resumed.dispose()
  })

  it('evaluation reads parameters and statistics and changes nothing', async () => {
    const training = await open()
    await training.step(1, rows(3, 0, 4), 0.1)
    const before = await training.state()
    const build = (scope: Scope): Record<string, Tensor> => ({ distance: linearLoss(scope, 1).watch.distance! })
    const wanted = (await value(training, 'layer.w')).reduce((d, w, i) => d + (w - [3, 0, 4][i]!) ** 2, 0)
    for (let i = 0; i < 2; i++) {
      const { distance } = await training.evaluate('distance', build, rows(1, 1, 1))
      expect(distance!.data[0]).toBeCloseTo(wanted, 4)
    }
    expect(await training.state()).toEqual(before)
    await training.dispose()
  })
})
