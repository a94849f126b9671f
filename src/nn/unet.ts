/**
 * @file U-Net (Ronneberger et al. 2015) over two or three spatial axes, and its parts. Parameter names of the widely used
 * PyTorch implementation (milesial): `inc`, `down1..`, `up1..`, `outc`.
 */

import {
  concat,
  interpolate,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  pad,
  relu,
  shapeError,
  type Tensor,
} from '../engine/index.ts'
import { conv, convTranspose } from './conv.ts'
import type { Activation } from './mlp.ts'
import { batchNorm, groupNorm, instanceNorm } from './norm.ts'
import type { Scope } from './scope.ts'

export interface UnetPartOptions {
  /** Norm after each convolution; a number is the groups of a group norm. Batches of one or two: not `batch`. */
  norm?: 'batch' | 'instance' | number
  activation?: Activation
  /** `transposed`: 2-convolution of stride 2 that halves the channels; `interpolated`: linear, channels kept. */
  up?: 'transposed' | 'interpolated'
}

/** Two 3-convolutions, each with norm and activation: x [B, C, ...] -> [B, outputs, ...]. Under `double_conv`. */
export function doubleConv(
  scope: Scope,
  x: Tensor,
  outputs: number,
  { norm = 'batch', activation = relu }: UnetPartOptions = {},
): Tensor {
  const normed = (at: Scope, y: Tensor): Tensor => {
    if (norm === 'batch') return batchNorm(at, y)
    return norm === 'instance' ? instanceNorm(at, y, { affine: true }) : groupNorm(at, y, norm)
  }
  return [0, 3].reduce((y, i) => {
    const made = conv(scope.in('double_conv', i), y, outputs, { kernel: 3, padding: 1, bias: false })
    return activation(normed(scope.in('double_conv', i + 1), made))
  }, x)
}

/** Half the size by max pooling, then a double convolution, under `maxpool_conv.1`. */
export function unetDown(scope: Scope, x: Tensor, outputs: number, options: UnetPartOptions = {}): Tensor {
  if (x.shape.slice(2).some((n) => n < 2)) shapeError('unetDown', 'the map is too small to be halved once more', x)
  const pool = [maxPool1d, maxPool2d, maxPool3d][x.shape.length - 3]!
  return doubleConv(scope.in('maxpool_conv', 1), pool(x, { kernel: 2, strides: 2 }), outputs, options)
}

/**
 * x [B, C, ...] at twice its size, joined behind `skip` [B, S, ...] (padded with zeros where the skip is odd), then a
 * double convolution: [B, outputs, ...]. Parameters: `up.*` for a transposed convolution, `conv.double_conv.*`.
 */
export function unetUp(scope: Scope, x: Tensor, skip: Tensor, outputs: number, options: UnetPartOptions = {}): Tensor {
  const { up = 'transposed' } = options
  const twice = x.shape.slice(2).map((n) => 2 * n)
  const wide =
    up === 'transposed'
      ? convTranspose(scope.in('up'), x, x.shape[1]! / 2, { kernel: 2, stride: 2 })
      : interpolate(x, twice, { mode: 'linear' })
  const missing = skip.shape.map((n, i) => (i < 2 ? 0 : n - wide.shape[i]!))
  if (missing.some((n) => n < 0)) shapeError('unetUp', 'the skip is smaller than the map at twice its size', skip, x)
  const before = missing.map((n) => Math.floor(n / 2))
  const fitted = pad(wide, before, missing.map((n, i) => n - before[i]!)) // biome-ignore format: one call
  return doubleConv(scope.in('conv'), concat([skip, fitted], 1), outputs, options)
}

export interface UnetOptions extends UnetPartOptions {
  /** Channels of the result: classes. */
  outputs: number
  /** Channels of the first level; doubled at each level below. */
  base?: number
  /** Times that the size is halved. */
  depth?: number
}

/**
 * x [B, C, ...spatial] -> `logits` [B, outputs, ...spatial] of the same size, and the maps of all levels, finest first
 * (`levels[0]` [B, base, ...spatial]), on the way up.
 */
export function unet(scope: Scope, x: Tensor, options: UnetOptions): { logits: Tensor; levels: readonly Tensor[] } {
  const { outputs, base = 64, depth = 4 } = options
  const skips = [doubleConv(scope.in('inc'), x, base, options)]
  for (let i = 1; i <= depth; i++) {
    skips.push(unetDown(scope.in(`down${i}`), skips[i - 1]!, base * 2 ** i, options))
  }
  let y = skips[depth]!
  const levels = [y]
  for (let i = 1; i <= depth; i++) {
    const level = depth - i
    y = unetUp(scope.in(`up${i}`), y, skips[level]!, base * 2 ** level, options)
    levels.unshift(y)
  }
  return { logits: conv(scope.in('outc', 'conv'), y, outputs, { kernel: 1 }), levels }
}
