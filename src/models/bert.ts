/**
 * @file BERT encoder (Devlin et al. 2019): post-norm, exact GELU, read out at [CLS] through the pooler (or by the
 * mean or maximum of tokens), bias-free projection to the joint space. Parameter names of Hugging Face's BertModel.
 */

import {
  add,
  any,
  blocked,
  cast,
  concat,
  constant,
  div,
  full,
  gelu,
  greater,
  matmul,
  max,
  maximum,
  mul,
  reshape,
  slice,
  sum,
  type Tensor,
  tanh,
  where,
} from '../engine/index.ts'
import { attend, embedding, layerNorm, linear, linears, paddingMask, type Scope } from '../nn/index.ts'
import type { BertConfig } from './config.ts'
import { sumOfLast, type TextFeatures, type TextOptions } from './features.ts'
import type { Project } from './projection.ts'

/** Standard deviation of initial weights: 0.02 at BERT-base's width; narrower towers need larger ones, or a fresh [CLS] hardly depends on the words. */
export const bertSd = (width: number): number => 0.02 * Math.sqrt(768 / width)

/** ids and mask int32 [B, T], T up to the context -> features; `project` takes features to the joint space. */
export function bert(
  scope: Scope,
  project: Project,
  ids: Tensor,
  mask: Tensor,
  config: BertConfig,
  { lastLayers = 1, added }: TextOptions = {},
): TextFeatures {
  const { width, heads, layers, context, vocabulary, epsilon } = config
  const t = ids.shape[1] as number
  const sd = bertSd(width)
  const init = { kind: 'normal', sd } as const

  const embeddings = scope.in('embeddings')
  const words = embedding(embeddings.in('word_embeddings'), ids, vocabulary, width, sd) //  [B, T, W]
  const positions = embeddings.in('position_embeddings').parameter('weight', [context, width], init)
  const types = embeddings.in('token_type_embeddings').parameter('weight', [config.types, width], init)
  const placed = add(add(words, slice(types, 0, 0, 1)), slice(positions, 0, 0, t))
  const embedded = added === undefined ? placed : add(placed, added)
  let x = layerNorm(embeddings.in('LayerNorm'), embedded, epsilon)

  const padding = paddingMask(mask)
  const block = (layer: Scope, x: Tensor): Tensor => {
    const self = layer.in('attention', 'self')
    const projections = ['query', 'key', 'value'].map((name) => self.in(name))
    const [q, k, v] = linears(
      x,
      projections.map((projection) => ({ scope: projection, outputs: width, init })),
    ) as [Tensor, Tensor, Tensor]
    const attended = layer.in('attention', 'output')
    const mixed = linear(attended.in('dense'), attend(q, k, v, heads, padding), width, { init })
    const y = layerNorm(attended.in('LayerNorm'), add(mixed, x), epsilon) //                  [B, T, W]

    const wide = gelu(linear(layer.in('intermediate', 'dense'), y, config.mlp ?? 4 * width, { init }))
    const output = layer.in('output')
    return layerNorm(output.in('LayerNorm'), add(linear(output.in('dense'), wide, width, { init }), y), epsilon)
  }
  const states: Tensor[] = []
  for (let i = 0; i < layers; i++) {
    const layer = scope.in('encoder', 'layer', i)
    x = layer.layer((y) => block(layer, y), x)
    states.push(x)
  }
  const tokensRaw = sumOfLast(states, lastLayers)
  const globalRaw = readOut(scope, x, mask, config)
  const projected = (y: Tensor): Tensor => project(y, { kind: 'normal', sd: width ** -0.5 })
  return { globalRaw, tokensRaw, global: projected(globalRaw), tokens: projected(tokensRaw), tokenMask: mask }
}

/** One vector a text, [B, W]. */
function readOut(scope: Scope, x: Tensor, mask: Tensor, config: BertConfig): Tensor {
  const [b, t, width] = x.shape as [number, number, number]
  if (config.readOut === 'mean') {
    const real = cast(mask, 'float32') //                                                     [B, T]
    const total = reshape(matmul(reshape(real, [b, 1, t]), x), [b, width])
    return div(total, maximum(sum(real, 1, true), 1))
  }
  if (config.readOut === 'max') {
    // The special tokens are the first and the last real one of each row.
    const real = cast(mask, 'float32') //                                                     [B, T]
    const next = concat([slice(real, 1, 1, t), full([b, 1], 0)], 1)
    const later = constant(
      Float32Array.from({ length: t }, (_, i) => (i === 0 ? 0 : 1)),
      [1, t],
    )
    const inner = reshape(greater(mul(next, later), 0), [b, t, 1])
    const most = max(where(inner, x, blocked), 1) //                                        [B, W]
    // A text of special tokens alone has no maximum: it is all zeros.
    return where(any(inner, 1), most, 0)
  }
  const first = reshape(slice(x, 1, 0, 1), [b, width])
  if (config.readOut === 'cls') return first
  const init = { kind: 'normal', sd: bertSd(width) } as const
  return tanh(linear(scope.in('pooler', 'dense'), first, width, { init }))
}
