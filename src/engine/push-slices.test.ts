import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../core/random.ts'
import { gradients, input, interpret, pushSlices, type Tensor } from './index.ts'
import * as op from './ops.ts'
import { sizeOf, topological } from './tensor.ts'

const values = (name: string, length: number): Float64Array => {
  const stream = random('push slices', name)
  return Float64Array.from({ length }, () => stream.normal())
}

/** The same numbers before and after; what the largest product computes, before and after. */
function compare(y: Tensor, leaves: readonly Tensor[]): { before: number; after: number } {
  const feeds = new Map(leaves.map((t) => [nameOf(t), values(nameOf(t), sizeOf(t.shape))]))
  const [pushed] = pushSlices([y]) as [Tensor]
  const [wanted, got] = interpret([y, pushed], feeds)
  expect(pushed.shape).toEqual(y.shape)
  got!.forEach((v, i) => {
    expect(v).toBeCloseTo(wanted![i]!, 12)
  })
  const [first, second] = [y, pushed].map((out) => gradients(op.sum(op.square(out)), leaves)) as [Tensor[], Tensor[]]
  const all = interpret([...first, ...second], feeds)
  first.forEach((_, i) => {
    all[i]!.forEach((v, j) => {
      expect(all[first.length + i]![j]).toBeCloseTo(v, 10)
    })
  })
  const work = (out: Tensor): number =>
    topological([out]).reduce((n, { op: name, outputs }) => n + (name === 'matmul' ? sizeOf(outputs[0]!.shape) : 0), 0)
  return { before: work(y), after: work(pushed) }
}

const nameOf = (t: Tensor): string => (t.node.attributes as { name: string }).name

describe('slices move to their sources', () => {
  it('the class token of the last block: its row alone goes through projections, attention and norms', () => {
    const x = input('x', [2, 5, 8])
    const [wq, wo, w1] = [input('wq', [8, 8]), input('wo', [8, 8]), input('w1', [8, 8])]
    const [gain, bias] = [input('gain', [8]), input('bias', [8])]
    const heads = (t: Tensor): Tensor => op.transpose(op.reshape(t, [2, 5, 2, 4]), [0, 2, 1, 3])
    const q = op.matmul(x, wq, { transposeB: true })
    const weights = op.softmax(op.matmul(heads(q), heads(x), { transposeB: true, scale: 0.5 }))
    const mixed = op.reshape(op.transpose(op.matmul(weights, heads(x)), [0, 2, 1, 3]), [2, 5, 8])
    const y = op.add(x, op.matmul(mixed, wo, { transposeB: true }))
    const z = op.add(y, op.gelu(op.matmul(op.layerNorm(y, gain, bias, 1e-5), w1, { transposeB: true })))
    const { before, after } = compare(op.slice(z, 1, 0, 1), [x, wq, wo, w1, gain, bias])
    expect(after).toBe(before / 5)
  })

  it('stay where the whole is read as well, and where an axis is normalised', () => {
    const x = input('x', [3, 4])
    const y = op.exp(x)
    const both = op.add(op.slice(y, 0, 0, 1), op.sum(y))
    expect(topological(pushSlices([both])).filter(({ op: name }) => name === 'exp')[0]?.outputs[0]?.shape).toEqual([
      3, 4,
    ])
    const soft = op.slice(op.softmax(x, 1), 1, 0, 2)
    expect(pushSlices([soft])[0]).toBe(soft)
  })

  it('any slice of a product, either operand transposed, leading axes broadcast', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 3 })),
        fc.constantFrom(0, 1, 2),
        (transposeA, transposeB, shared, [from, length], axis) => {
          const a = input('a', transposeA ? [3, 4, 5] : [3, 5, 4])
          const matrix = transposeB ? [6, 4] : [4, 6]
          const b = input('b', shared ? matrix : [3, ...matrix])
          const y = op.neg(op.matmul(a, b, { transposeA, transposeB, scale: 1.5 }))
          const end = Math.min(y.shape[axis]!, from + length)
          compare(op.slice(y, axis, from, end), [a, b])
        },
      ),
      { numRuns: 60 },
    )
  })
})
