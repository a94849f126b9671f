/**
 * @file Residual net (He et al. 2016) with torchvision's parameter names, basic or bottleneck blocks, and a bias-free
 * projection of the pooled (and of each cell's) features to the joint space.
 */

import { add, concat, max, maxPool2d, mean, relu, reshape, type Tensor, transpose } from '../engine/index.ts'
import { batchNorm, conv2d, linear, type Scope } from '../nn/index.ts'
import type { ResnetConfig } from './config.ts'
import type { ImageFeatures } from './features.ts'

/** Two 3x3 convolutions. The last gain starts at 0, so a fresh block is the identity. */
function basic(scope: Scope, x: Tensor, width: number, stride: number): Tensor {
  const y = relu(batchNorm(scope.in('bn1'), conv2d(scope.in('conv1'), x, width, { kernel: 3, stride, padding: 1 })))
  return batchNorm(scope.in('bn2'), conv2d(scope.in('conv2'), y, width, { kernel: 3, padding: 1 }), { gain: 0 })
}

/** 1x1 down, 3x3 (which carries the stride), 1x1 up by four. */
function bottleneck(scope: Scope, x: Tensor, width: number, stride: number): Tensor {
  const y = relu(batchNorm(scope.in('bn1'), conv2d(scope.in('conv1'), x, width, { kernel: 1 })))
  const z = relu(batchNorm(scope.in('bn2'), conv2d(scope.in('conv2'), y, width, { kernel: 3, stride, padding: 1 })))
  return batchNorm(scope.in('bn3'), conv2d(scope.in('conv3'), z, width * 4, { kernel: 1 }), { gain: 0 })
}

/** pixels float32 [B, C, size, size] -> features; `project` is the scope of the projection to the joint space. */
export function resnet(
  scope: Scope,
  project: Scope,
  pixels: Tensor,
  config: ResnetConfig,
  joint: number,
): ImageFeatures {
  const { stem, widths, layers, block } = config
  const expansion = block === 'bottleneck' ? 4 : 1
  const first = conv2d(scope.in('conv1'), pixels, widths[0] as number, {
    kernel: stem.kernel,
    stride: stem.stride,
    padding: Math.floor((stem.kernel - 1) / 2),
  })
  let x = relu(batchNorm(scope.in('bn1'), first))
  if (stem.pool) x = maxPool2d(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1] })

  layers.forEach((blocks, stage) => {
    const width = widths[stage] as number
    for (let i = 0; i < blocks; i++) {
      const inner = scope.in(`layer${stage + 1}`, i)
      const stride = stage > 0 && i === 0 ? 2 : 1
      const branch = (block === 'basic' ? basic : bottleneck)(inner, x, width, stride)
      const reshaped = stride !== 1 || x.shape[1] !== width * expansion
      const shortcut = reshaped
        ? batchNorm(
            inner.in('downsample', 1),
            conv2d(inner.in('downsample', 0), x, width * expansion, { kernel: 1, stride }),
          )
        : x
      x = relu(add(branch, shortcut)) //                                                      [B, C, h, w]
    }
  })

  const [b, c, h, w] = x.shape as [number, number, number, number]
  const cells = reshape(transpose(x, [0, 2, 3, 1]), [b, h * w, c]) //                         [B, P, C]
  const average = mean(x, [2, 3]) //                                                          [B, C]
  // With mean and maximum joined, a region of one cell is its own mean and its own maximum.
  const both = config.readOut === 'mean-max'
  const globalRaw = both ? concat([average, max(x, [2, 3])], 1) : average //                  [B, C or 2 C]
  const regionsRaw = both ? concat([cells, cells], 2) : cells
  const sd = (both ? 2 * c : c) ** -0.5
  const projected = (t: Tensor): Tensor => linear(project, t, joint, { bias: false, init: { kind: 'normal', sd } })
  return { globalRaw, regionsRaw, global: projected(globalRaw), regions: projected(regionsRaw), grid: [h, w] }
}
