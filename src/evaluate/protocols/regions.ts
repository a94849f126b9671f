/** @file The grid of an image tower's regions. */

import type { ModelConfig } from '../../models/config.ts'

/** Rows and columns of P regions: pictures are square here, and so are the grids of their towers. */
export function gridOf({ image }: Pick<ModelConfig, 'image'>, regions: number): [number, number] {
  const side = image.kind === 'vit' ? image.size / image.patch : Math.round(Math.sqrt(regions))
  return [side, regions / side]
}
