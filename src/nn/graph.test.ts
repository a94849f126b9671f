import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Build, checkLayer } from '../../test/nn-goldens.ts'
import {
  constant,
  gradients,
  input,
  interpret,
  openRuntime,
  type Runtime,
  reshape,
  sum,
  type Tensor,
} from '../engine/index.ts'
import { denseGraphAttention, denseGraphConv, type Edges, graphAttention, graphConv, withLoops } from './graph.ts'
import { circularCorrelation, compGcn, relationalGcn, type TypedEdges } from './relational-graph.ts'
import { trace } from './scope.ts'

let runtime: Runtime
beforeAll(() => {
  runtime = openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

// A graph is one batch: it is not served by batches of it.
const check = (name: string, build: Build) => checkLayer(runtime, name, build, { whole: 'all', tolerance: 2e-5 })
const ids = (...values: number[]): Tensor => constant(Int32Array.from(values), [values.length])

/** The edges of the golden script: one twice, a node that nothing reaches (4), one without edges (5). */
const edges: Edges = { sources: ids(0, 1, 2, 4, 3, 0, 2), targets: ids(1, 0, 1, 2, 2, 3, 1) }
/** The same without the doubles, with loops, as [target, source] of five nodes. */
const adjacency = Array.from({ length: 25 }, (_, i) => {
  const [target, source] = [Math.floor(i / 5), i % 5]
  const all = [[0, 1], [1, 0], [2, 1], [4, 2], [3, 2]] // biome-ignore format: pairs
  return Number(target === source || all.some(([from, to]) => from === source && to === target))
})

describe("graph attention equals PyTorch Geometric's GATConv", () => {
  const options = { heads: 2, width: 3 }
  it('heads side by side, and the weights', () =>
    check('graph-attention', (s, { x }) => {
      const { output, weights } = graphAttention(s, x!, edges, options)
      return { y: output, weights }
    }))
  it('mean of heads', () =>
    check('graph-attention-mean', (s, { x }) => {
      const { output, weights } = graphAttention(s, x!, edges, { ...options, join: 'mean' })
      return { y: output, weights }
    }))
  it('on dense adjacency', () =>
    check('graph-attention-dense', (s, { x }) => {
      const dense = constant(Int32Array.from(adjacency), [1, 5, 5])
      return sum(denseGraphAttention(s, batched(x!), dense, options).output, 0)
    }))
  it('stays finite where scores are far apart', () => {
    const x = input('x', [6, 1])
    const { outputs, tensors } = trace((s) => graphAttention(s, x, edges, { heads: 1, width: 1 }).output, {
      training: true,
    })
    const one = Float64Array.of(1)
    const feeds = new Map([
      ['x', Float64Array.of(900, -900, 800, -700, 500, 0)],
      ['lin.weight', one],
      ['att_src', one],
      ['att_dst', one],
      ['bias', Float64Array.of(0)],
    ])
    const all = [outputs, ...gradients(sum(outputs), [...tensors.values()])]
    for (const values of interpret(all, feeds)) expect([...values].every(Number.isFinite)).toBe(true)
  })
})

describe("graph convolution equals PyTorch Geometric's GCNConv", () => {
  it('with loops', () => check('graph-conv', (s, { x }) => graphConv(s, x!, withLoops(edges, 6), { width: 3 })))
  it('weighted edges', () =>
    check('graph-conv-weighted', (s, { x, w }) => graphConv(s, x!, edges, { width: 3, bias: false }, w)))
  it('on dense adjacency', () =>
    check('graph-conv-dense', (s, { x }) => {
      const dense = constant(Float32Array.from(adjacency), [1, 5, 5])
      return sum(denseGraphConv(s, batched(x!), dense, { width: 3 }), 0)
    }))
})

describe("composition-based graph convolution equals the authors' code", () => {
  const [heads, tails, kinds] = [[0, 1, 2, 4, 0], [1, 2, 0, 3, 1], [0, 1, 1, 0, 1]] // biome-ignore format: columns
  // Their messages go from the second row of the edge list to the first.
  const inward: TypedEdges = { targets: ids(...heads), sources: ids(...tails), types: ids(...kinds) }
  const outward: TypedEdges = { targets: ids(...tails), sources: ids(...heads), types: ids(...kinds.map((r) => r + 2)) }
  it.each([
    ['sub', 4],
    ['mult', 4],
    ['corr', 4],
    ['corr', 5],
  ] as const)('%s, width %i', (composition, width) =>
    check(`comp-gcn-${composition}-${width}`, (s, { x, relations }) => {
      const made = compGcn(s, x!, relations!, { inward, outward }, { width: 3, composition, bias: true })
      return { y: made.nodes, relations: made.relations }
    }),
  )
})

it("relational graph convolution equals PyTorch Geometric's RGCNConv", () =>
  check('relational-gcn', (s, { x }) =>
    relationalGcn(s, x!, { ...edges, types: ids(0, 1, 1, 0, 1, 0, 1) }, { width: 3, relations: 2 }),
  ))

it.each([1, 2, 5, 8])('circular correlation of width %i is its definition', (d) => {
  const a = Float64Array.from({ length: d }, (_, i) => Math.sin(3 * i + 1))
  const b = Float64Array.from({ length: d }, (_, i) => Math.cos(i * i))
  const [found] = interpret(
    [circularCorrelation(input('a', [d]), input('b', [d]))],
    new Map([
      ['a', a],
      ['b', b],
    ]),
  )
  for (let k = 0; k < d; k++) {
    const wanted = a.reduce((total, v, i) => total + v * b[(i + k) % d]!, 0)
    expect(found![k]).toBeCloseTo(wanted, 6)
  }
})

const batched = (x: Tensor): Tensor => reshape(x, [1, ...x.shape])
