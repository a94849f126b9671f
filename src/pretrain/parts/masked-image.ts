/** @file The image side of masked autoencoding (building block B14 of the method sheets; He et al. 2022). */

import {
  add,
  cast,
  concat,
  constant,
  div,
  gelu,
  greaterEqual,
  mean,
  mul,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  variance,
} from '../../engine/index.ts'
import type { ImageFeatures } from '../../models/features.ts'
import {
  encoder,
  fromPatches,
  type Kept,
  linear,
  restoreTokens,
  type Scope,
  sinCosGridPositions,
  toPatches,
} from '../../nn/index.ts'

export interface PixelDecoderOptions {
  width: number
  layers: number
  heads: number
  /** Values a patch. */
  outputs: number
}

/**
 * Pixels of every patch, [B, P, outputs], from the patches that a vision transformer was shown: mask tokens at the places of
 * the others, waves as positions, a light pre-norm transformer. Parameters: `embed.*`, `mask_token`, `layers.*`, `norm.*`,
 * `head.*`.
 */
export function decodePixels(scope: Scope, image: ImageFeatures, options: PixelDecoderOptions): Tensor {
  const { width, layers, heads, outputs } = options
  const { regionsRaw, globalRaw, grid, kept } = image
  const [b] = regionsRaw.shape as [number]
  const count = grid[0] * grid[1]
  const seen = linear(scope.in('embed'), concat([unsqueeze(globalRaw, 1), regionsRaw], 1), width) // class token and patches
  const shown = seen.shape[1] as number
  const mask = scope.parameter('mask_token', [width], { kind: 'normal', sd: 0.02 })
  const patches = restored(slice(seen, 1, 1, shown), mask, kept)
  const placed = add(patches, sinCosGridPositions(grid, width)) //                             [B, P, width]
  const tokens = concat([slice(seen, 1, 0, 1), placed], 1)
  const block = { layers, heads, hidden: 4 * width, normFirst: true, activation: gelu, finalNorm: true }
  const decoded = encoder(scope, tokens, block)
  return reshape(linear(scope.in('head'), slice(decoded, 1, 1, count + 1), outputs), [b, count, outputs])
}

function restored(patches: Tensor, mask: Tensor, kept: Kept | undefined): Tensor {
  return kept === undefined ? patches : restoreTokens(patches, mask, kept)
}

/** float32 [B, P]: 1 for patches that were left out; all 0 where none was. */
export function hiddenPatches({ kept, grid, regionsRaw }: ImageFeatures): Tensor {
  const [b, shown] = regionsRaw.shape as [number, number]
  if (kept === undefined) return constant(new Float32Array(b * grid[0] * grid[1]), [b, grid[0] * grid[1]])
  return cast(greaterEqual(kept.restore, constant(Int32Array.of(shown), [])), 'float32')
}

/** Squared error of each patch, mean over its values, [B, P]: predicted [B, P, d] against pixels [B, C, H, W] in patches of `side`. */
export function patchErrors(predicted: Tensor, pixels: Tensor, side: number, normalised: boolean): Tensor {
  const patches = toPatches(pixels, [side, side]) //                                           [B, P, d]
  const target = normalised
    ? div(sub(patches, mean(patches, -1, true)), sqrt(add(variance(patches, -1, true, 1), 1e-6)))
    : patches
  return mean(square(sub(predicted, target)), -1)
}

/**
 * What a masked autoencoder shows of pixels [B, C, H, W]: `drawn`, the hidden patches as predicted [B, P, d] and the others as
 * they are, and `seen`, with 0 where a patch was hidden. Patches predicted in units of their own get the mean and the
 * deviation of the true ones, as the pictures of He et al. do.
 */
export function rebuiltPicture(
  predicted: Tensor,
  pixels: Tensor,
  { image, side, normalised }: { image: ImageFeatures; side: number; normalised: boolean },
): { drawn: Tensor; seen: Tensor } {
  const patches = toPatches(pixels, [side, side]) //                                           [B, P, d]
  const own = normalised
    ? add(mul(predicted, sqrt(add(variance(patches, -1, true, 1), 1e-6))), mean(patches, -1, true))
    : predicted
  const hidden = unsqueeze(hiddenPatches(image), 2) //                                         [B, P, 1]
  const seen = mul(patches, sub(1, hidden))
  const picture = (x: Tensor): Tensor => fromPatches(x, image.grid, [side, side])
  return { drawn: picture(add(seen, mul(own, hidden))), seen: picture(seen) }
}

/** Sum over the hidden patches of each study, [B]. */
export const overHidden = (errors: Tensor, hidden: Tensor): Tensor => sum(mul(errors, hidden), 1)
