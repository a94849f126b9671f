/** @file Derivatives of pooling. */

import * as op from '../ops.ts'
import type { Pooling } from '../primitives.ts'
import { node, sizeOf, type Tensor } from '../tensor.ts'
import type { Rules } from './site.ts'

const { reshape } = op

export const pooling: Rules<keyof Pooling> = {
  maxPool({ x: [x], y: [, positions], gs: [g] }) {
    if (g === undefined) return [null]
    const flat = (t: Tensor): Tensor => reshape(t, [-1])
    return [reshape(op.scatterAdd(flat(g), flat(positions!), sizeOf(x!.shape)), x!.shape)]
  },
  averagePool: ({ x: [x], g, attributes }) => [node('averagePoolInputGradient', [g], attributes, x!.shape)],
  averagePoolInputGradient: ({ x: [x], g, attributes }) => [node('averagePool', [g], attributes, x!.shape)],
}
