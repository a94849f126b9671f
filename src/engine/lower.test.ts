import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normal } from '../../test/operands.ts'
import { allCases, type Case, traced } from '../../test/primitive-cases.ts'
import { random } from '../core/random.ts'
import { gradients } from './gradients.ts'
import { interpret } from './interpreter.ts'
import { lowerServing, lowerTraining, lowerVectors, type Outputs } from './onnx/lower.ts'
import type { Target } from './onnx/webgpu.ts'
import * as op from './ops.ts'
import { methodOf } from './optimizers.ts'
import type { Feed, Inline } from './runtime/protocol.ts'
import { openRuntime, type Runtime } from './runtime/runtime.ts'
import type { DType, Shape, Tensor, TensorData } from './tensor.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 2 })
})
afterAll(() => runtime.close())

function inline(shape: Shape, dtype: DType, values: Float64Array): Inline {
  const make: Record<DType, (v: Float64Array) => TensorData> = {
    float32: (v) => Float32Array.from(v),
    int32: (v) => Int32Array.from(v),
    bool: (v) => Uint8Array.from(v),
  }
  return { shape, dtype, data: make[dtype](values) }
}

/** Loads, runs once, unloads. */
async function runOnce(
  outputs: Outputs,
  feeds: Record<string, Feed>,
  target: Target = 'cpu',
): Promise<Record<string, Inline>> {
  const model = lowerTraining(outputs, { target })
  const session = await runtime.load(model.bytes)
  const asked = Object.fromEntries(model.inputs.map(({ name }) => [name, feeds[name] as Feed]))
  const result = await session.run({ feeds: asked, fetch: Object.keys(outputs) })
  await session.dispose()
  return result.outputs
}

/** Values as the interpreter has them: exact for integers and booleans, within float32's reach otherwise. */
function expectSame(actual: Inline, wanted: Float64Array, t: Tensor, what: string): void {
  expect([what, actual.dtype, actual.shape]).toEqual([what, t.dtype, t.shape])
  expect(actual.data.length).toBe(wanted.length)
  const scale = wanted.reduce((top, v) => Math.max(top, Math.abs(v)), 1)
  const tolerance = t.dtype === 'float32' ? 2e-6 * scale : 0
  actual.data.forEach((v, i) => {
    const off = Math.abs(v - (wanted[i] as number))
    if (!(off <= tolerance)) expect.fail(`${what}: element ${i} is ${v}, the interpreter says ${wanted[i]}`)
  })
}

/** The outputs, and the gradients of a curved scalar of the float ones. */
async function checkCase(one: Case, target: Target): Promise<void> {
  const { inputs, outputs, feeds } = traced(one)
  const floats = outputs.filter((y) => y.dtype === 'float32').map((y) => op.sum(op.square(y)))
  const wrt = inputs.filter((x) => x.dtype === 'float32')
  const slopes =
    floats.length === 0
      ? []
      : gradients(
          floats.reduce((a, b) => op.add(a, b)),
          wrt,
        )
  const named: Record<string, Tensor> = {}
  outputs.forEach((y, i) => {
    named[`y${i}`] = y
  })
  slopes.forEach((g, i) => {
    named[`g${i}`] = g
  })
  const wanted = interpret(Object.values(named), feeds)
  const given = one.operands.map(({ shape, dtype, values }, i) => [`x${i}`, inline(shape, dtype, values)])
  const found = await runOnce(named, Object.fromEntries(given), target)
  Object.entries(named).forEach(([name, t], i) => {
    expectSame(found[name] as Inline, wanted[i] as Float64Array, t, name)
  })
}

describe('every primitive and its derivative: ONNX Runtime equals the interpreter', () => {
  it.each(allCases)('$name: $what', (entry) => checkCase(entry.case, 'cpu'))
  // The operators written for WebGPU are ordinary ones, so any device can judge them.
  it.each(allCases)('$name: $what, lowered for WebGPU', (entry) => checkCase(entry.case, 'webgpu'))
})

describe('leaves and outputs', () => {
  it('constants of every type, a leaf as output, one value under two names', async () => {
    const x = op.input('x', [2])
    const float = op.constant(Float32Array.of(1.5, -2), [2])
    const int = op.constant(Int32Array.of(7, -8), [2])
    const bool = op.constant(Uint8Array.of(1, 0), [2])
    const y = op.add(x, float)
    const found = await runOnce(
      { x2: x, float, int, bool, y, again: y },
      { x: inline([2], 'float32', Float64Array.of(1, 2)) },
    )
    expect(Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, [...data]]))).toEqual({
      x2: [1, 2],
      float: [1.5, -2],
      int: [7, -8],
      bool: [1, 0],
      y: [2.5, 0],
      again: [2.5, 0],
    })
  })

  it('writes outputs in place and returns only what is fetched', async () => {
    await runtime.allocate('weights', 8)
    await runtime.write('weights', 2, Float32Array.of(1, 2, 3))
    const w = op.parameter('w', [3])
    const model = lowerTraining({ doubled: op.mul(w, 2), total: op.sum(w) })
    const session = await runtime.load(model.bytes)
    const { outputs } = await session.run({
      feeds: { w: { buffer: 'weights', offset: 2, shape: [3] } },
      into: { doubled: { buffer: 'weights', offset: 5, shape: [3] } },
      fetch: ['total'],
    })
    expect(Object.keys(outputs)).toEqual(['total'])
    expect(outputs.total?.data[0]).toBe(6)
    expect([...(await runtime.read('weights', 0, 8))]).toEqual([0, 0, 1, 2, 3, 2, 4, 6])
    await session.dispose()
  })

  it('a value may be overwritten by what is made from it', async () => {
    await runtime.allocate('running', 3)
    await runtime.write('running', 0, Float32Array.of(10, 20, 30))
    const old = op.parameter('s', [3])
    const session = await runtime.load(lowerTraining({ s2: op.add(op.mul(old, 0.5), op.input('x', [3])) }).bytes)
    const place = { buffer: 'running', offset: 0, shape: [3] }
    for (let i = 0; i < 2; i++) {
      const x = inline([3], 'float32', Float64Array.of(1, 2, 3))
      await session.run({ feeds: { s: place, x }, into: { s2: place } })
    }
    expect([...(await runtime.read('running', 0, 3))]).toEqual([4, 8, 12])
    await session.dispose()
  })
})

describe('serving', () => {
  /** A bit of everything whose lowering depends on the batch. */
  const build = (b: number): Outputs => {
    const x = op.input('x', [b, 3, 4])
    const ids = op.input('ids', [b, 3], 'int32')
    const w = op.parameter('w', [4, 4])
    const token = op.broadcast(op.reshape(op.parameter('t', [4]), [1, 1, 4]), [b, 1, 4])
    const h = op.concat([token, op.add(op.matmul(x, w), op.gather(op.parameter('table', [5, 4]), ids))], 1)
    const rows = op.reshape(h, [b * 4, 4])
    const padded = op.pad(
      op.reshape(op.layerNorm(rows, op.parameter('g', [4]), op.parameter('o', [4]), 1e-5), [b, 16]),
      [0, 1],
      [0, 2],
    )
    return { rows, padded, first: op.reshape(op.slice(h, 1, 0, 1), [b, 4]), best: op.argMax(h, 2) }
  }
  const shapes: Record<string, Shape> = { w: [4, 4], t: [4], table: [5, 4], g: [4], o: [4] }
  const parameters = new Map(
    Object.entries(shapes).map(([name, shape]) => [name, Float32Array.from(normal(...shape).values)]),
  )

  it('one model serves every batch size, equal to the training lowering of that size', async () => {
    const model = lowerServing(build, parameters)
    expect(model.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['x', ['batch', 3, 4]],
      ['ids', ['batch', 3]],
    ])
    const session = await runtime.load(model.bytes)
    for (const b of [1, 2, 5]) {
      const x = normal(b, 3, 4)
      const ids = Float64Array.from({ length: b * 3 }, (_, i) => (i * 7) % 5)
      const feeds = (): Record<string, Feed> => ({
        x: inline(x.shape, 'float32', x.values),
        ids: inline([b, 3], 'int32', ids),
      })
      const outputs = build(b)
      const served = await session.run({ feeds: feeds(), fetch: Object.keys(outputs) })
      const held = Object.entries(shapes).map(([name, shape]) => [
        name,
        { dtype: 'float32', shape, data: parameters.get(name)!.slice() },
      ])
      const trained = await runOnce(outputs, { ...feeds(), ...Object.fromEntries(held) })
      for (const [name, t] of Object.entries(outputs)) {
        expectSame(
          served.outputs[name] as Inline,
          Float64Array.from((trained[name] as Inline).data),
          t,
          `${name} of ${b}`,
        )
      }
    }
    await session.dispose()
  })

  it('refuses what is only right for one batch size, and parameters that are not there', () => {
    const average = (b: number): Outputs => ({ y: op.mean(op.input('x', [b, 3]), 0) })
    expect(() => lowerServing(average, new Map())).toThrow('depends on the batch size')
    const masked = (b: number): Outputs => ({ y: op.add(op.input('x', [b]), op.constant(new Float32Array(b), [b])) })
    expect(() => lowerServing(masked, new Map())).toThrow('depends on the batch size')
    const grown = (b: number): Outputs => ({ y: op.pad(op.input('x', [b]), [1], [0]) })
    expect(() => lowerServing(grown, new Map())).toThrow('not a multiple of the batch size')
    const branch = (b: number): Outputs => ({ y: b > 2 ? op.exp(op.input('x', [b])) : op.log(op.input('x', [b])) })
    expect(() => lowerServing(branch, new Map())).toThrow('changes its structure')
    const held = (b: number): Outputs => ({ y: op.mul(op.input('x', [b, 2]), op.parameter('weight', [2])) })
    expect(() => lowerServing(held, new Map())).toThrow('weight')
    expect(() => lowerServing(held, new Map([['weight', new Float32Array(3)]]))).toThrow('weight')
  })
})

describe('scatterAdd', () => {
  it('adds thousands of updates to few rows, exactly and the same every time, on two threads', async () => {
    const [updates, rows, width] = [3000, 50, 128]
    const stream = random('scatter')
    // Whole numbers: every order of summation gives the same float32, so a lost update shows exactly.
    const values = Float64Array.from({ length: updates * width }, () => stream.int(9) - 4)
    const noise = Float64Array.from({ length: updates * width }, () => stream.normal())
    const ids = Float64Array.from({ length: updates }, (_, i) => (i * 7919) % rows)
    const y = op.scatterAdd(op.input('x', [updates, width]), op.input('ids', [updates], 'int32'), rows)
    const wanted = interpret(
      [y],
      new Map([
        ['x', values],
        ['ids', ids],
      ]),
    )[0] as Float64Array
    const session = await runtime.load(lowerTraining({ y }).bytes)
    const run = async (x: Float64Array): Promise<TensorData> => {
      const feeds = { x: inline([updates, width], 'float32', x), ids: inline([updates], 'int32', ids) }
      return (await session.run({ feeds, fetch: ['y'] })).outputs.y!.data
    }
    for (let i = 0; i < 60; i++)
      expect(Buffer.compare(bytes(await run(values)), bytes(Float32Array.from(wanted)))).toBe(0)
    const first = bytes(await run(noise))
    for (let i = 0; i < 20; i++) expect(Buffer.compare(bytes(await run(noise)), first)).toBe(0)
    await session.dispose()
  })
})

function bytes(data: TensorData): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

describe('vectors', () => {
  it('AdamW over a long buffer in chunks, in place, equals AdamW written out in float64', async () => {
    const [n, decayed] = [1000, 600]
    const stream = random('adamw')
    const buffers: Record<string, Float64Array> = {}
    for (const name of ['p', 'g', 'm', 'v']) {
      buffers[name] = Float64Array.from({ length: n }, () =>
        Math.fround(name === 'v' ? stream.uniform() : stream.normal()),
      )
      await runtime.allocate(name, n)
      await runtime.write(name, 0, Float32Array.from(buffers[name]))
    }
    const options = { kind: 'adamw' as const, weightDecay: 0.2, beta1: 0.9, beta2: 0.98, epsilon: 1e-6 }
    const [rate, clip, t] = [1e-3, 0.7, 3]
    const [sweep] = methodOf(options).sweeps
    if (sweep?.over !== 'group') expect.fail('AdamW has one sweep over groups')
    const session = await runtime.load(lowerVectors(sweep.graph).bytes)
    const constants = (decay: boolean): Float32Array => sweep.rates({ t, rate, clip, decay })
    const names = { p: 'p', g: 'g', m: 'm', v: 'v' }
    // Chunks that do not divide the ranges, down to a last chunk of one element.
    await session.sweep({
      buffers: names,
      into: { 'p+': 'p', 'm+': 'm', 'v+': 'v' },
      constants: 'rates',
      ranges: [
        { start: 0, end: decayed, constants: constants(true) },
        { start: decayed, end: n - 1, constants: constants(false) },
      ],
      chunk: 133,
    })
    const found = Object.fromEntries(
      await Promise.all(Object.keys(names).map(async (name) => [name, await runtime.read(name, 0, n)] as const)),
    )
    const { beta1, beta2, epsilon, weightDecay } = options
    for (let i = 0; i < n - 1; i++) {
      const [p, g, m0, v0] = ['p', 'g', 'm', 'v'].map((name) => buffers[name]![i]!) as [number, number, number, number]
      const gc = g * clip
      const m = beta1 * m0 + (1 - beta1) * gc
      const v = beta2 * v0 + (1 - beta2) * gc * gc
      const update = m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon)
      const wanted = p * (1 - (i < decayed ? rate * weightDecay : 0)) - rate * update
      expect(Math.abs(found.p![i]! - wanted)).toBeLessThan(1e-6)
      expect(Math.abs(found.m![i]! - m)).toBeLessThan(1e-6)
      expect(Math.abs(found.v![i]! - v)).toBeLessThan(1e-6)
    }
    expect(found.p![n - 1]).toBe(buffers.p![n - 1])
    expect([...found.g!]).toEqual([...buffers.g!])
    await session.dispose()
  })
})
