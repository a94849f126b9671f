/** @file What towers return: named intermediates, never a bare tensor (DESIGN section 4). */

import type { Tensor } from '../engine/index.ts'
import type { Kept } from '../nn/index.ts'

/** Features of a batch of images, in the joint space, not normalised; `Raw` before the projection. */
export interface ImageFeatures {
  /** [B, D] */
  global: Tensor
  /** [B, P, D], row-major over the grid, no class token; [B, K, D] where patches were left out. */
  regions: Tensor
  globalRaw: Tensor
  regionsRaw: Tensor
  /** Rows and columns of the grid, P = rows x columns. */
  grid: readonly [number, number]
  /** Where patches were left out: which are left, in the order of the regions, and how to put them back. */
  kept?: Kept | undefined
}

/** Features of a batch of texts, in the joint space, not normalised; `Raw` before the projection. */
export interface TextFeatures {
  /** [B, D] */
  global: Tensor
  /** [B, T, D], sub-words. */
  tokens: Tensor
  globalRaw: Tensor
  tokensRaw: Tensor
  /** int32 [B, T], 1 = real token. */
  tokenMask: Tensor
}
