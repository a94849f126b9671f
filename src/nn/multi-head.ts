/** @file Multi-head attention with the parameters of torch.nn.MultiheadAttention, and attention pooling. */

import {
  add,
  broadcast,
  chunk,
  concat,
  matmul,
  mean,
  reshape,
  shapeError,
  slice,
  type Tensor,
  transpose,
} from '../engine/index.ts'
import { attention } from './attention.ts'
import { dropout } from './dropout.ts'
import { xavierUniform } from './initializers.ts'
import { linear } from './linear.ts'
import { causalMask, paddingMask } from './masks.ts'
import type { Scope } from './scope.ts'

export interface MultiHeadOptions {
  heads: number
  /** What is attended to, [B, S, E']; the query itself if not given. */
  key?: Tensor
  /** What is mixed, [B, S, E'']; the key if not given. */
  value?: Tensor
  /** int32 [B, S], 1 = a real key. */
  keyMask?: Tensor
  /** Position t sees keys up to t only. */
  causal?: boolean
  /** More additive masks or biases, each broadcasting to [B, heads, T, S]. */
  masks?: readonly Tensor[]
  /** Share of attention weights dropped while training. */
  dropout?: number
  bias?: boolean
}

/**
 * Self- or cross-attention of query [B, T, D]: `output` [B, T, D] and the `weights` [B, heads, T, S] before dropout.
 * Parameters: `in_proj_weight` [3 D, D] (or `q_proj_weight`, `k_proj_weight`, `v_proj_weight` where key or value has
 * another width), `in_proj_bias` [3 D], `out_proj.weight`, `out_proj.bias`.
 */
export function multiHeadAttention(
  scope: Scope,
  query: Tensor,
  options: MultiHeadOptions,
): { output: Tensor; weights: Tensor } {
  const { heads, key = query, value = key, keyMask, causal = false, bias = true } = options
  const [, t, width] = query.shape as [number, number, number]
  const s = key.shape[1] as number
  if (query.shape.length !== 3 || width % heads !== 0)
    shapeError('multiHeadAttention', `needs a query [B, T, D] with D in ${heads} heads`, query)
  if (key.shape.length !== 3 || value.shape.length !== 3 || value.shape[1] !== s)
    shapeError('multiHeadAttention', 'key and value need [B, S, E] of one length', key, value)
  if (causal && s !== t) shapeError('multiHeadAttention', 'causal attention needs as many keys as queries', query, key)

  const [q, k, v] = project(scope, query, key, value, bias)
  const masks = [...(options.masks ?? [])]
  if (causal) masks.push(causalMask(t))
  if (keyMask !== undefined) masks.push(paddingMask(keyMask))
  const onWeights = (weights: Tensor): Tensor => dropout(scope, weights, options.dropout ?? 0, 'attention_dropout')
  const { mixed, weights } = attention(q, k, v, { heads, masks, onWeights })
  return { output: linear(scope.in('out_proj'), mixed, width, { bias, biasInit: { kind: 'zeros' } }), weights }
}

/** Query, key and value in the width of the query; one product where they are the same tensor. */
function project(scope: Scope, query: Tensor, key: Tensor, value: Tensor, bias: boolean): [Tensor, Tensor, Tensor] {
  const width = query.shape[2] as number
  const biases = bias ? scope.parameter('in_proj_bias', [3 * width], { kind: 'zeros' }) : undefined
  const shift = (x: Tensor, from: number, to: number): Tensor =>
    biases === undefined ? x : add(x, slice(biases, 0, from * width, to * width))
  const apply = (x: Tensor, weight: Tensor, i: number): Tensor =>
    shift(matmul(x, weight, { transposeB: true }), i, i + 1)

  const sources = [query, key, value]
  if (sources.some((x) => x.shape[2] !== width)) {
    return ['q_proj_weight', 'k_proj_weight', 'v_proj_weight'].map((name, i) => {
      const shape = [width, sources[i]!.shape[2] as number]
      return apply(sources[i]!, scope.parameter(name, shape, xavierUniform(shape)), i)
    }) as [Tensor, Tensor, Tensor]
  }
  const shape = [3 * width, width]
  const stacked = scope.parameter('in_proj_weight', shape, xavierUniform(shape))
  if (query === key && key === value) {
    const all = shift(matmul(query, stacked, { transposeB: true }), 0, 3) //                  [B, T, 3 D]
    return chunk(all, 3, 2) as [Tensor, Tensor, Tensor]
  }
  const weights = chunk(stacked, 3, 0)
  return sources.map((x, i) => apply(x, weights[i]!, i)) as [Tensor, Tensor, Tensor]
}

/**
 * Attention pooling of CLIP's residual nets (Radford et al. 2021): the mean of x [B, C, ...spatial] asks all cells and
 * itself. Result [B, outputs]. Parameters: `positional_embedding` [1 + P, C], `q_proj`, `k_proj`, `v_proj`, `c_proj`.
 */
export function attentionPool(scope: Scope, x: Tensor, { heads, outputs }: { heads: number; outputs: number }): Tensor {
  const [b, c] = x.shape as [number, number]
  const cells = transpose(reshape(x, [b, c, -1]), [0, 2, 1]) //                               [B, P, C]
  const p = cells.shape[1] as number
  const positions = scope.parameter('positional_embedding', [p + 1, c], { kind: 'normal', sd: c ** -0.5 })
  const all = add(concat([mean(cells, 1, true), cells], 1), positions) //                     [B, 1 + P, C]
  const init = { kind: 'normal', sd: c ** -0.5 } as const
  const q = linear(scope.in('q_proj'), slice(all, 1, 0, 1), c, { init })
  const k = linear(scope.in('k_proj'), all, c, { init })
  const v = linear(scope.in('v_proj'), all, c, { init })
  const { mixed } = attention(q, k, v, { heads }) //                                          [B, 1, C]
  return linear(scope.in('c_proj'), reshape(mixed, [b, c]), outputs, { init })
}

/**
 * Pooling by learned queries (Set Transformer's PMA, Lee et al. 2019; BLIP-2, CoCa): `count` queries of x's width ask
 * x [B, T, D] by a cross-attention under `attn`. Result [B, count, D]. Parameters: `query` [1, count, D], `attn.*`.
 */
export function queryPool(
  scope: Scope,
  x: Tensor,
  { count, ...options }: { count: number } & Omit<MultiHeadOptions, 'key' | 'value' | 'causal'>,
): { output: Tensor; weights: Tensor } {
  const [b, , d] = x.shape as [number, number, number]
  const query = scope.parameter('query', [1, count, d], { kind: 'normal', sd: d ** -0.5 })
  return multiHeadAttention(scope.in('attn'), broadcast(query, [b, count, d]), { ...options, key: x })
}
