import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normal } from '../../test/operands.ts'
import { gradients } from './gradients.ts'
import { type HostRule, hostNode } from './host.ts'
import { kMeans } from './hosts/k-means.ts'
import { memoryBank } from './hosts/memory-bank.ts'
import { tap } from './hosts/tap.ts'
import { interpret, type Values } from './interpreter.ts'
import type { Outputs } from './onnx/lower.ts'
import * as op from './ops.ts'
import { partition } from './program/partition.ts'
import { compileProgram } from './program.ts'
import type { Feed, Inline } from './runtime/protocol.ts'
import { openResident } from './runtime/resident.ts'
import { openRuntime, type Runtime, runtimeOver } from './runtime/runtime.ts'
import { sizeOf, type Tensor } from './tensor.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const x = op.input('x', [4, 3])
const w = op.input('w', [3, 3])
const values: Record<string, Values> = { x: normal(4, 3).values, w: normal(3, 3).values, v: normal(3, 3).values }
const inline = (data: Values, shape: readonly number[]): Inline => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
})
const feeds = (): Record<string, Feed> => ({
  x: inline(values.x!, [4, 3]),
  w: inline(values.w!, [3, 3]),
  v: inline(values.v!, [3, 3]),
})

/** A program's outputs equal the interpreter's. */
async function expectSame(outputs: Outputs, where: Runtime = runtime): Promise<void> {
  const program = await compileProgram(where, outputs)
  const wanted = interpret(Object.values(outputs), new Map(Object.entries(values)))
  for (let round = 0; round < 2; round++) {
    const ran = await program.run(feeds())
    Object.entries(outputs).forEach(([name, t], i) => {
      const { data, dtype, shape } = ran.outputs[name]!
      expect([dtype, shape, data.length]).toEqual([t.dtype, t.shape, sizeOf(t.shape)])
      data.forEach((v, j) => {
        expect(v).toBeCloseTo(wanted[i]![j]!, 4)
      })
    })
  }
  await program.dispose()
}

/** A small net with something across a host node between its layers, and all its gradients. */
function net(join: (h: Tensor) => Tensor): Outputs {
  const v = op.input('v', [3, 3])
  const h = op.tanh(op.matmul(x, w))
  const y = op.tanh(op.matmul(join(h), v))
  const loss = op.mean(op.mul(op.square(y), op.sigmoid(h)))
  const [dx, dw, dv] = gradients(loss, [x, w, v]) as [Tensor, Tensor, Tensor]
  return { loss, dx, dw, dv }
}

describe('a program', () => {
  it('without host nodes is one session', async () => {
    const outputs = net((h) => h)
    const program = await compileProgram(runtime, outputs)
    expect(program.report.stages.map(({ hosts }) => hosts)).toEqual([[]])
    expect([program.report.heldBytes, program.report.movedBytes]).toEqual([0, 0])
    expect([...program.inputs].sort()).toEqual(['v', 'w', 'x'])
    await program.dispose()
    await expectSame(outputs)
  })

  it('gives the same loss and gradients as the interpreter across one host node and several in a row', async () => {
    await expectSame(net((h) => tap('one', h)))
    await expectSame(net((h) => tap('two', op.exp(tap('one', op.mul(h, 2))))))
    await expectSame(net((h) => tap('b', tap('a', h))))
    await expectSame(net((h) => op.add(tap('left', h), tap('right', op.square(h)))))
  })

  it('is one session a stage; host nodes stand between; backward nodes count', async () => {
    const { stages } = partition(net((h) => tap('one', h)))
    expect(stages.map(({ hosts }) => hosts.length)).toEqual([1, 1, 0])
    const program = await compileProgram(
      runtime,
      net((h) => tap('one', h)),
    )
    expect(program.report.stages.map(({ hosts }) => hosts)).toEqual([['one'], ['one gradient'], []])
    expect(program.report.movedBytes).toBe(4 * 12 * 4)
    await program.dispose()
  })

  it('repeats what leaves give cheaply, and hands on what is smaller', () => {
    const mask = op.broadcast(op.mul(op.sub(op.input('mask', [4, 1]), 1), 1e9), [4, 300])
    const long = op.add(op.matmul(x, op.input('u', [3, 300])), mask) //                       made early
    const signs = op.sign(op.exp(x)) //                                                       [4, 3], used late only
    const joined = tap('t', op.sum(long, 1))
    const { held } = partition({
      y: op.add(op.mul(long, op.reshape(joined, [4, 1])), mask),
      z: op.mul(op.broadcast(op.sum(signs, 1, true), [4, 300]), op.reshape(joined, [4, 1])),
    })
    // The mask and x are leaves or nearly so; only the long product and one column cross.
    expect(held.map(({ tensor }) => tensor.shape)).toEqual([
      [4, 300],
      [4, 1],
    ])
  })

  it('hands on integers and booleans, and re-uses buffers that nobody reads any more', async () => {
    const order = op.argMax(op.matmul(x, w), 1)
    const flags = op.less(op.exp(op.matmul(x, w)), 1)
    const first = tap('one', op.sum(op.matmul(x, w), 1))
    const gate = op.mul(op.cast(flags, 'float32'), op.reshape(first, [4, 1]))
    await expectSame({ a: gate, b: op.add(op.cast(order, 'float32'), first), c: flags, d: order })
    let chain = op.exp(op.matmul(x, w))
    for (let i = 0; i < 5; i++)
      chain = op.mul(op.exp(op.neg(chain)), op.reshape(tap(`t${i}`, op.sum(chain, 1)), [4, 1]))
    const program = await compileProgram(runtime, { chain })
    expect(program.report.heldBytes).toBeLessThanOrEqual(2 * 48)
    await program.dispose()
    await expectSame({ chain })
  })

  it('passes a leaf, a host result and a constant straight through', async () => {
    const seen = tap('leaf', x)
    await expectSame({ same: seen, twice: tap('again', seen), none: tap('constant', op.full([2], 3)), leaf: x })
  })

  it('takes part in place, and writes over parameters only after the last session has read them', async () => {
    await runtime.allocate('p', 32)
    await runtime.write('p', 0, Float32Array.from(values.w!))
    const place = (name: string) => (name === 'w' ? { buffer: 'p', offset: 0, shape: [3, 3] } : undefined)
    const h = op.matmul(x, w)
    const late = op.matmul(tap('t', h), w)
    const program = await compileProgram(
      runtime,
      { moved: op.add(w, 1), late, copy: op.exp(op.matmul(op.transpose(x, [1, 0]), x)) },
      {
        place,
        into: { moved: { buffer: 'p', offset: 0, shape: [3, 3] }, copy: { buffer: 'p', offset: 16, shape: [3, 3] } },
      },
    )
    expect([...program.inputs]).toEqual(['x'])
    const { outputs } = await program.run(feeds())
    const [wanted] = interpret([late], new Map(Object.entries(values)))
    outputs.late!.data.forEach((v, i) => {
      expect(v).toBeCloseTo(wanted![i]!, 4)
    })
    const after = await runtime.read('p', 0, 9)
    after.forEach((v, i) => {
      expect(v).toBeCloseTo(values.w![i]! + 1, 5)
    })
    expect(Object.keys(outputs)).toEqual(['late'])
    await program.dispose()
  })

  it('ends with the reason of a host function that throws, and the next run works', async () => {
    let sick = true
    const rule: HostRule = {
      name: 'moody',
      async forward([value]) {
        await Promise.resolve()
        if (sick) throw new Error('not now')
        return [value!.data]
      },
    }
    const y = hostNode(rule, [op.matmul(x, w)], [{ shape: [4, 3], dtype: 'float32' }])[0] as Tensor
    const program = await compileProgram(runtime, { y: op.mul(y, 2) })
    await expect(program.run(feeds())).rejects.toThrow('The host node "moody" failed: not now.')
    sick = false
    const { outputs } = await program.run(feeds())
    const [wanted] = interpret([op.matmul(x, w)], new Map(Object.entries(values)))
    expect(outputs.y!.data[0]).toBeCloseTo(2 * wanted![0]!, 4)
    const both = await Promise.all([program.run(feeds()), program.run(feeds())])
    expect(both[0].outputs.y!.data).toEqual(both[1].outputs.y!.data)
    await program.dispose()
  })

  it('memory banks learn of a step on commit only', async () => {
    const bank = memoryBank({ name: 'bank', size: 4, width: 3 })
    const { rows } = bank.exchange(op.matmul(x, w))
    const program = await compileProgram(runtime, { rows: op.mul(rows, 1) })
    const read = async (): Promise<number> => {
      const ran = await program.run(feeds())
      return ran.outputs.rows!.data[4]!
    }
    expect(await read()).toBe(0)
    const ran = await program.run(feeds())
    expect(await read()).toBe(0)
    ran.commit()
    const [wanted] = interpret([op.matmul(x, w)], new Map(Object.entries(values)))
    expect(await read()).toBeCloseTo(wanted![4]!, 5)
    await program.dispose()
  })

  it('k-means: the gradient through the centroids', async () => {
    const { centroids, assignments } = kMeans(op.matmul(x, w), { clusters: 2, seed: 3 })
    const loss = op.sum(op.square(op.tanh(centroids)))
    await expectSame({ loss, assignments, ...Object.fromEntries(gradients(loss, [x, w]).map((g, i) => [`g${i}`, g])) })
  })

  it('on a device whose buffers are tensors of its own', async () => {
    const answer = openResident({ ort, device: 'cpu', location: 'cpu', sessionOptions: () => ({}) })
    const own = runtimeOver({
      threads: 1,
      device: 'cpu',
      ask: async (request) => ({ id: 0, ...(await answer(request)) }),
      close: () => answer({ kind: 'close' }).then(() => {}),
    })
    const flags = op.less(op.exp(op.matmul(x, w)), 1)
    const order = op.argMax(op.matmul(x, w), 1)
    const first = tap('one', op.sum(op.matmul(x, w), 1))
    const gate = op.mul(op.cast(flags, 'float32'), op.reshape(first, [4, 1]))
    await expectSame({ a: gate, b: op.add(op.cast(order, 'float32'), first), c: flags, d: order }, own)
    await expectSame(
      net((h) => tap('two', op.exp(tap('one', op.mul(h, 2))))),
      own,
    )
    await own.close()
  })

  it('asks by name for feeds that are missing', async () => {
    const program = await compileProgram(
      runtime,
      net((h) => tap('t', h)),
    )
    const { v: _, ...few } = feeds()
    await expect(program.run(few)).rejects.toThrow('v')
    await program.dispose()
  })
})
