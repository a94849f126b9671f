/**
 * @file Vision transformer of CLIP (Dosovitskiy et al. 2021; Radford et al. 2021): patches and a class token, pre-norm
 * blocks, class token -> layer norm -> bias-free projection. Parameter names of Hugging Face's CLIPVisionModel.
 */

import { add, broadcast, concat, matmul, reshape, slice, type Tensor, transpose } from '../engine/index.ts'
import { layerNorm, linear, type Scope } from '../nn/index.ts'
import { clipLayers } from './clip-layers.ts'
import type { VitConfig } from './config.ts'
import type { ImageFeatures } from './features.ts'

/** [B, C, H, W] -> [B, P, C * patch * patch], patches row by row, each in (channel, row, column) order. */
function patches(pixels: Tensor, patch: number): Tensor {
  const [b, c, h, w] = pixels.shape as [number, number, number, number]
  const [rows, columns] = [h / patch, w / patch]
  const cut = reshape(pixels, [b, c, rows, patch, columns, patch])
  return reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [b, rows * columns, c * patch * patch])
}

/** pixels float32 [B, C, size, size] -> features; `project` is the scope of the projection to the joint space. */
export function vit(scope: Scope, project: Scope, pixels: Tensor, config: VitConfig, joint: number): ImageFeatures {
  const { width, patch, size, channels, epsilon } = config
  const b = pixels.shape[0] as number
  const side = size / patch
  const count = side * side

  const embeddings = scope.in('embeddings')
  // The patch convolution as a matrix product: stride = kernel, so no pixel is read twice.
  const kernel = embeddings
    .in('patch_embedding')
    .parameter('weight', [width, channels, patch, patch], { kind: 'normal', sd: 0.02 })
  const flat = reshape(kernel, [width, channels * patch * patch])
  const patched = matmul(patches(pixels, patch), flat, { transposeB: true }) //               [B, P, W]
  const token = embeddings.parameter('class_embedding', [width], { kind: 'normal', sd: width ** -0.5 })
  const positions = embeddings
    .in('position_embedding')
    .parameter('weight', [count + 1, width], { kind: 'normal', sd: width ** -0.5 })
  const first = broadcast(reshape(token, [1, 1, width]), [b, 1, width])
  const tokens = add(concat([first, patched], 1), positions) //                               [B, 1 + P, W]

  const states = clipLayers(scope.in('encoder'), layerNorm(scope.in('pre_layrnorm'), tokens, epsilon), config)
  const normed = layerNorm(scope.in('post_layernorm'), states, epsilon)
  const globalRaw = reshape(slice(normed, 1, 0, 1), [b, width])
  const regionsRaw = slice(normed, 1, 1, count + 1) //                                        [B, P, W]
  const projected = (x: Tensor): Tensor =>
    linear(project, x, joint, { bias: false, init: { kind: 'normal', sd: width ** -0.5 } })
  return { globalRaw, regionsRaw, global: projected(globalRaw), regions: projected(regionsRaw), grid: [side, side] }
}
