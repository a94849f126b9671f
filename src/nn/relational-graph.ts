/** @file Graph convolution over typed edges: relations with embeddings (CompGCN) or with weights of their own (RGCN). */

import {
  add,
  concat,
  constant,
  div,
  gather,
  type Initializer,
  matmul,
  mul,
  neg,
  reshape,
  type Shape,
  scatterAdd,
  shapeError,
  slice,
  sub,
  type Tensor,
} from '../engine/index.ts'
import { dropout } from './dropout.ts'
import { type Edges, inverseRoot } from './graph.ts'
import { xavierNormal, xavierUniform } from './initializers.ts'
import { batchNorm } from './norm.ts'
import type { Scope } from './scope.ts'

/** How a neighbour and the relation to it become one vector. */
export type Composition = 'sub' | 'mult' | 'corr'

/** Typed edges: `types` int32 [E] are rows of the relations. */
export interface TypedEdges extends Edges {
  types: Tensor
}

export interface CompGcnOptions {
  width: number
  composition?: Composition
  /** Share of the messages' sums dropped while training. */
  dropout?: number
  bias?: boolean
  /** Batch normalisation of the nodes, under `bn`. */
  norm?: boolean
}

/**
 * Composition-based graph convolution (Vashishth et al. 2020) as the authors' released code: nodes x [N, D] and relations
 * r [R, D] -> nodes [N, width] and relations [R, width]:
 *   x'_v = 1/3 ( sum over edges of W_in phi(x_u, r) n + the same of inverse edges with W_out + W_loop phi(x_v, r_loop) )
 *   r'   = W_rel r,      n = 1 / sqrt(d_u d_v), d the edges of that direction into a node
 * `inward` and `outward` are the edges and their inverses, whose types usually are other relations. No activation.
 * Parameters, applied from the right: `w_in`, `w_out`, `w_loop`, `w_rel` [D, width], `loop_rel` [1, D], `bias`, `bn.*`.
 */
export function compGcn(
  scope: Scope,
  x: Tensor,
  relations: Tensor,
  { inward, outward }: { inward: TypedEdges; outward: TypedEdges },
  options: CompGcnOptions,
): { nodes: Tensor; relations: Tensor } {
  const { width, composition = 'corr', dropout: share = 0, bias = false, norm = true } = options
  const [n, d] = x.shape as [number, number]
  if (x.shape.length !== 2 || relations.shape.length !== 2 || relations.shape[1] !== d)
    shapeError('compGcn', 'needs nodes [N, D] and relations [R, D] of one width', x, relations)
  const compose = (a: Tensor, b: Tensor): Tensor =>
    composition === 'sub' ? sub(a, b) : composition === 'mult' ? mul(a, b) : circularCorrelation(a, b)
  const matrix = (name: string, shape: Shape = [d, width]): Tensor => scope.parameter(name, shape, xavierNormal(shape))

  const along = (name: string, { sources, targets, types }: TypedEdges): Tensor => {
    const messages = matmul(compose(gather(x, sources), gather(relations, types)), matrix(name)) // [E, width]
    const ones = constant(new Float32Array(sources.shape[0] as number).fill(1), sources.shape)
    const scale = inverseRoot(scatterAdd(ones, targets, n))
    const weights = mul(gather(scale, sources), gather(scale, targets))
    const sums = scatterAdd(mul(messages, reshape(weights, [-1, 1])), targets, n)
    return dropout(scope, sums, share, `dropout_${name}`)
  }
  const loop = matrix('loop_rel', [1, d])
  const own = matmul(compose(x, loop), matrix('w_loop'))
  let nodes = mul(add(add(along('w_in', inward), along('w_out', outward)), own), 1 / 3)
  if (bias) nodes = add(nodes, scope.parameter('bias', [width], { kind: 'zeros' }))
  if (norm) nodes = batchNorm(scope.in('bn'), nodes)
  return { nodes, relations: matmul(relations, matrix('w_rel')) }
}

/**
 * Circular correlation of rows, y_k = sum_i a_i b_(i+k mod D), for a and b [..., D] that broadcast (Nickel et al. 2016):
 * conj(F a) F b in the frequencies, by products with the real Fourier matrices (D^2 a row, no [D, D] for each row).
 */
export function circularCorrelation(a: Tensor, b: Tensor): Tensor {
  const d = a.shape.at(-1)
  if (d === undefined || d !== b.shape.at(-1)) shapeError('circularCorrelation', 'the widths differ', a, b)
  const count = Math.floor(d / 2) + 1 // frequencies of a real signal
  const table = (f: (angle: number, frequency: number) => number): Tensor =>
    constant(
      Float32Array.from({ length: d * count }, (_, i) => {
        const [at, frequency] = [Math.floor(i / count), i % count]
        // The product is reduced first: angles stay small, and the float64 sine is exact to the last bits.
        return f((2 * Math.PI * ((at * frequency) % d)) / d, frequency)
      }),
      [d, count],
    )
  const forward = concat([table(Math.cos), table((angle) => -Math.sin(angle))], 1) //         [D, 2 F]
  const parts = (x: Tensor): [Tensor, Tensor] => {
    const both = matmul(rows(x), forward)
    return [slice(both, -1, 0, count), slice(both, -1, count, 2 * count)]
  }
  // Frequencies that stand for two (all but 0 and D / 2) count twice in the way back.
  const share = (frequency: number): number => (frequency === 0 || 2 * frequency === d ? 1 : 2) / d
  const back = concat(
    [table((angle, k) => share(k) * Math.cos(angle)), table((angle, k) => -share(k) * Math.sin(angle))],
    1,
  )
  const [ar, ai] = parts(a)
  const [br, bi] = parts(b)
  const real = add(mul(ar, br), mul(ai, bi))
  const imaginary = add(mul(ar, bi), neg(mul(ai, br)))
  const y = matmul(concat([real, imaginary], -1), back, { transposeB: true })
  return a.shape.length === 1 && b.shape.length === 1 ? reshape(y, [d]) : y
}

/** A vector as one row, for products. */
function rows(x: Tensor): Tensor {
  return x.shape.length === 1 ? reshape(x, [1, -1]) : x
}

export interface RelationalGcnOptions {
  width: number
  relations: number
  bias?: boolean
}

/**
 * Relational graph convolution (Schlichtkrull et al. 2018) as PyTorch Geometric's RGCNConv: nodes x [N, D] -> [N, width],
 * the mean of W_r x_u over the edges of each relation, summed over relations, and W_0 x_v. Cost: one projection of all
 * nodes a relation. Parameters, applied from the right: `weight` [relations, D, width], `root` [D, width], `bias`.
 */
export function relationalGcn(
  scope: Scope,
  x: Tensor,
  { sources, targets, types }: TypedEdges,
  { width, relations, bias = true }: RelationalGcnOptions,
): Tensor {
  const [n, d] = x.shape as [number, number]
  const made = (name: string, shape: Shape, init: Initializer): Tensor => scope.parameter(name, shape, init)
  const weight = made('weight', [relations, d, width], xavierUniform([d, width]))
  const all = reshape(matmul(reshape(x, [1, n, d]), weight), [relations * n, width]) //       every node, every relation
  const at = (ids: Tensor): Tensor => add(mul(types, constant(Int32Array.of(n), [])), ids)
  const ones = constant(new Float32Array(sources.shape[0] as number).fill(1), sources.shape)
  const counts = scatterAdd(ones, at(targets), relations * n)
  const share = reshape(gather(counts, at(targets)), [-1, 1])
  const sums = scatterAdd(mul(gather(all, at(sources)), inverse(share)), targets, n)
  const y = add(sums, matmul(x, made('root', [d, width], xavierUniform([d, width]))))
  return bias ? add(y, made('bias', [width], { kind: 'zeros' })) : y
}

/** 1 / count; every edge counts itself, so no count is 0. */
const inverse = (counts: Tensor): Tensor => div(1, counts)
