/**
 * @file Residual net (He et al. 2016) with torchvision's parameter names, basic or bottleneck blocks, and a bias-free
 * projection of the pooled (and of each cell's) features to the joint space.
 */

import { concat, max, maxPool2d, mean, relu, reshape, type Tensor, transpose } from '../engine/index.ts'
import { basicBlock, batchNorm, bottleneckBlock, conv, kaimingNormal, type Scope } from '../nn/index.ts'
import type { ResnetConfig } from './config.ts'
import type { ImageFeatures } from './features.ts'
import type { Project } from './projection.ts'

/** pixels float32 [B, C, size, size] -> features; `project` takes features to the joint space. */
export function resnet(scope: Scope, project: Project, pixels: Tensor, config: ResnetConfig): ImageFeatures {
  const { stem, widths, layers, block } = config
  const first = conv(scope.in('conv1'), pixels, widths[0] as number, {
    kernel: stem.kernel,
    stride: stem.stride,
    padding: Math.floor((stem.kernel - 1) / 2),
    bias: false,
    init: (shape) => kaimingNormal(shape, { mode: 'fanOut' }),
  })
  let x = relu(batchNorm(scope.in('bn1'), first))
  if (stem.pool) x = maxPool2d(x, { kernel: 3, strides: 2, pads: 1 })

  const stages: Tensor[] = []
  const next = block === 'basic' ? basicBlock : bottleneckBlock
  layers.forEach((blocks, stage) => {
    for (let i = 0; i < blocks; i++) {
      // The last gain of a block starts at 0, so a fresh block is its shortcut.
      const options = { width: widths[stage] as number, stride: stage > 0 && i === 0 ? 2 : 1, lastGain: 0 }
      const inner = scope.in(`layer${stage + 1}`, i)
      x = inner.layer((y) => next(inner, y, options), x) //                                   [B, C, h, w]
    }
    stages.push(x)
  })

  const [b, c, h, w] = x.shape as [number, number, number, number]
  const cells = reshape(transpose(x, [0, 2, 3, 1]), [b, h * w, c]) //                         [B, P, C]
  const average = mean(x, [2, 3]) //                                                          [B, C]
  // With mean and maximum joined, a region of one cell is its own mean and its own maximum.
  const both = config.readOut === 'mean-max'
  const globalRaw = both ? concat([average, max(x, [2, 3])], 1) : average //                  [B, C or 2 C]
  const regionsRaw = both ? concat([cells, cells], 2) : cells
  const sd = (both ? 2 * c : c) ** -0.5
  const projected = (t: Tensor): Tensor => project(t, { kind: 'normal', sd })
  return { globalRaw, regionsRaw, global: projected(globalRaw), regions: projected(regionsRaw), grid: [h, w], stages }
}
