/** @file Cases of windows primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Windows } from '../../src/engine/primitives.ts'
import { node, nodes, type Shape, type Tensor, type Window2d } from '../../src/engine/tensor.ts'
import { given, normal } from '../operands.ts'
import type { Case, Cases } from './case.ts'

/** [height, width, kernel, strides, pads], with remainders, strides beyond the kernel and padding beyond it. */
type Geometry = readonly [
  number,
  number,
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
]
const geometries: readonly Geometry[] = [
  [5, 6, [3, 3], [1, 1], [1, 1]],
  [5, 6, [3, 3], [2, 2], [1, 1]],
  [6, 6, [3, 3], [2, 2], [0, 0]],
  [6, 5, [1, 1], [1, 1], [0, 0]],
  [6, 5, [1, 1], [2, 2], [0, 0]],
  [7, 8, [2, 2], [3, 3], [0, 0]],
  [6, 6, [3, 3], [3, 3], [0, 0]],
  [4, 4, [3, 3], [1, 1], [2, 2]],
  [4, 4, [1, 1], [1, 1], [1, 1]],
  [5, 9, [1, 3], [1, 2], [0, 1]],
  [9, 7, [5, 4], [4, 2], [2, 1]],
] // biome-ignore format: one geometry a line

function convolutions(f: (shapes: { x: Shape; w: Shape; y: Shape; window: Window2d }) => Omit<Case, 'what'>): Case[] {
  return geometries.map(([h, w, kernel, strides, pads]) => {
    const side = (length: number, i: 0 | 1): number => op.windowLength(length, kernel[i], strides[i], pads[i])
    const shapes = { x: [2, 3, h, w], w: [4, 3, ...kernel], y: [2, 4, side(h, 0), side(w, 1)] }
    return {
      what: `${h}x${w}, kernel ${kernel}, strides ${strides}, pads ${pads}`,
      ...f({ ...shapes, window: { strides, pads } }),
    }
  })
}

export const windowsCases: Cases<keyof Windows> = {
  conv2d: convolutions(({ x, w, window }) => ({
    operands: [normal(...x), normal(...w)],
    trace: (a, b) => op.conv2d(a, b, window),
  })),
  conv2dInputGradient: convolutions(({ x, w, y, window }) => ({
    operands: [normal(...y), normal(...w)],
    trace: (g, b) => node('conv2dInputGradient', [g, b], { ...window, input: x }, x),
  })),
  conv2dWeightGradient: convolutions(({ x, w, y, window }) => ({
    operands: [normal(...x), normal(...y)],
    trace: (a, g) => node('conv2dWeightGradient', [a, g], { ...window, weight: w }, w),
  })),
  maxPool2d: [
    ...(
      [
        [7, 7, [3, 3], [2, 2], [1, 1]],
        [4, 6, [2, 2], [2, 2], [0, 0]],
        [8, 5, [3, 2], [2, 3], [0, 1]],
      ] as Geometry[]
    ).map(([h, w, kernel, strides, pads]) => ({
      what: `${h}x${w}, kernel ${kernel}, strides ${strides}, pads ${pads}`,
      operands: [normal(2, 3, h, w)],
      trace: (x: Tensor) => op.maxPool2d(x, { kernel, strides, pads }),
    })),
    {
      what: 'the first of a tie',
      operands: [given([1, 1, 2, 4], [5, 5, 1, 2, 5, 0, 3, 3])],
      trace: (x) => op.maxPool2d(x, { kernel: [2, 2], strides: [2, 2], pads: [0, 0] }),
      derivative: [[1, 0, 0, 0, 0, 0, 1, 0]],
    },
    {
      what: 'positions and values, all below zero',
      operands: [given([1, 2, 2, 2], [-5, -6, -1, -2, -9, -8, -7, -6])],
      trace: (x) =>
        nodes('maxPool2d', [x], { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }, [
          { shape: [1, 2, 1, 1], dtype: 'float32' },
          { shape: [1, 2, 1, 1], dtype: 'int32' },
        ]),
    },
  ],
}
