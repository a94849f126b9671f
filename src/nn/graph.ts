/** @file Graph attention and graph convolution, on edge lists and on dense adjacency. */

import {
  add,
  blocked,
  cast,
  concat,
  constant,
  div,
  exp,
  gather,
  leakyRelu,
  matmul,
  max,
  maximum,
  mean,
  mul,
  reshape,
  scatterAdd,
  shapeError,
  softmax,
  sqrt,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
  where,
} from '../engine/index.ts'
import { dropout } from './dropout.ts'
import { xavierUniform } from './initializers.ts'
import { linear } from './linear.ts'
import type { Scope } from './scope.ts'

/** Edges of one graph: int32 [E] node numbers; a message goes from `sources[e]` to `targets[e]`. */
export interface Edges {
  sources: Tensor
  targets: Tensor
}

/** The edges with one from each of `nodes` nodes to itself. Give edges without loops, or loops count twice. */
export function withLoops({ sources, targets }: Edges, nodes: number): Edges {
  const loops = constant(
    Int32Array.from({ length: nodes }, (_, i) => i),
    [nodes],
  )
  return { sources: concat([sources, loops], 0), targets: concat([targets, loops], 0) }
}

export interface GraphAttentionOptions {
  heads: number
  /** Width of each head's result. */
  width: number
  /** Heads side by side [.., heads * width] (inner layers), or their mean [.., width] (a last layer). */
  join?: 'concat' | 'mean'
  slope?: number
  /** Share of attention weights dropped while training. */
  dropout?: number
  bias?: boolean
}

/** Projected nodes [..., N, heads, width], and each node's part of the scores as source and as target [..., N, heads]. */
function project(scope: Scope, x: Tensor, { heads, width }: GraphAttentionOptions) {
  const inputs = x.shape.at(-1) as number
  // PyTorch Geometric's glorot looks at the last two axes.
  const init = xavierUniform([heads * width, inputs])
  const flat = linear(scope.in('lin'), x, heads * width, { bias: false, init })
  const rows = reshape(flat, [...x.shape.slice(0, -1), heads, width])
  const score = (name: string): Tensor =>
    sum(mul(rows, scope.parameter(name, [1, heads, width], xavierUniform([heads, width]))), -1)
  return { rows, source: score('att_src'), target: score('att_dst') }
}

/** Heads joined, and the bias added. */
function finish(
  scope: Scope,
  y: Tensor,
  { heads, width, join = 'concat', bias = true }: GraphAttentionOptions,
): Tensor {
  const lead = y.shape.slice(0, -2)
  const joined = join === 'concat' ? reshape(y, [...lead, heads * width]) : mean(y, -2)
  if (!bias) return joined
  return add(joined, scope.parameter('bias', [joined.shape.at(-1) as number], { kind: 'zeros' }))
}

/**
 * Graph attention (Velickovic et al. 2018) of nodes x [N, D] along edges, as PyTorch Geometric's GATConv without its
 * self-loops (see {@link withLoops}): each target's softmax over its incoming edges of
 * leakyRelu(att_src . W x_source + att_dst . W x_target). Result [N, heads * width] (or [N, width]). A node without
 * incoming edges gets the bias. Parameters: `lin.weight`, `att_src`, `att_dst`, `bias`.
 */
export function graphAttention(
  scope: Scope,
  x: Tensor,
  { sources, targets }: Edges,
  options: GraphAttentionOptions,
): { output: Tensor; weights: Tensor } {
  const { heads, width, slope = 0.2 } = options
  if (x.shape.length !== 2) shapeError('graphAttention', 'needs nodes [N, D]', x)
  const nodes = x.shape[0] as number
  const { rows, source, target } = project(scope, x, options)
  const scores = leakyRelu(add(gather(source, sources), gather(target, targets)), slope) //   [E, heads]
  // Nothing is larger than the score of the largest source: an upper bound a target, so that exp cannot overflow.
  const top = stopGradient(leakyRelu(add(max(source, 0, true), target), slope)) //            [N, heads]
  const powers = exp(sub(scores, gather(top, targets)))
  const totals = scatterAdd(powers, targets, nodes) //                                        [N, heads]
  const weights = div(powers, maximum(gather(totals, targets), 1e-16)) //                     [E, heads]
  const kept = dropout(scope, weights, options.dropout ?? 0)
  const edges = weights.shape[0] as number
  const messages = mul(gather(rows, sources), reshape(kept, [edges, heads, 1])) //            [E, heads, width]
  return { output: finish(scope, scatterAdd(messages, targets, nodes), { ...options, heads, width }), weights }
}

/**
 * The same on dense adjacency: nodes x [B, N, D], `adjacency` int32 [B or 1, N, N] with 1 at (target, source). Result
 * [B, N, heads * width], weights [B, heads, N, N]. A node without edges averages all nodes; give it a loop.
 */
export function denseGraphAttention(
  scope: Scope,
  x: Tensor,
  adjacency: Tensor,
  options: GraphAttentionOptions,
): { output: Tensor; weights: Tensor } {
  const { slope = 0.2 } = options
  if (x.shape.length !== 3 || adjacency.shape.length !== 3)
    shapeError('denseGraphAttention', 'needs nodes [B, N, D] and adjacency [B, N, N]', x, adjacency)
  const { rows, source, target } = project(scope, x, options) //                              [B, N, heads, width]
  const [b, n, heads] = source.shape as [number, number, number]
  const byHead = (t: Tensor): Tensor => transpose(t, [0, 2, 1])
  const pairs = add(reshape(byHead(target), [b, heads, n, 1]), reshape(byHead(source), [b, heads, 1, n]))
  const lead = adjacency.shape[0] as number
  const edge = reshape(cast(adjacency, 'bool'), [lead, 1, n, n])
  const weights = softmax(where(edge, leakyRelu(pairs, slope), blocked)) //                   [B, heads, N, N]
  const kept = dropout(scope, weights, options.dropout ?? 0)
  const mixed = transpose(matmul(kept, transpose(rows, [0, 2, 1, 3])), [0, 2, 1, 3]) //       [B, N, heads, width]
  return { output: finish(scope, mixed, options), weights }
}

export interface GraphConvOptions {
  width: number
  bias?: boolean
}

/**
 * Graph convolution (Kipf and Welling 2017) of nodes x [N, D] along edges, as PyTorch Geometric's GCNConv: sums of
 * W x_source / sqrt(d_source d_target), d the number of incoming edges. Loops belong to it ({@link withLoops}). Result
 * [N, width]. `edgeWeights` [E] count as that many edges. Parameters: `lin.weight`, `bias`.
 */
export function graphConv(
  scope: Scope,
  x: Tensor,
  { sources, targets }: Edges,
  { width, bias = true }: GraphConvOptions,
  edgeWeights?: Tensor,
): Tensor {
  const nodes = x.shape[0] as number
  const edges = sources.shape[0] as number
  const counts = edgeWeights ?? constant(new Float32Array(edges).fill(1), [edges])
  const degrees = scatterAdd(counts, targets, nodes)
  const scale = inverseRoot(degrees) //                                                       [N]
  const weights = mul(mul(gather(scale, sources), gather(scale, targets)), counts)
  const rows = project1(scope, x, width)
  const messages = mul(gather(rows, sources), reshape(weights, [edges, 1]))
  return biased(scope, scatterAdd(messages, targets, nodes), width, bias)
}

/**
 * The same on dense adjacency: nodes x [B, N, D], float32 `adjacency` [B or 1, N, N] of weights at (target, source),
 * loops included. Result [B, N, width].
 */
export function denseGraphConv(
  scope: Scope,
  x: Tensor,
  adjacency: Tensor,
  { width, bias = true }: GraphConvOptions,
): Tensor {
  const [b, n] = adjacency.shape as [number, number, number]
  const scale = inverseRoot(sum(adjacency, 2)) //                                             [B, N]
  const weights = mul(mul(adjacency, reshape(scale, [b, n, 1])), reshape(scale, [b, 1, n]))
  return biased(scope, matmul(weights, project1(scope, x, width)), width, bias)
}

function project1(scope: Scope, x: Tensor, width: number): Tensor {
  return linear(scope.in('lin'), x, width, { bias: false, init: xavierUniform([width, x.shape.at(-1) as number]) })
}

function biased(scope: Scope, y: Tensor, width: number, bias: boolean): Tensor {
  return bias ? add(y, scope.parameter('bias', [width], { kind: 'zeros' })) : y
}

/** degree^-1/2, and 0 for a node without edges. */
export function inverseRoot(degrees: Tensor): Tensor {
  const some = cast(cast(degrees, 'bool'), 'float32')
  return div(some, sqrt(maximum(degrees, 1e-12)))
}
