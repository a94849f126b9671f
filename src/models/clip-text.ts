/**
 * @file Text transformer of CLIP (Radford et al. 2021): causal, pre-norm, read out at the end-of-text token after the
 * final layer norm, bias-free projection. Parameter names of Hugging Face's CLIPTextModel.
 */

import { add, argMax, cast, constant, equal, matmul, reshape, slice, type Tensor } from '../engine/index.ts'
import { causalMask, embedding, layerNorm, paddingMask, type Scope } from '../nn/index.ts'
import { clipLayers } from './clip-layers.ts'
import type { ClipTextConfig } from './config.ts'
import { sumOfLast, type TextFeatures, type TextOptions } from './features.ts'
import type { Project } from './projection.ts'

/** ids and mask int32 [B, T], T up to the context -> features; `project` takes features to the joint space. */
export function clipText(
  scope: Scope,
  project: Project,
  ids: Tensor,
  mask: Tensor,
  config: ClipTextConfig,
  { lastLayers = 1, added }: TextOptions = {},
): TextFeatures {
  const { width, context, vocabulary, epsilon, eos, readOut } = config
  const [b, t] = ids.shape as [number, number]
  const words = embedding(scope.in('embeddings', 'token_embedding'), ids, vocabulary, width, 0.02) //     [B, T, W]
  const positions = scope
    .in('embeddings', 'position_embedding')
    .parameter('weight', [context, width], { kind: 'normal', sd: 0.01 })
  const placed = add(words, slice(positions, 0, 0, t))
  const x = added === undefined ? placed : add(placed, added)

  const states = clipLayers(scope.in('encoder'), x, config, add(causalMask(t), paddingMask(mask)))
  const normed = states.slice(-lastLayers).map((state) => layerNorm(scope.in('final_layer_norm'), state, epsilon)) //               [B, T, W] each
  const tokensRaw = sumOfLast(normed, lastLayers)

  // The first end token (or, in old configurations, the largest id, which is the same token) as a one-hot row.
  const score = readOut === 'eos' ? cast(equal(ids, constant(Int32Array.of(eos), [])), 'float32') : cast(ids, 'float32')
  const range = constant(
    Int32Array.from({ length: t }, (_, i) => i),
    [1, t],
  )
  const position = cast(equal(reshape(argMax(score, 1), [b, 1]), range), 'float32') //        [B, T]
  const globalRaw = reshape(matmul(reshape(position, [b, 1, t]), normed.at(-1) as Tensor), [b, width])
  const projected = (y: Tensor): Tensor => project(y, { kind: 'normal', sd: width ** -0.5 })
  return { globalRaw, tokensRaw, global: projected(globalRaw), tokens: projected(tokensRaw), tokenMask: mask }
}
