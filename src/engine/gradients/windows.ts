/** @file Derivatives of convolution and pooling. */

import * as op from '../ops.ts'
import type { Windows } from '../primitives.ts'
import { node, type Tensor } from '../tensor.ts'
import type { Rules } from './site.ts'

const { reshape } = op

export const windows: Rules<keyof Windows> = {
  conv2d: ({ x: [x, w], g, attributes: { strides, pads } }) => [
    node('conv2dInputGradient', [g, w!], { strides, pads, input: x!.shape }, x!.shape),
    node('conv2dWeightGradient', [x!, g], { strides, pads, weight: w!.shape }, w!.shape),
  ],
  // The three convolution primitives are one trilinear form <g, conv(x, w)>: each is linear in both of its inputs.
  conv2dInputGradient: ({ x: [g0, w], g, attributes: { strides, pads } }) => [
    op.conv2d(g, w!, { strides, pads }),
    node('conv2dWeightGradient', [g, g0!], { strides, pads, weight: w!.shape }, w!.shape),
  ],
  conv2dWeightGradient: ({ x: [x, g0], g, attributes: { strides, pads } }) => [
    node('conv2dInputGradient', [g0!, g], { strides, pads, input: x!.shape }, x!.shape),
    op.conv2d(x!, g, { strides, pads }),
  ],
  maxPool2d({ x: [x], y: [, positions], gs: [g] }) {
    if (g === undefined) return [null]
    const flat = (t: Tensor): Tensor => reshape(t, [-1])
    const size = x!.shape.reduce((product, n) => product * n, 1)
    return [reshape(op.scatterAdd(flat(g), flat(positions!), size), x!.shape)]
  },
}
