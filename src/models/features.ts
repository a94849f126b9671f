/** @file What towers return: named intermediates, never a bare tensor (DESIGN section 4). */

import { add, type Tensor } from '../engine/index.ts'
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
  /** Maps [B, C, h, w] after each stage of a residual net, the finest first. */
  stages?: readonly Tensor[] | undefined
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
  /** [B, W, D] sub-words merged by their sum, W = T; int32 [B, W]. */
  words?: Tensor
  wordMask?: Tensor
  /** [B, S, D] means of a sentence's tokens; int32 [B, S]. Where the objective asked for sentences. */
  sentences?: Tensor
  sentenceMask?: Tensor
}

/** What else a text tower can be asked for. */
export interface TextOptions {
  /** `tokensRaw` is the sum of the states after the last n layers (GLoRIA takes 4); the last one alone if absent. */
  lastLayers?: number
  /** Added to the embedding of every token, broadcasting to [B, T, W]. */
  added?: Tensor
}

/** Sum of the last n states of a tower; of all where it has fewer. */
export function sumOfLast(states: readonly Tensor[], n: number): Tensor {
  return states.slice(-n).reduce((total, state) => add(total, state))
}
