/** @file Cases of convolution primitives: their three forms over the same geometries. */

import * as op from '../../src/engine/ops.ts'
import type { ConvWindow, Windows } from '../../src/engine/primitives.ts'
import { node, type Shape } from '../../src/engine/tensor.ts'
import { normal } from '../operands.ts'
import type { Case, Cases } from './case.ts'

interface Geometry {
  /** Lengths of the spatial axes and of the kernel. */
  n: readonly number[]
  k: readonly number[]
  strides?: readonly number[]
  pads?: readonly (number | readonly [number, number])[]
  dilations?: readonly number[]
  /** [batch, channels, output channels, groups]. */
  channels?: readonly [number, number, number, number]
}

/** Remainders, strides beyond the kernel and padding beyond it; groups, dilation, one and three axes, an empty batch. */
const geometries: readonly Geometry[] = [
  { n: [5, 6], k: [3, 3], pads: [1, 1] },
  { n: [5, 6], k: [3, 3], strides: [2, 2], pads: [1, 1] },
  { n: [6, 6], k: [3, 3], strides: [2, 2] },
  { n: [6, 5], k: [1, 1] },
  { n: [6, 5], k: [1, 1], strides: [2, 2] },
  { n: [7, 8], k: [2, 2], strides: [3, 3] },
  { n: [6, 6], k: [3, 3], strides: [3, 3] },
  { n: [4, 4], k: [3, 3], pads: [2, 2] },
  { n: [4, 4], k: [1, 1], pads: [1, 1] },
  { n: [5, 9], k: [1, 3], strides: [1, 2], pads: [0, 1] },
  { n: [9, 7], k: [5, 4], strides: [4, 2], pads: [2, 1] },
  { n: [4, 5], k: [3, 2], pads: [[2, 0], [0, 1]] },
  { n: [5, 5], k: [2, 3], strides: [2, 2], pads: [[0, 1], [1, 2]] },
  { n: [4, 3], k: [3, 2], pads: [[0, 3], [1, 0]] },
  { n: [7, 6], k: [3, 2], dilations: [2, 3], pads: [2, 1] },
  { n: [8, 7], k: [3, 2], dilations: [2, 1], strides: [3, 2], pads: [1, 0] },
  { n: [4, 4], k: [3, 3], pads: [1, 1], channels: [2, 4, 6, 2] },
  { n: [5, 4], k: [3, 3], strides: [2, 2], pads: [1, 1], channels: [2, 3, 3, 3] },
  { n: [5, 4], k: [2, 2], dilations: [2, 2], channels: [1, 3, 6, 3] },
  { n: [7], k: [3], pads: [1] },
  { n: [8], k: [2], strides: [3], pads: [[1, 0]], dilations: [2], channels: [2, 4, 2, 2] },
  { n: [3, 4, 3], k: [2, 2, 3], pads: [0, 1, 1], channels: [1, 2, 2, 1] },
  { n: [4, 3, 4], k: [2, 1, 3], strides: [2, 1, 1], dilations: [2, 1, 1], pads: [[1, 0], 0, 1], channels: [2, 2, 2, 2] },
  { n: [3, 3], k: [2, 2], channels: [0, 2, 2, 1] },
] // biome-ignore format: one geometry a line

function convolutions(f: (shapes: { x: Shape; w: Shape; y: Shape; window: ConvWindow }) => Omit<Case, 'what'>): Case[] {
  return geometries.map((geometry) => {
    const { n, k, channels = [2, 3, 4, 1], ...options } = geometry
    const [b, c, o, groups] = channels
    const x = op.input('x', [b, c, ...n])
    const window = { ...op.windowOf('conv', x, n.length, options), groups }
    const shapes = { x: x.shape, w: [o, c / groups, ...k], y: [b, o, ...op.windowLengths('conv', x, k, window)] }
    return { what: JSON.stringify(geometry).replaceAll('"', ''), ...f({ ...shapes, window }) }
  })
}

export const windowsCases: Cases<keyof Windows> = {
  conv: convolutions(({ x, w, window }) => ({
    operands: [normal(...x), normal(...w)],
    trace: (a, b) => [op.conv1d, op.conv2d, op.conv3d][x.length - 3]!(a, b, window),
  })),
  convInputGradient: convolutions(({ x, w, y, window }) => ({
    operands: [normal(...y), normal(...w)],
    trace: (g, b) => node('convInputGradient', [g, b], window, x),
  })),
  convWeightGradient: convolutions(({ x, w, y, window }) => ({
    operands: [normal(...x), normal(...y)],
    trace: (a, g) => node('convWeightGradient', [a, g], window, w),
  })),
}
