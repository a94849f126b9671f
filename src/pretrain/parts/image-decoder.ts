/** @file A picture drawn again from a grid of features by doubling it (PRIOR's image decoder; Cheng et al. 2023). */

import { interpolate, relu, reshape, type Tensor, transpose } from '../../engine/index.ts'
import { batchNorm, conv, type Scope } from '../../nn/index.ts'

/** How often a grid of this side must be doubled to the picture's; undefined if it does not come out even. */
export function doublings(side: number, size: number): number | undefined {
  const times = Math.log2(size / side)
  return Number.isInteger(times) ? times : undefined
}

/**
 * Features [B, P, C] on `grid` as a picture [B, channels, size, size]: blocks of nearest doubling and two 3x3 convolutions
 * with batch normalisation and ReLU, channels halved each time, then a convolution. Parameters: `blocks.i.*`, `head.*`.
 */
export function drawPicture(
  scope: Scope,
  features: Tensor,
  { grid, size, channels }: { grid: readonly [number, number]; size: number; channels: number },
): Tensor {
  const [b, , c] = features.shape as [number, number, number]
  let x = transpose(reshape(features, [b, ...grid, c]), [0, 3, 1, 2]) //                       [B, C, h, w]
  const times = doublings(grid[0], size) ?? 0
  for (let i = 0; i < times; i++) {
    const block = scope.in('blocks', i)
    const width = Math.max(4, Math.floor((x.shape[1] as number) / 2))
    x = interpolate(x, { scale: 2 })
    for (const name of ['1', '2']) {
      const turned = conv(block.in(`conv${name}`), x, width, { kernel: 3, padding: 1, bias: false })
      x = relu(batchNorm(block.in(`bn${name}`), turned))
    }
  }
  return conv(scope.in('head'), x, channels, { kernel: 3, padding: 1 })
}
