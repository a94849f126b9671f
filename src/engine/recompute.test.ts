import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectGradients } from '../../test/differences.ts'
import { normal } from '../../test/operands.ts'
import { gradients } from './gradients.ts'
import { tap } from './hosts/tap.ts'
import { interpret, type Values } from './interpreter.ts'
import * as op from './ops.ts'
import { compileProgram } from './program.ts'
import { recomputed } from './recompute.ts'
import type { Inline } from './runtime/protocol.ts'
import { openRuntime, type Runtime } from './runtime/runtime.ts'
import { type Tensor, topological } from './tensor.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const names = ['x', 'a', 'b', 'c'] as const
const leaves = (): Record<(typeof names)[number] | 'keep', Tensor> => ({
  x: op.input('x', [4, 3]),
  a: op.parameter('a', [3, 3]),
  b: op.parameter('b', [3, 3]),
  c: op.parameter('c', [3, 3]),
  keep: op.input('keep', [4, 3]),
})
const feeds = new Map<string, Values>([
  ...names.map((name) => [name, normal(name === 'x' ? 4 : 3, 3).values] as const),
  ['keep', Float64Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 0 : 1))],
])

type Wrap = typeof recomputed
const plain: Wrap = (compute, ...inputs) => compute(...inputs)

/** Three layers with shared weights, a mask from outside, dropout and a skip connection. */
function net(wrap: Wrap): { loss: Tensor; wrt: Tensor[] } {
  const { x, a, b, c, keep } = leaves()
  const mask = op.mul(op.sub(op.sigmoid(op.matmul(keep, c)), 1), 3)
  const layer = (h: Tensor, weight: Tensor): Tensor =>
    op.mul(op.tanh(op.add(op.matmul(op.gelu(op.matmul(h, weight)), a), mask)), keep)
  let h: Tensor = x
  for (const weight of [a, b, b])
    h = op.add(
      h,
      wrap((y) => layer(y, weight), h),
    )
  return { loss: op.mean(op.square(h)), wrt: [x, a, b, c] }
}

/** Equal to the last bit but for the order of sums. */
function expectEqual(
  found: readonly ArrayLike<number>[],
  wanted: readonly ArrayLike<number>[],
  tolerance: number,
): void {
  expect(found.length).toBe(wanted.length)
  found.forEach((values, k) => {
    for (let i = 0; i < values.length; i++) {
      const off = Math.abs(values[i]! - wanted[k]![i]!)
      if (!(off <= tolerance)) expect.fail(`value ${i} of ${k} is ${values[i]}, without segments ${wanted[k]![i]}`)
    }
  })
}

const valuesOf = ({ loss, wrt }: ReturnType<typeof net>): Values[] => interpret([loss, ...gradients(loss, wrt)], feeds)
const made = (t: Tensor[], name: string): number => topological(t).filter((node) => node.op === name).length

describe('a recomputed segment', () => {
  it('has the gradients of the plain graph, and of differences', () => {
    expectEqual(valuesOf(net(recomputed)), valuesOf(net(plain)), 1e-15)
    const { loss, wrt } = net(recomputed)
    expectGradients(loss, wrt, feeds)
  })

  it('is made again once, and what it captures is not', () => {
    const [one, two] = [net(plain), net(recomputed)].map(({ loss, wrt }) => [loss, ...gradients(loss, wrt)]) as [
      Tensor[],
      Tensor[],
    ]
    expect(made(two, 'gelu')).toBe(2 * made(one, 'gelu'))
    expect(made(two, 'sigmoid')).toBe(made(one, 'sigmoid'))
  })

  it('waits for all gradients of the segments after it', () => {
    const weights = [0, 1, 2].map((i) => op.parameter(`w${i}`, [3, 3]))
    const y = weights.reduce((h, w) => recomputed((t) => op.gelu(op.matmul(t, w)), h), op.input('x', [4, 3]))
    const found = gradients(op.mean(op.square(y)), weights)
    // A copy of a product starts from an input to which the token has been added.
    const copies = topological(found).filter(
      ({ op, inputs: [x, w] }) => op === 'matmul' && x!.node.op === 'add' && w!.node.op === 'parameter',
    )
    const waits = copies.map(({ outputs }) => {
      const before = new Set(topological(outputs))
      return found.filter((g) => before.has(g.node)).length
    })
    // The last layer's own values are needed at once, those of the first after both others are done with.
    expect(waits.sort()).toEqual([0, 1, 2])
  })

  it('can be inside another, have several results, and be differentiated twice', () => {
    const build = (wrap: Wrap): Tensor => {
      const { x, a, b } = leaves()
      const inner = (y: Tensor): Tensor => op.tanh(op.matmul(y, a))
      const [p, q] = wrap((y) => {
        const first = wrap(inner, y)
        return [op.exp(wrap(inner, first)), op.sigmoid(op.matmul(first, b))] as const
      }, x)
      return op.sum(op.mul(op.add(p, x), q))
    }
    const twice = (wrap: Wrap): Values[] => {
      const scalar = build(wrap)
      const wrt = topological([scalar]).flatMap(({ op: name, outputs }) =>
        /input|parameter/.test(name) ? outputs : [],
      )
      const sorted = [...wrt].sort((s, t) =>
        JSON.stringify(s.node.attributes) < JSON.stringify(t.node.attributes) ? -1 : 1,
      )
      const first = gradients(scalar, sorted)
      const squares = first.map((g) => op.sum(op.square(g))).reduce((s, t) => op.add(s, t))
      return interpret([...first, ...gradients(squares, sorted)], feeds)
    }
    expectEqual(twice(recomputed), twice(plain), 1e-12)
  })

  it('gives the gradient of a value inside it', () => {
    const build = (wrap: Wrap): Values[] => {
      const { x, a } = leaves()
      let inside: Tensor | undefined
      const y = wrap((h) => {
        inside = op.matmul(h, a)
        return op.tanh(inside)
      }, x)
      const loss = op.sum(op.square(y))
      return interpret(gradients(loss, [inside!, x, a]), feeds)
    }
    expectEqual(build(recomputed), build(plain), 1e-15)
  })

  it('needs no inputs, and may return one as it is', () => {
    const { x, a } = leaves()
    const y = recomputed(() => op.tanh(op.matmul(x, a)))
    const [same, other] = recomputed((h) => [h, op.exp(h)] as const, y)
    expectGradients(op.sum(op.mul(same, other)), [x, a], feeds)
  })

  it('with a host node inside is refused', () => {
    const { x } = leaves()
    const y = recomputed((h) => tap('look', op.exp(h)), x)
    expect(() => gradients(op.sum(y), [x])).toThrow('"look" is inside a segment that is recomputed')
  })

  it('in ONNX Runtime: the same values, whatever infinities stand in the gradients', async () => {
    const run = async (wrap: Wrap, scale = 1): Promise<Float32Array[]> => {
      const { loss, wrt } = net(wrap)
      const outputs = { loss, ...Object.fromEntries(gradients(op.mul(loss, scale), wrt).map((g, i) => [`g${i}`, g])) }
      const program = await compileProgram(runtime, outputs)
      const inline = Object.fromEntries(
        [...feeds].map(([name, data]): [string, Inline] => [
          name,
          { dtype: 'float32', shape: [data.length / 3, 3], data: Float32Array.from(data) },
        ]),
      )
      const ran = await program.run(inline)
      await program.dispose()
      return Object.keys(outputs).map((name) => ran.outputs[name]!.data as Float32Array)
    }
    expectEqual(await run(recomputed), await run(plain), 1e-6)
    // The copies themselves stay finite: only the gradients overflow.
    const [, , , , gc] = await run(recomputed, 3e38)
    expect(gc!.some((v) => Number.isNaN(v))).toBe((await run(plain, 3e38))[4]!.some((v) => Number.isNaN(v)))
  })
})
