/** @file Regions of an image for local terms: cells of the third stage of a residual net, or patches (Huang et al. 2021). */

import { reshape, type Tensor, transpose } from '../../engine/index.ts'
import type { ImageFeatures } from '../../models/features.ts'

/** Cells [B, P, C] before any projection, and their grid; a vision transformer has no stages: its patches serve. */
export function stageRegions({ stages, regionsRaw, grid }: ImageFeatures): {
  cells: Tensor
  grid: readonly [number, number]
} {
  if (stages === undefined) return { cells: regionsRaw, grid }
  const third = stages[2] as Tensor //                                                         [B, C, h, w]
  const [b, c, h, w] = third.shape as [number, number, number, number]
  return { cells: reshape(transpose(third, [0, 2, 3, 1]), [b, h * w, c]), grid: [h, w] }
}
