/**
 * @file Vision transformer of CLIP (Dosovitskiy et al. 2021; Radford et al. 2021): patches and a class token, pre-norm
 * blocks, class token -> layer norm -> bias-free projection. Parameter names of Hugging Face's CLIPVisionModel.
 */

import { add, broadcast, concat, reshape, slice, type Tensor } from '../engine/index.ts'
import { gridOf, keepTokens, layerNorm, patchEmbedding, randomKeep, resizePositions, type Scope } from '../nn/index.ts'
import { clipLayers } from './clip-layers.ts'
import type { VitConfig } from './config.ts'
import type { ImageFeatures } from './features.ts'
import type { Project } from './projection.ts'

export interface VitOptions {
  /** Share of patches left out at random while training (FLIP, MAE); the regions are then those that are left. */
  masked?: number
  /** Patches are left out in validation too, for losses that are about them. */
  always?: boolean
}

/**
 * pixels float32 [B, C, H, W] -> features; `project` takes features to the joint space. Where the grid of
 * patches is not that of `size`, positions are resized to it.
 */
export function vit(
  scope: Scope,
  project: Project,
  pixels: Tensor,
  config: VitConfig,
  { masked = 0, always = false }: VitOptions = {},
): ImageFeatures {
  const { width, patch, size, epsilon } = config
  const b = pixels.shape[0] as number
  const side = size / patch
  const [rows, columns] = gridOf(pixels, [patch, patch]) as [number, number]
  const count = rows * columns

  const embeddings = scope.in('embeddings')
  const patched = patchEmbedding(embeddings.in('patch_embedding'), pixels, {
    patch: [patch, patch],
    width,
    bias: false,
    init: () => ({ kind: 'normal', sd: 0.02 }),
  }) //                                                                                      [B, P, W]
  const token = embeddings.parameter('class_embedding', [width], { kind: 'normal', sd: width ** -0.5 })
  const positions = embeddings
    .in('position_embedding')
    .parameter('weight', [side * side + 1, width], { kind: 'normal', sd: width ** -0.5 })
  const placed = resizePositions(positions, [side, side], [rows, columns], { prefix: 1 })
  const first = broadcast(reshape(token, [1, 1, width]), [b, 1, width])
  const whole = add(concat([first, patched], 1), placed) //                                   [B, 1 + P, W]
  const kept = masked > 0 && (always || scope.training) ? randomKeep(embeddings, b, count, masked) : undefined
  // Positions are added before patches are left out: those that stay know where they stand.
  const tokens =
    kept === undefined
      ? whole
      : concat([slice(whole, 1, 0, 1), keepTokens(slice(whole, 1, 1, count + 1), kept.kept)], 1) // [B, 1 + K, W]

  const states = clipLayers(scope.in('encoder'), layerNorm(scope.in('pre_layrnorm'), tokens, epsilon), config)
  const normed = layerNorm(scope.in('post_layernorm'), states.at(-1) as Tensor, epsilon)
  const globalRaw = reshape(slice(normed, 1, 0, 1), [b, width])
  const regionsRaw = slice(normed, 1, 1, tokens.shape[1] as number) //                                        [B, P or K, W]
  const projected = (x: Tensor): Tensor => project(x, { kind: 'normal', sd: width ** -0.5 })
  const features = { globalRaw, regionsRaw, global: projected(globalRaw), regions: projected(regionsRaw) }
  return { ...features, grid: [rows, columns], kept }
}
