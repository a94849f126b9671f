/** @file Derivatives of convolution. */

import type { Windows } from '../primitives.ts'
import { node } from '../tensor.ts'
import type { Rules } from './site.ts'

// The three primitives are one trilinear form <g, conv(x, w)>: each is linear in both of its inputs, and the derivative
// with respect to one of them is the primitive that leaves it out.
export const windows: Rules<keyof Windows> = {
  conv: ({ x: [x, w], g, attributes }) => [
    node('convInputGradient', [g, w!], attributes, x!.shape),
    node('convWeightGradient', [x!, g], attributes, w!.shape),
  ],
  convInputGradient: ({ x: [g0, w], g, attributes }) => [
    node('conv', [g, w!], attributes, g0!.shape),
    node('convWeightGradient', [g, g0!], attributes, w!.shape),
  ],
  convWeightGradient: ({ x: [x, g0], g, attributes }) => [
    node('convInputGradient', [g0!, g], attributes, x!.shape),
    node('conv', [x!, g], attributes, g0!.shape),
  ],
}
