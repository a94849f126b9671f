import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectNear } from '../../test/near.ts'
import { valuesOf } from '../../test/nn-goldens.ts'
import {
  add,
  gather,
  gradients,
  type Inline,
  input,
  interpret,
  lowerTraining,
  matmul,
  mul,
  openRuntime,
  parameter,
  type Runtime,
  sizeOf,
  square,
  sum,
  type Tensor,
  topological,
} from '../engine/index.ts'
import { type LazyOptimizer, lookUps, openLazyRows, type RowGradients, rowGradients } from './sparse.ts'

const byRows = (scalar: Tensor, of: Tensor, name: string): RowGradients => {
  const found = lookUps(scalar, of, name)
  return rowGradients(found, gradients(scalar, found))
}

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const table = parameter('table', [9, 3])
const ids = input('ids', [2, 3], 'int32')
const factor = input('factor', [2, 3, 3])
const looked = gather(table, ids)
const loss = sum(add(mul(looked, factor), square(looked)))

describe('gradients of the rows in use', () => {
  const feeds = new Map([
    ['table', Float64Array.from({ length: 27 }, (_, i) => Math.cos(i))],
    ['ids', Float64Array.of(5, 0, 5, 8, 5, 0)],
    ['factor', Float64Array.from({ length: 18 }, (_, i) => Math.sin(3 * i))],
    ['more', Float64Array.of(8, 2)],
  ])

  it('are those of the whole table, over several look-ups, each row once in the norm', () => {
    const twice = add(loss, sum(square(square(gather(table, input('more', [2], 'int32'))))))
    const { ids: used, rows, squares } = byRows(twice, table, 'table')
    const [dense] = gradients(twice, [table])
    const [whole, asked, parts, norm] = interpret([dense!, used, rows, squares], feeds)
    expect([...asked!]).toEqual([0, 0, 2, 5, 5, 5, 8, 8])
    const seen = new Float64Array(27)
    asked!.forEach((id, i) => {
      seen.set(parts!.subarray(3 * i, 3 * i + 3), 3 * id)
    })
    expectNear('rows', seen, whole!, 1e-12)
    expect(norm![0]).toBeCloseTo(
      whole!.reduce((total, g) => total + g * g, 0),
      9,
    )
  })

  it('make no value as large as the table', () => {
    const wide = parameter('wide', [50_000, 16])
    const { rows } = byRows(sum(square(gather(wide, ids))), wide, 'wide')
    const sizes = topological([rows]).flatMap(({ op, outputs }) =>
      op === 'parameter' ? [] : outputs.map((y) => sizeOf(y.shape)),
    )
    expect(Math.max(...sizes)).toBeLessThan(200)
  })

  it('refuse a table that is read whole, or not at all', () => {
    const tied = add(loss, sum(matmul(table, table, { transposeB: true })))
    expect(() => byRows(tied, table, 'words')).toThrow('"words" has sparse gradients, but matmul reads the whole')
    expect(() => byRows(sum(factor), table, 'words')).toThrow('does not look anything up in "words"')
  })
})

describe('lazy updates equal PyTorch', () => {
  it.each([
    ['sparse-adam', { kind: 'adam', beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }, 0.05],
    ['sparse-sgd', { kind: 'sgd' }, 0.3],
  ] as const)('%s', async (name, optimizer: LazyOptimizer, rate) => {
    await runtime.allocate('store', 40)
    await runtime.write('store', 8, Float32Array.from(valuesOf(name, 'state', 'weight')))
    const place = { buffer: 'store', offset: 8, shape: [9, 3] }
    const lazy = await openLazyRows(runtime, 'table', place, optimizer)
    const { rows, ids: used } = byRows(loss, table, 'table')
    const session = await runtime.load(lowerTraining({ rows, used }).bytes)
    const [batches, factors] = [valuesOf(name, 'inputs', 'ids'), valuesOf(name, 'inputs', 'factors')]
    const after = valuesOf(name, 'outputs', 'after')
    for (let step = 0; step < 4; step++) {
      const fed: Record<string, Inline> = {
        ids: { dtype: 'int32', shape: [2, 3], data: Int32Array.from(batches.subarray(6 * step, 6 * step + 6)) },
        factor: {
          dtype: 'float32',
          shape: [2, 3, 3],
          data: Float32Array.from(factors.subarray(18 * step, 18 * step + 18)),
        },
      }
      const { outputs } = await session.run({ feeds: { ...fed, table: place }, fetch: ['rows', 'used'] })
      await lazy.step({ ids: outputs.used!, rows: outputs.rows!, t: step + 1, rate })
      const found = await runtime.read('store', 0, 40)
      expectNear(`after ${step + 1}`, found.subarray(8, 35), after.subarray(27 * step, 27 * step + 27), 2e-6)
      expect([...found.subarray(0, 8), ...found.subarray(35)].every((v) => v === 0)).toBe(true)
    }
    expect(lazy.slots.length).toBe(optimizer.kind === 'adam' ? 2 : 0)
    await session.dispose()
    await lazy.dispose()
  })
})
