/** @file Vector kernels: the same values as the ONNX lowering of the same graph, in one memory or several, at any place. */

import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { VesaliusError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import { averageSweep, meanSweeps } from '../averages.ts'
import { lowerTraining, lowerVectors, type Outputs } from '../onnx/lower.ts'
import * as op from '../ops.ts'
import { methodOf, optimizerSchema } from '../optimizers.ts'
import { allocateTogether, loadKernel, runKernel, sumOfSquares } from '../runtime/kernels.ts'
import { openRuntime } from '../runtime/runtime.ts'
import { topological } from '../tensor.ts'
import { vectorKernel } from './kernel.ts'

const runtime = openRuntime({ threads: 1 })
afterAll(() => runtime.close())

const graphs: [string, Outputs][] = [
  ...['adamw', 'adam', 'sgd', 'lamb', 'lion'].flatMap((kind) =>
    methodOf(optimizerSchema.parse({ kind })).sweeps.map(({ graph }, i): [string, Outputs] => [`${kind} ${i}`, graph]),
  ),
  ['average', averageSweep()],
  ...Object.entries(meanSweeps()),
  ['everything else', { 'p+': op.maximum(op.minimum(op.abs(op.input('p', [2])), 0.5), op.neg(op.input('q', [2]))) }],
]

describe('a sweep', () => {
  it.each(graphs)('%s: as ONNX Runtime computes it', async (_, graph) => {
    const model = lowerVectors(graph)
    const session = await runtime.load(model.bytes)
    const sweeper = await runtime.loadSweep(graph)
    const read = model.inputs.map(({ name }) => name).filter((name) => name !== 'rates')
    const written = Object.keys(graph).map((name) => name.slice(0, -1))
    const names = [...new Set([...read, ...written])]
    const rates = topological(Object.values(graph)).flatMap(({ op, attributes, outputs }) =>
      op === 'input' && (attributes as { name: string }).name === 'rates' ? outputs[0]!.shape : [],
    )
    const n = 70_001
    const stream = random('kernel', names.join())
    const values = names.map(() => Float32Array.from({ length: n }, () => Math.abs(stream.normal())))
    const constants = Float32Array.from({ length: rates[0] ?? 0 }, () => stream.uniform(0.1, 1))
    const ranges = [
      { start: 0, end: 5, constants },
      { start: 6, end: 40_003, constants: constants.map((c) => c / 2) },
      { start: 40_003, end: n - 2, constants },
    ]
    const results: Record<string, Float32Array[]> = {}
    for (const place of ['onnx', 'together', 'apart']) {
      const buffers = Object.fromEntries(names.map((name) => [name, `${place} ${name}`]))
      const lengths = names.map((name) => [`${place} ${name}`, n] as const)
      if (place === 'together') await runtime.allocateTogether(Object.fromEntries(lengths))
      else for (const [name] of lengths) await runtime.allocate(name, n)
      for (const [i, [name]] of lengths.entries()) await runtime.write(name, 0, values[i]!.slice())
      const into = Object.fromEntries(Object.keys(graph).map((name) => [name, buffers[name.slice(0, -1)]!]))
      const inputs = Object.fromEntries(read.map((name) => [name, buffers[name]!]))
      if (place === 'onnx' && rates.length > 0) {
        await session.sweep({ buffers: inputs, into, constants: 'rates', ranges })
      } else if (place === 'onnx') {
        for (const { start, end } of ranges) {
          const view = (name: string) => ({ buffer: buffers[name]!, offset: start, shape: [end - start] })
          const feeds = Object.fromEntries(read.map((name) => [name, view(name)]))
          await session.run({ feeds, into: { 'p+': view('p') } })
        }
      } else await sweeper.sweep({ buffers, ranges })
      results[place] = await Promise.all(lengths.map(([name]) => runtime.read(name, 0, n)))
    }
    for (const [i] of names.entries()) {
      let worst = 0
      for (let j = 0; j < n; j++) {
        const [a, b] = [results.onnx![i]![j]!, results.together![i]![j]!]
        worst = Math.max(worst, Math.abs(a - b) / (1e-3 + Math.abs(a)))
      }
      expect(worst).toBeLessThan(1e-6)
      expect(Buffer.compare(Buffer.from(results.together![i]!.buffer), Buffer.from(results.apart![i]!.buffer))).toBe(0)
    }
    await session.dispose()
    await sweeper.dispose()
  })

  it('touches nothing outside its range, wherever that begins and ends', () => {
    const kernel = loadKernel(vectorKernel({ 'x+': op.add(op.input('x', [2]), 1) }))
    fc.assert(
      fc.property(fc.nat(70), fc.nat(70), fc.boolean(), (a, b, together) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)]
        const x = together ? allocateTogether({ x: 70 }).get('x')! : new Float32Array(70)
        runKernel(kernel, [x], new Float32Array(0), start, end)
        expect([...x]).toEqual(Array.from({ length: 70 }, (_, i) => (i >= start && i < end ? 1 : 0)))
      }),
    )
  })

  it('writes 0 for what would be subnormal, keeps what is not finite', () => {
    const kernel = loadKernel(vectorKernel({ 'x+': op.mul(op.input('x', [2]), 0.5) }))
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
    const x = Float32Array.of(1.5 * 2 ** -126, -(2 ** -126), 2 ** -125, nan, -infinity, 1e-42, 0, 3)
    runKernel(kernel, [x], new Float32Array(0), 0, 8)
    expect([...x]).toEqual([0, 0, 2 ** -126, nan, -infinity, 0, 0, 1.5])
  })

  it('refuses what is not element by element', () => {
    const graph = { 'x+': op.matmul(op.input('x', [2, 2]), op.input('x', [2, 2])) }
    expect(() => vectorKernel(graph)).toThrow(VesaliusError)
  })
})

describe('the sum of squares', () => {
  it('is accumulated in float64, also where a square is no float32', () => {
    const values = Float32Array.from({ length: 100_003 }, (_, i) => Math.sin(i) * 10 ** ((i % 50) - 25))
    const wanted = values.reduce((sum, v) => sum + v * v, 0)
    const together = allocateTogether({ x: values.length }).get('x')!
    together.set(values)
    for (const x of [values, together]) expect(sumOfSquares(x, 0, x.length) / wanted).toBeCloseTo(1, 12)
    expect(sumOfSquares(together, 1, 3)).toBeCloseTo(values[1]! ** 2 + values[2]! ** 2, 12)
    expect(sumOfSquares(together, 7, 7)).toBe(0)
  })
})

describe('several threads', () => {
  it('give the same bits as one, and leave the rest alone', async () => {
    const n = 900_001
    const graph = { 'p+': op.sub(op.input('p', [2]), op.mul(op.input('g', [2]), op.input('rates', [1]))) }
    const found: Buffer[][] = []
    for (const threads of [1, 2, 3]) {
      const team = openRuntime({ threads })
      await team.allocateTogether({ p: n, g: n })
      for (const name of ['p', 'g']) {
        const stream = random('threads', name)
        await team.write(
          name,
          0,
          Float32Array.from({ length: n }, () => stream.normal()),
        )
      }
      const { sweep, dispose } = await team.loadSweep(graph)
      const ranges = [
        { start: 3, end: 800_000, constants: Float32Array.of(0.5) },
        { start: 800_016, end: n - 1, constants: Float32Array.of(0.25) },
      ]
      await sweep({ buffers: { p: 'p', g: 'g' }, ranges })
      const [p, g] = [await team.read('p', 0, n), await team.read('g', 0, n)]
      const before = random('threads', 'p')
      const first = Float32Array.from({ length: n }, () => before.normal())
      for (const i of [0, 2, 800_000, 800_015, n - 1]) expect(p[i]).toBe(first[i])
      for (const i of [3, 262_150, 799_999]) expect(p[i]).toBeCloseTo(first[i]! - 0.5 * g[i]!, 6)
      const norm = Float64Array.of(await team.norm('p', 1, n))
      found.push([Buffer.from(p.buffer), Buffer.from(norm.buffer)])
      await dispose()
      await team.close()
    }
    for (const one of found) expect(one.map((bytes, i) => bytes.compare(found[0]![i]!))).toEqual([0, 0])
  })

  it('write into what ONNX Runtime reads', async () => {
    const team = openRuntime({ threads: 2 })
    await team.allocateTogether({ p: 600_000 })
    const { sweep } = await team.loadSweep({ 'p+': op.add(op.input('p', [2]), 1) })
    await sweep({ buffers: { p: 'p' }, ranges: [{ start: 0, end: 600_000, constants: new Float32Array(0) }] })
    const session = await team.load(lowerTraining({ y: op.sum(op.parameter('x', [600_000])) }).bytes)
    const feeds = { x: { buffer: 'p', offset: 0, shape: [600_000] } }
    expect((await session.run({ feeds, fetch: ['y'] })).outputs.y!.data[0]).toBe(600_000)
    await team.close()
  })
})
