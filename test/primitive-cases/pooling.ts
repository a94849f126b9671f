/** @file Cases of pooling primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Pooling } from '../../src/engine/primitives.ts'
import { node, nodes, type PoolWindow, type Tensor } from '../../src/engine/tensor.ts'
import { given, normal } from '../operands.ts'
import type { Cases } from './case.ts'

const maxPools = [op.maxPool1d, op.maxPool2d, op.maxPool3d]
const averagePools = [op.averagePool1d, op.averagePool2d, op.averagePool3d]

/** Lengths and windows that averages are tried with: side by side, overlapping, with gaps, padded, to the ceiling. */
const averages: readonly [readonly number[], op.AveragePoolOptions][] = [
  [[4, 6], { kernel: 2 }],
  [[5, 7], { kernel: 2 }],
  [[5, 6], { kernel: [2, 3], pads: [1, [2, 0]] }],
  [[5, 6], { kernel: 3, strides: 1, pads: 1 }],
  [[5, 6], { kernel: 3, strides: 1, pads: 1, countPadding: false }],
  [[6, 8], { kernel: 3, strides: 2, pads: 1, ceil: true }],
  [[8, 7], { kernel: 2, strides: 3, ceil: true, countPadding: false }],
  [[9], { kernel: 4, strides: 2, pads: 1 }],
  [[4, 5, 6], { kernel: 2 }],
  [[4, 3, 5], { kernel: [3, 2, 3], strides: [2, 1, 1], pads: [1, 0, 1] }],
] // biome-ignore format: one window a line

const named = (spatial: readonly number[], options: object): string =>
  `${spatial}, ${JSON.stringify(options).replaceAll('"', '')}`

export const poolingCases: Cases<keyof Pooling> = {
  maxPool: [
    ...(
      [
        [[7, 7], { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }],
        [[4, 6], { kernel: 2 }],
        [[8, 5], { kernel: [3, 2], strides: [2, 3], pads: [0, 1] }],
        [
          [6, 7],
          {
            kernel: 2,
            strides: 2,
            pads: [
              [1, 0],
              [0, 1],
            ],
          },
        ],
        [[6, 8], { kernel: 3, strides: 2, ceil: true }],
        [[7, 5], { kernel: 2, strides: 3, pads: 1, ceil: true }],
        [[7, 7], { kernel: 2, strides: 1, dilations: [2, 3] }],
        [[9], { kernel: 4, strides: 2, pads: 1 }],
        [[4, 5, 4], { kernel: 2, strides: [2, 1, 2], ceil: true }],
      ] as [number[], op.PoolOptions][]
    ).map(([spatial, options]) => ({
      what: named(spatial, options),
      operands: [normal(2, 3, ...spatial)],
      trace: (x: Tensor) => maxPools[spatial.length - 1]!(x, options),
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
        nodes('maxPool', [x], { kernel: [3, 3], ...op.windowOf('maxPool', x, 2, { strides: 2, pads: 1 }) }, [
          { shape: [1, 2, 1, 1], dtype: 'float32' },
          { shape: [1, 2, 1, 1], dtype: 'int32' },
        ]),
    },
  ],
  averagePool: [
    ...averages.map(([spatial, options]) => ({
      what: named(spatial, options),
      operands: [normal(2, 3, ...spatial)],
      trace: (x: Tensor) => averagePools[spatial.length - 1]!(x, options),
    })),
    { what: 'no sample', operands: [normal(0, 3, 4, 4)], trace: (x) => op.averagePool2d(x, { kernel: 2 }) },
  ],
  averagePoolInputGradient: averages.map(([spatial, options]) => {
    const x = op.input('x', [2, 3, ...spatial])
    const y = averagePools[spatial.length - 1]!(x, { ...options, countPadding: true, ceil: false })
    return {
      what: named(spatial, options),
      operands: [normal(...y.shape)],
      trace: (g: Tensor) => node('averagePoolInputGradient', [g], y.node.attributes as PoolWindow, x.shape),
    }
  }),
}
