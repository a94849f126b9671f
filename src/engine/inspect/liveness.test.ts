import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { executionOrder, type MemoryNode, memoryCurve } from './liveness.ts'

/** A random graph: each node reads some of the values made before it, and makes one or two. */
const graphs = fc
  .array(
    fc.record({
      op: fc.constantFrom('MatMul', 'Softmax', 'Add', 'Reshape'),
      reads: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 3 }),
      makes: fc.integer({ min: 1, max: 2 }),
      size: fc.integer({ min: 1, max: 5 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) => {
    const values = ['x']
    const sizes = new Map<string, number>([['x', 1]])
    const nodes = list.map(({ op, reads, makes, size }, i): MemoryNode => {
      const inputs = reads.map((share) => values[Math.floor(share * values.length)] as string)
      const outputs = Array.from({ length: op === 'Reshape' ? 1 : makes }, (_, k) => `v${i}.${k}`)
      for (const name of outputs) {
        sizes.set(name, op === 'Reshape' ? (sizes.get(inputs[0] as string) as number) : size)
        values.push(name)
      }
      return { op, inputs, outputs }
    })
    return { nodes, bytes: (name: string): number => 256 * (sizes.get(name) as number) }
  })

/** Bytes of all values that are made and still needed while a node runs, by looking at every value at every step. */
function livingBytes(
  nodes: readonly MemoryNode[],
  order: readonly number[],
  bytes: (name: string) => number,
): number[] {
  return order.map((_, now) => {
    let total = 0
    order.forEach((index, made) => {
      for (const name of nodes[index]!.outputs) {
        const uses = order.flatMap((other, time) => (nodes[other]!.inputs.includes(name) ? [time] : []))
        if (made <= now && now <= Math.max(made, ...uses)) total += bytes(name)
      }
    })
    return total
  })
}

const outside = new Set(['x'])

describe('order of execution', () => {
  it('has every node once, after what it reads', () => {
    fc.assert(
      fc.property(graphs, ({ nodes }) => {
        const order = executionOrder(nodes)
        expect([...order].sort((a, b) => a - b)).toEqual(nodes.map((_, i) => i))
        const made = new Set(['x'])
        for (const index of order) {
          for (const name of nodes[index]!.inputs) expect(made.has(name)).toBe(true)
          for (const name of nodes[index]!.outputs) made.add(name)
        }
      }),
    )
  })

  it('goes depth first from the last end of the graph', () => {
    const node = (inputs: string[], output: string): MemoryNode => ({ op: 'MatMul', inputs, outputs: [output] })
    // Two layers; the ends are a (0 -> 2) and b (0 -> 1 -> 3): b is later, so its branch runs first.
    const nodes = [node(['x'], 'h'), node(['h'], 'm'), node(['h'], 'a'), node(['m'], 'b')]
    expect(executionOrder(nodes)).toEqual([0, 1, 3, 2])
    // Of two inputs the later made is computed first.
    expect(executionOrder([node(['x'], 'p'), node(['x'], 'q'), node(['p', 'q'], 'r')])).toEqual([1, 0, 2])
  })
})

describe('bytes in use', () => {
  it('equals the bytes of living values, counted one by one, where no buffer may be shared', () => {
    fc.assert(
      fc.property(graphs, ({ nodes: any, bytes }) => {
        const nodes = any.map((node) => ({ ...node, op: 'MatMul' }))
        const order = executionOrder(nodes)
        const curve = memoryCurve(nodes, order, (name) => ({ bytes: bytes(name), key: name }), outside)
        expect(curve.inUse).toEqual(livingBytes(nodes, order, bytes))
        expect(curve.peak).toBe(Math.max(...curve.inUse))
        expect(curve.inUse[order.indexOf(curve.at)]).toBe(curve.peak)
      }),
    )
  })

  it('with views, in-place operators and buffers taken over: never less than the living need, never more than all', () => {
    fc.assert(
      fc.property(graphs, ({ nodes, bytes }) => {
        const order = executionOrder(nodes)
        const size = (name: string) => ({ bytes: bytes(name), key: String(bytes(name)) })
        const curve = memoryCurve(nodes, order, size, outside)
        // Values that stand for themselves before and after each node: views and results in place add nothing.
        const own = livingBytes(nodes, order, (name) => {
          const { op } = nodes.find(({ outputs }) => outputs.includes(name)) as MemoryNode
          return op === 'Reshape' || op === 'Add' ? 0 : bytes(name)
        })
        const all = nodes.flatMap(({ outputs }) => outputs).reduce((sum, name) => sum + bytes(name), 0)
        curve.inUse.forEach((now, time) => {
          expect(now).toBeGreaterThanOrEqual(own[time] as number)
          expect(now).toBeLessThanOrEqual(all)
        })
      }),
    )
  })

  const same = (): { bytes: number; key: string } => ({ bytes: 1000, key: 'same' })
  const chain = (...ops: string[]): MemoryNode[] =>
    ops.map((op, i) => ({ op, inputs: [i === 0 ? 'x' : `v${i - 1}`], outputs: [`v${i}`] }))
  const peakOf = (nodes: readonly MemoryNode[]): number =>
    memoryCurve(
      nodes,
      nodes.map((_, i) => i),
      same,
      outside,
    ).peak

  it('an element-wise chain and views need one buffer, products two', () => {
    expect(peakOf(chain('MatMul', 'Exp', 'Reshape', 'Tanh'))).toBe(1024)
    expect(peakOf(chain('MatMul', 'MatMul', 'MatMul', 'MatMul'))).toBe(2048)
    expect(peakOf(chain('Reshape'))).toBe(0)
  })

  it('a value that one node reads twice is not written over: its square needs a buffer of its own', () => {
    const node = (op: string, inputs: string[], output: string): MemoryNode => ({ op, inputs, outputs: [output] })
    const nodes = [node('MatMul', ['x'], 'a'), node('Mul', ['a', 'a'], 'b')]
    expect(memoryCurve(nodes, [0, 1], () => ({ bytes: 256, key: 'k' }), outside).peak).toBe(512)
  })

  it('a value that is needed again is not written over', () => {
    const nodes = [...chain('MatMul', 'Exp'), { op: 'Add', inputs: ['v0', 'v1'], outputs: ['v2'] }]
    expect(peakOf(nodes)).toBe(2048)
  })

  it('a view keeps its buffer in use', () => {
    const nodes: MemoryNode[] = [
      ...chain('MatMul', 'Reshape'),
      { op: 'MatMul', inputs: ['x'], outputs: ['y'] },
      { op: 'MatMul', inputs: ['x'], outputs: ['z'] },
      { op: 'Concat', inputs: ['v1', 'y', 'z'], outputs: [] },
    ]
    expect(peakOf(nodes)).toBe(3 * 1024)
  })

  it('a value outlives a view of it that ends before', () => {
    const nodes: MemoryNode[] = [
      ...chain('MatMul', 'Reshape'),
      { op: 'MatMul', inputs: ['v1'], outputs: ['y'] },
      { op: 'MatMul', inputs: ['x'], outputs: ['z'] },
      { op: 'Concat', inputs: ['v0', 'y', 'z'], outputs: [] },
    ]
    expect(peakOf(nodes)).toBe(3 * 1024)
  })

  it('a buffer that will be taken over is not given back in between, as in the runtime', () => {
    const nodes: MemoryNode[] = [
      { op: 'MatMul', inputs: ['x'], outputs: ['a'] },
      { op: 'MatMul', inputs: ['a'], outputs: ['scalar'] },
      { op: 'MatMul', inputs: ['scalar'], outputs: ['other'] },
      { op: 'MatMul', inputs: ['other'], outputs: ['b'] },
    ]
    const size = (name: string) =>
      name === 'a' || name === 'b' ? { bytes: 2560, key: 'big' } : { bytes: 256, key: name }
    expect(memoryCurve(nodes, [0, 1, 2, 3], size, outside).inUse).toEqual([2560, 2816, 2560 + 512, 2560 + 256])
  })
})
