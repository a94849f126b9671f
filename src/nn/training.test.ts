import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VesaliusError } from '../core/errors.ts'
import {
  add,
  div,
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
import { NotFiniteError, openTraining, type Training, type TrainingOptions } from './training.ts'

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
    expect(after.buffers).toEqual(before.buffers)
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

describe('several batches a step', () => {
  const mean = (scope: Scope, n: number) => ({ loss: div(linearLoss(scope, n).loss, n), watch: {} })

  it('equal all their rows in one batch, where the loss is a mean over rows', async () => {
    const values = Array.from({ length: 12 }, (_, i) => Math.sin(i))
    const whole = await open({ build: mean })
    const wanted = []
    for (let i = 0; i < 3; i++) wanted.push(await whole.step(4, rows(...values), 0.1))
    const weights = await value(whole, 'layer.w')
    await whole.dispose()
    const parts = await open({ build: mean, accumulates: true })
    for (const one of wanted) {
      const micro = [0, 1].map((k) => ({ shape: 2, feeds: rows(...values.slice(6 * k, 6 * k + 6)) }))
      const two = await parts.stepOver(micro, 0.1)
      expect(two.values.loss).toBeCloseTo(one.values.loss!, 6)
      expect(two.gradientNorm).toBeCloseTo(one.gradientNorm, 6)
    }
    close(await value(parts, 'layer.w'), weights)
    // Statistics are those of the last batch, as if it had come alone.
    const last = values.slice(6)
    close(
      await value(parts, 'seen'),
      [0, 1, 2].map((j) => last[j]! + last[j + 3]!),
    )
    await parts.dispose()
  })

  it('the third of which is not finite change nothing', async () => {
    const training = await open({ build: mean, accumulates: true, average: { decay: 0.5, warmup: false, power: 1 } })
    const micro = (...third: number[]) =>
      [rows(1, 1, 1), rows(2, 2, 2), rows(...third)].map((feeds) => ({ shape: 1, feeds }))
    await training.stepOver(micro(3, 3, 3), 0.1)
    const before = await training.state()
    const error = await training.stepOver(micro(1, Number.NaN, 1), 0.1).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(NotFiniteError)
    const { report } = error as NotFiniteError
    expect([report.step, report.losses.map(Number.isFinite)]).toEqual([2, [true, true, false]])
    expect(await training.state()).toEqual(before)
    await training.dispose()
  })

  it('draw random rows as one batch would', async () => {
    const build = (scope: Scope, n: number) => {
      const noise = scope.random('noise', [n, 3], { kind: 'normal' })
      return { loss: sum(mul(scope.parameter('w', [3], { kind: 'ones' }), noise)), watch: {} }
    }
    const whole = await open({ build, clipNorm: 1e9 })
    const one = await whole.step(4, {}, 0.1)
    await whole.dispose()
    const parts = await open({ build, clipNorm: 1e9, accumulates: true })
    const two = await parts.stepOver(
      [
        { shape: 2, feeds: {} },
        { shape: 2, feeds: {} },
      ],
      0.1,
    )
    expect(2 * two.values.loss!).toBeCloseTo(one.values.loss!, 5)
    expect(2 * two.gradientNorm).toBeCloseTo(one.gradientNorm, 5)
    await parts.dispose()
  })
})

describe('groups', () => {
  const build = (scope: Scope, n: number) => {
    const x = input('x', [n, 3])
    const names = ['a', 'b', 'c']
    const products = names.map((name) => sum(mul(x, scope.parameter(name, [3], { kind: 'constant', value: 2 }))))
    return { loss: products.reduce((p, q) => add(p, q)), watch: {} }
  }
  const treatments =
    () =>
    ({ name }: { name: string }) => ({
      decay: false,
      factor: name === 'b' ? 0.5 : 1,
      frozenUntil: name === 'a' ? Number.POSITIVE_INFINITY : name === 'c' ? 2 : 0,
    })

  it('a frozen value has no moments and does not move; another begins when its step has come', async () => {
    const training = await open({ build, treatments, clipNorm: 1e9 })
    const { layout } = training
    expect(layout.groups.map(({ factor, frozenUntil }) => [factor, frozenUntil])).toEqual([
      [0.5, 0],
      [1, 2],
    ])
    expect([layout.trained, (await training.state()).buffers['optimizer.m']!.length]).toEqual([32, 32])
    const steps = [
      [2, 1.95, 2],
      [2, 1.9, 2],
      // Adam's first step of a value has the length of the rate, whenever it comes.
      [2, 1.85, 1.9],
    ]
    for (const wanted of steps) {
      const { gradientNorm } = await training.step(1, rows(1, 1, 1), 0.1)
      expect(gradientNorm).toBeCloseTo(Math.sqrt(wanted === steps[2] ? 6 : 3), 5)
      for (const [i, name] of ['a', 'b', 'c'].entries()) close(await value(training, name), Array(3).fill(wanted[i]!))
    }
    await training.dispose()
  })

  it('bits after a resume on either side of the moment are those of a run that never stopped', async () => {
    const batch = (i: number): Record<string, Inline> => rows(Math.sin(i), Math.cos(i), 0.1 * i)
    const whole = await open({ build, treatments })
    const saved = []
    for (let i = 0; i < 4; i++) {
      saved.push(await whole.state())
      await whole.step(1, batch(i), 0.01)
    }
    const wanted = await whole.state()
    for (const from of saved) {
      const resumed = await open({ build, treatments })
      await resumed.restore(from)
      for (let i = from.step; i < 4; i++) await resumed.step(1, batch(i), 0.01)
      expect(await resumed.state()).toEqual(wanted)
      await resumed.dispose()
    }
    await whole.dispose()
  })
})

describe('the running average', () => {
  it('is what is evaluated and given out, statistics beside it; training goes on from the parameters', async () => {
    const training = await open({ average: { decay: 0.75, warmup: false, power: 1 } })
    await training.step(1, rows(1, 1, 1), 0.1)
    const averaged = 2 - 0.25 * 0.1
    const { offset } = training.layout.byName.get('layer.w')!
    expect((await training.result())[offset]).toBeCloseTo(averaged, 6)
    expect((await training.parameters())[offset]).toBeCloseTo(1.9, 6)
    const build = (scope: Scope): Record<string, Tensor> => ({ distance: linearLoss(scope, 1).watch.distance! })
    const { distance } = await training.evaluate('distance', build, rows(0, 0, 0))
    expect(distance!.data[0]).toBeCloseTo(3 * (averaged - 1) ** 2, 5)
    await training.dispose()
  })

  it('refuses a state without it', async () => {
    const plain = await open()
    const state = await plain.state()
    await plain.dispose()
    const averaging = await open({ average: { decay: 0.75, warmup: false, power: 1 } })
    await expect(averaging.restore(state)).rejects.toThrow('"average" is missing')
    await averaging.dispose()
  })
})

it('clips single values before the norm', async () => {
  const training = await open({ clipValue: 0.5, clipNorm: undefined })
  expect((await training.step(1, rows(3, 0.1, -4), 0.1)).gradientNorm).toBeCloseTo(Math.hypot(0.5, 0.1, 0.5), 6)
  await training.dispose()
})
