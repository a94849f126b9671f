/** @file Convolution layers. */

import { conv2d as conv2dOp, type Tensor } from '../engine/index.ts'
import type { Scope } from './scope.ts'

/** Bias-free 2-D convolution of x [B, C, H, W] with `weight` [outputs, C, k, k], He-initialised by fan-out. */
export function conv2d(
  scope: Scope,
  x: Tensor,
  outputs: number,
  { kernel, stride = 1, padding = 0 }: { kernel: number; stride?: number; padding?: number },
): Tensor {
  const inputs = x.shape[1] as number
  const sd = Math.sqrt(2 / (outputs * kernel * kernel))
  const weight = scope.parameter('weight', [outputs, inputs, kernel, kernel], { kind: 'normal', sd })
  return conv2dOp(x, weight, { strides: [stride, stride], pads: [padding, padding] })
}
