/** @file Residual blocks over one, two or three spatial axes, and squeeze-and-excitation. */

import { add, type Initializer, mean, mul, relu, type Shape, sigmoid, type Tensor } from '../engine/index.ts'
import { conv } from './conv.ts'
import { dropPath } from './dropout.ts'
import { kaimingNormal } from './initializers.ts'
import { batchNorm } from './norm.ts'
import type { Scope } from './scope.ts'

export interface ResidualOptions {
  /** Channels of the inner convolutions. */
  width: number
  stride?: number
  dilation?: number
  groups?: number
  /** First gain of the last norm: with 0 a fresh block is its shortcut (Goyal et al. 2017). */
  lastGain?: number
  /** Probability that the branch is skipped for an item of the batch while training. */
  dropPath?: number
}

/** He-normal by fan-out, as torchvision's residual nets. */
const init = (shape: Shape): Initializer => kaimingNormal(shape, { mode: 'fanOut' })

/** Bias-free convolution that keeps the size but for its stride. */
function plain(
  scope: Scope,
  x: Tensor,
  outputs: number,
  kernel: number,
  { stride = 1, dilation = 1, groups = 1 } = {},
) {
  const padding = ((kernel - 1) / 2) * dilation
  return conv(scope, x, outputs, { kernel, stride, padding, dilation, groups, bias: false, init })
}

/**
 * Basic block of x [B, C, ...spatial] (He et al. 2016): two 3-convolutions, the first with the stride; [B, width, ...].
 * Names as torchvision's: `conv1`, `bn1`, `conv2`, `bn2`, `downsample.0`, `downsample.1`.
 */
export function basicBlock(scope: Scope, x: Tensor, options: ResidualOptions): Tensor {
  const { width, stride, dilation, groups } = options
  const y = relu(batchNorm(scope.in('bn1'), plain(scope.in('conv1'), x, width, 3, { stride, dilation, groups })))
  const z = plain(scope.in('conv2'), y, width, 3, { dilation, groups })
  return joined(scope, x, batchNorm(scope.in('bn2'), z, { gain: options.lastGain }), options)
}

/**
 * Bottleneck of x [B, C, ...spatial]: 1-convolution down, 3-convolution with stride and groups (ResNet 1.5, ResNeXt),
 * 1-convolution up; [B, outputs, ...], outputs = 4 width unless told. Names as torchvision's, with `conv3` and `bn3`.
 */
export function bottleneckBlock(scope: Scope, x: Tensor, options: ResidualOptions & { outputs?: number }): Tensor {
  const { width, stride, dilation, groups, outputs = 4 * width } = options
  const y = relu(batchNorm(scope.in('bn1'), plain(scope.in('conv1'), x, width, 1)))
  const z = relu(batchNorm(scope.in('bn2'), plain(scope.in('conv2'), y, width, 3, { stride, dilation, groups })))
  const last = plain(scope.in('conv3'), z, outputs, 1)
  return joined(scope, x, batchNorm(scope.in('bn3'), last, { gain: options.lastGain }), options)
}

/** relu(branch + shortcut); the shortcut is a 1-convolution with a norm where size or channels change. */
function joined(scope: Scope, x: Tensor, branch: Tensor, { stride = 1, dropPath: skip = 0 }: ResidualOptions): Tensor {
  const outputs = branch.shape[1] as number
  const down = scope.in('downsample')
  const shortcut =
    stride === 1 && x.shape[1] === outputs ? x : batchNorm(down.in(1), plain(down.in(0), x, outputs, 1, { stride }))
  return relu(add(dropPath(scope, branch, skip), shortcut))
}

/**
 * Pre-activation block (He et al. 2016, Identity Mappings): norm and ReLU stand before each convolution, and nothing
 * after the sum. `bottleneck` gives 1-3-1 convolutions to `outputs` (4 width unless told), otherwise 3-3 to `width`.
 * Names as timm's: `norm1`, `conv1`, `norm2`, `conv2` (`norm3`, `conv3`), `downsample.conv`.
 */
export function preActivationBlock(
  scope: Scope,
  x: Tensor,
  options: Omit<ResidualOptions, 'lastGain'> & { bottleneck?: boolean; outputs?: number },
): Tensor {
  const { width, stride = 1, dilation, groups, bottleneck = false } = options
  const outputs = bottleneck ? (options.outputs ?? 4 * width) : width
  const active = (i: number, y: Tensor): Tensor => relu(batchNorm(scope.in(`norm${i}`), y))
  const first = active(1, x)
  const changes = stride !== 1 || x.shape[1] !== outputs
  const shortcut = changes ? plain(scope.in('downsample', 'conv'), first, outputs, 1, { stride }) : x
  const wide = { stride, dilation, groups }
  let y = plain(scope.in('conv1'), first, width, bottleneck ? 1 : 3, bottleneck ? {} : wide)
  y = plain(scope.in('conv2'), active(2, y), width, 3, bottleneck ? wide : { dilation, groups })
  if (bottleneck) y = plain(scope.in('conv3'), active(3, y), outputs, 1)
  return add(dropPath(scope, y, options.dropPath ?? 0), shortcut)
}

/**
 * Squeeze-and-excitation (Hu et al. 2018): channels of x [B, C, ...spatial] weighted by a gate in 0..1 from their means.
 * Parameters as torchvision's: `fc1.*` [squeezed, C, 1, ...], `fc2.*` [C, squeezed, 1, ...].
 */
export function squeezeExcitation(scope: Scope, x: Tensor, squeezed: number): Tensor {
  const spatial = x.shape.slice(2).map((_, i) => i + 2)
  const hidden = relu(conv(scope.in('fc1'), mean(x, spatial, true), squeezed, { kernel: 1 }))
  return mul(x, sigmoid(conv(scope.in('fc2'), hidden, x.shape[1] as number, { kernel: 1 })))
}
