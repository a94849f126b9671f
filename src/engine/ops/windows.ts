/**
 * @file Convolution over one, two or three spatial axes, and the geometry that it shares with pooling.
 * Each operation checks shapes and dtypes where it is called.
 */

import { type ConvWindow, node, shapeError, type Tensor, type Window } from '../tensor.ts'
import { floats } from './check.ts'

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[]

/** Padding: one number for all sides, or one for each axis, or `[before, after]` for an axis. */
export type Padding = number | readonly (number | readonly [number, number])[]

/** How a window slides, as in PyTorch: stride and dilation 1 and no padding unless said. */
export interface WindowOptions {
  strides?: PerAxis
  pads?: Padding
  dilations?: PerAxis
}

export interface ConvOptions extends WindowOptions {
  groups?: number
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Elements added after each axis of the result, fewer than the stride: says which of the possible lengths is meant. */
  outputPadding?: PerAxis
}

/** Output length of a window along one axis; `padding` counts both ends. */
export function windowLength(length: number, kernel: number, stride: number, padding: number, dilation = 1): number {
  return Math.floor((length + padding - dilation * (kernel - 1) - 1) / stride) + 1
}

/** Output lengths of a window over the spatial axes of x [B, C, ...spatial]; every window must fit at least once. */
export function windowLengths(
  op: string,
  x: Tensor,
  kernel: readonly number[],
  window: Window,
  weight?: Tensor,
): number[] {
  const { strides, pads, dilations } = window
  const operands = weight === undefined ? [x] : [x, weight]
  return kernel.map((k, i) => {
    const length = windowLength(x.shape[i + 2]!, k, strides[i]!, pads[i]![0] + pads[i]![1], dilations[i]!)
    if (length < 1 || k < 1)
      shapeError(
        op,
        `axis ${i + 2} of the result would have ${length} elements under a kernel [${kernel.join(', ')}]`,
        ...operands,
      )
    return length
  })
}

/** One whole number of at least `least` for each of `rank` spatial axes. */
export function perAxis(op: string, what: string, value: PerAxis, rank: number, least: number, x: Tensor): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : [...value]
  if (list.length !== rank) shapeError(op, `needs one ${what} for each of ${rank} spatial axes, not ${list.length}`, x)
  const wrong = list.findIndex((n) => !Number.isInteger(n) || n < least)
  if (wrong >= 0)
    shapeError(
      op,
      `the ${what} of spatial axis ${wrong} must be a whole number of at least ${least}, not ${list[wrong]}`,
      x,
    )
  return list
}

/** The geometry with every axis spelled out. */
export function windowOf(op: string, x: Tensor, rank: number, options: WindowOptions): Window {
  const { strides = 1, pads = 0, dilations = 1 } = options
  const sides = typeof pads === 'number' ? new Array<number>(rank).fill(pads) : pads
  const side = (i: 0 | 1): number[] =>
    perAxis(op, 'padding', sides.map((p) => (typeof p === 'number' ? p : p[i])), rank, 0, x) // biome-ignore format: one call
  const [before, after] = [side(0), side(1)]
  return {
    strides: perAxis(op, 'stride', strides, rank, 1, x),
    pads: before.map((n, i) => [n, after[i]!] as const),
    dilations: perAxis(op, 'dilation', dilations, rank, 1, x),
  }
}

/** Checks ranks, dtypes and groups of a convolution; `axis` is the weight's axis that is cut into groups. */
function convWindow(op: string, x: Tensor, weight: Tensor, rank: number, options: ConvOptions): ConvWindow {
  floats(op, x, weight)
  const axes = ['[B, C, L]', '[B, C, H, W]', '[B, C, D, H, W]'][rank - 1]
  if (x.shape.length !== rank + 2 || weight.shape.length !== rank + 2)
    shapeError(op, `needs ${axes} and a weight of as many axes`, x, weight)
  const { groups = 1 } = options
  if (!Number.isInteger(groups) || groups < 1 || weight.shape[0]! % groups !== 0 || x.shape[1]! % groups !== 0)
    shapeError(op, `${groups} groups do not divide the channels (axis 1) and the weight's axis 0`, x, weight)
  return { ...windowOf(op, x, rank, options), groups }
}

function conv(op: string, rank: number, x: Tensor, weight: Tensor, options: ConvOptions): Tensor {
  const window = convWindow(op, x, weight, rank, options)
  const [b, c] = x.shape as [number, number]
  const [o, c2, ...kernel] = weight.shape as [number, number, ...number[]]
  if (c !== c2 * window.groups)
    shapeError(op, `the channels differ: axis 1 has ${c}, the weight takes ${c2 * window.groups}`, x, weight)
  return node('conv', [x, weight], window, [b, o, ...windowLengths(op, x, kernel, window, weight)])
}

/** The derivative of a convolution with respect to its input, as an operation of its own. */
function convTranspose(op: string, rank: number, x: Tensor, weight: Tensor, options: ConvTransposeOptions): Tensor {
  const window = convWindow(op, x, weight, rank, options)
  const { strides, pads, dilations, groups } = window
  const [b, c, ...lengths] = x.shape as [number, number, ...number[]]
  const [c2, o, ...kernel] = weight.shape as [number, number, ...number[]]
  if (c !== c2) shapeError(op, `the channels differ: axis 1 has ${c}, the weight takes ${c2}`, x, weight)
  const extra = perAxis(op, 'output padding', options.outputPadding ?? 0, rank, 0, x)
  const spatial = lengths.map((n, i) => {
    // With more, the convolution that this is the derivative of would have a longer output than x.
    if (extra[i]! >= strides[i]!)
      shapeError(op, `the output padding of axis ${i + 2} must be smaller than the stride ${strides[i]}`, x, weight)
    const length = (n - 1) * strides[i]! - pads[i]![0] - pads[i]![1] + dilations[i]! * (kernel[i]! - 1) + 1 + extra[i]!
    if (n < 1 || length < 1) shapeError(op, `axis ${i + 2} of the result would have ${length} elements`, x, weight)
    return length
  })
  return node('convInputGradient', [x, weight], window, [b, o * groups, ...spatial])
}

/** 1-D convolution (cross-correlation): x [B, C, L], weight [O, C / groups, k] -> [B, O, L']. */
export function conv1d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return conv('conv1d', 1, x, weight, options)
}

/** 2-D convolution (cross-correlation): x [B, C, H, W], weight [O, C / groups, kh, kw] -> [B, O, H', W']. */
export function conv2d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return conv('conv2d', 2, x, weight, options)
}

/** 3-D convolution (cross-correlation): x [B, C, D, H, W], weight [O, C / groups, kd, kh, kw] -> [B, O, D', H', W']. */
export function conv3d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return conv('conv3d', 3, x, weight, options)
}

/** 1-D transposed convolution: x [B, C, L], weight [C, O / groups, k] -> [B, O, L'], as torch.nn.ConvTranspose1d. */
export function convTranspose1d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose('convTranspose1d', 1, x, weight, options)
}

/** 2-D transposed convolution: x [B, C, H, W], weight [C, O / groups, kh, kw] -> [B, O, H', W']. */
export function convTranspose2d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose('convTranspose2d', 2, x, weight, options)
}

/** 3-D transposed convolution: x [B, C, D, H, W], weight [C, O / groups, kd, kh, kw] -> [B, O, D', H', W']. */
export function convTranspose3d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose('convTranspose3d', 3, x, weight, options)
}
