/** @file Parameters side by side are read, and gradients side by side are written, as one. */

import { afterAll, describe, expect, it } from 'vitest'
import { gradients } from '../gradients.ts'
import * as op from '../ops.ts'
import { compileProgram } from '../program.ts'
import type { BufferView } from '../runtime/protocol.ts'
import { openRuntime } from '../runtime/runtime.ts'
import { topological } from '../tensor.ts'
import { joinNeighbours } from './join.ts'

const runtime = openRuntime({ threads: 1 })
afterAll(() => runtime.close())

/** A fused projection of x [2, 3] by `a.q.weight` [2, 3] and `a.k.weight` [1, 3], its loss and both gradients. */
function projection() {
  const weights = [op.parameter('a.q.weight', [2, 3]), op.parameter('a.k.weight', [1, 3])]
  const x = op.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])
  const loss = op.sum(op.square(op.matmul(x, op.concat(weights, 0), { transposeB: true })))
  const [q, k] = gradients(loss, weights)
  return { loss, 'd a.q.weight': q!, 'd a.k.weight': k! }
}

const views = (buffer: string, q: number, k: number): Record<string, BufferView> => ({
  'a.q.weight': { buffer, offset: q, shape: [2, 3] },
  'a.k.weight': { buffer, offset: k, shape: [1, 3] },
})
const slopes = (places: Record<string, BufferView>): Record<string, BufferView> =>
  Object.fromEntries(Object.entries(places).map(([name, view]) => [`d ${name}`, view]))

describe('neighbours', () => {
  it.each([
    ['side by side', 0, 6, true],
    ['the wrong way round', 3, 0, false],
    ['with a gap', 0, 16, false],
  ])('%s: the same loss and gradients', async (_, q, k, joins) => {
    const places = views('p', q, k)
    const outputs = projection()
    const joined = joinNeighbours(outputs, (name) => places[name], slopes(places))
    const ops = topological(Object.values(joined.outputs)).map((node) => node.op)
    expect(ops.includes('concat')).toBe(!joins)
    expect(ops.includes('split')).toBe(!joins)
    expect(Object.keys(joined.outputs)).toEqual(
      joins ? ['loss', 'd a.q.weight+d a.k.weight'] : ['loss', 'd a.q.weight', 'd a.k.weight'],
    )
    expect(Object.keys(joined.outputs).flatMap(joined.members)).toEqual(Object.keys(outputs))

    for (const name of ['p', 'g']) await runtime.allocate(name, 32)
    for (const [name, values] of Object.entries({ 'a.q.weight': [1, 0, -1, 2, 1, 0], 'a.k.weight': [0, 1, 1] }))
      await runtime.write('p', places[name]!.offset, Float32Array.from(values))
    const written: string[] = []
    const program = await compileProgram(runtime, outputs, {
      place: (name) => places[name],
      into: slopes(views('g', q, k)),
      written: (names) => written.push(...names),
    })
    // x W^T = [[-2, 4, 5], [-2, 13, 11]]; the gradient is 2 (x W^T)^T x.
    const { outputs: found } = await program.run({})
    expect(found.loss!.data[0]).toBe(4 + 16 + 25 + 4 + 169 + 121)
    expect([...(await runtime.read('g', q, 6))]).toEqual([-20, -28, -36, 112, 146, 180])
    expect([...(await runtime.read('g', k, 3))]).toEqual([98, 130, 162])
    expect(written.sort()).toEqual(['d a.k.weight', 'd a.q.weight'])
    await program.dispose()
  })

  it('a part that something else reads stays by itself', () => {
    const places = views('p', 0, 6)
    const outputs = projection()
    const more = { ...outputs, 'd a.k.weight': outputs['d a.k.weight'], twice: op.mul(outputs['d a.k.weight'], 2) }
    const joined = joinNeighbours(more, (name) => places[name], slopes(places))
    expect(Object.keys(joined.outputs)).toEqual(Object.keys(more))
  })

  it('outputs that are written as one cannot be moved apart', async () => {
    const places = views('p', 0, 6)
    const joined = joinNeighbours(projection(), (name) => places[name], slopes(places))
    expect(joined.into(slopes(places))).toEqual({
      'd a.q.weight+d a.k.weight': { buffer: 'p', offset: 0, shape: [3, 3] },
    })
    expect(() => joined.into(slopes(views('p', 0, 7)))).toThrow('side by side')
  })
})
