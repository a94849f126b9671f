/** @file The two-tower model: any image tower with any text tower, and the learned logit scale. */

import { VesaliusError } from '../core/errors.ts'
import { exp, type Tensor } from '../engine/index.ts'
import type { Scope } from '../nn/index.ts'
import { bert, bertSd } from './bert.ts'
import { clipText } from './clip-text.ts'
import type { ModelConfig } from './config.ts'
import type { ImageFeatures, TextFeatures, TextOptions } from './features.ts'
import { projection } from './projection.ts'
import { resnet } from './resnet.ts'
import { type VitOptions, vit } from './vit.ts'

/** pixels float32 [B, C, H, W] -> image features; `options` are those of vision transformers. */
export function encodeImage(
  scope: Scope,
  pixels: Tensor,
  config: ModelConfig,
  options: VitOptions = {},
): ImageFeatures {
  const { image } = config
  const [tower, project] = [scope.in('vision_model'), projection(scope.in('visual_projection'), config)]
  if (image.kind === 'vit') return vit(tower, project, pixels, image, options)
  if (options.masked)
    throw new VesaliusError('CONFIG_INVALID', 'A residual net cannot leave out patches.', {
      hint: 'Take a vision transformer as image tower, or set no masked share.',
    })
  return resnet(tower, project, pixels, image)
}

/** Features of the image tower [..., W] -> joint space [..., D], as the tower's own go there. */
export function projectImage(scope: Scope, raw: Tensor, config: ModelConfig): Tensor {
  return projectRaw(scope.in('visual_projection'), raw, config)
}

/** Features of the text tower [..., W] -> joint space [..., D], as the tower's own go there. */
export function projectText(scope: Scope, raw: Tensor, config: ModelConfig): Tensor {
  return projectRaw(scope.in('text_projection'), raw, config)
}

function projectRaw(scope: Scope, raw: Tensor, config: ModelConfig): Tensor {
  return projection(scope, config)(raw, { kind: 'normal', sd: (raw.shape.at(-1) as number) ** -0.5 })
}

/** ids and mask int32 [B, T] -> text features. */
export function encodeText(
  scope: Scope,
  ids: Tensor,
  mask: Tensor,
  config: ModelConfig,
  options: TextOptions = {},
): TextFeatures {
  const { text } = config
  const [tower, project] = [scope.in('text_model'), projection(scope.in('text_projection'), config)]
  return text.kind === 'bert'
    ? bert(tower, project, ids, mask, text, options)
    : clipText(tower, project, ids, mask, text, options)
}

/** Embeddings of all words [V, W] of the text tower, for heads that share them. */
export function wordEmbeddings(scope: Scope, { text }: ModelConfig): Tensor {
  const [name, sd] = text.kind === 'bert' ? ['word_embeddings', bertSd(text.width)] : ['token_embedding', 0.02]
  const table = scope.in('text_model', 'embeddings', name as string)
  return table.parameter('weight', [text.vocabulary, text.width], { kind: 'normal', sd: sd as number })
}

/** The image tower of a model that is known. */
export type EncodeImage = (pixels: Tensor, options?: VitOptions) => ImageFeatures
/** The text tower of a model that is known. */
export type EncodeText = (ids: Tensor, mask: Tensor, options?: TextOptions) => TextFeatures

/** ln(1/tau), learned, [] ; CLIP keeps exp of it at most 100 by clamping the parameter after each step. */
export function logitScale(scope: Scope, { logitScale: value }: ModelConfig): { log: Tensor; scale: Tensor } {
  const log = scope.parameter('logit_scale', [], { kind: 'constant', value })
  return { log, scale: exp(log) }
}

/** Largest value of the parameter: ln 100 (Radford et al. 2021). */
export const maximalLogitScale = Math.log(100)
