/** @file Derivatives of activations. */

import * as op from '../ops.ts'
import type { Activations } from '../primitives.ts'
import type { Rules } from './site.ts'

const { add, sub, mul, where } = op

export const activations: Rules<keyof Activations> = {
  positive: () => [null],
  relu: ({ y, g }) => [mul(g, op.positive(y[0]!))],
  gelu({ x: [x], g }) {
    const cumulative = mul(add(op.erf(mul(x!, Math.SQRT1_2)), 1), 0.5)
    const density = mul(op.exp(mul(op.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [mul(g, add(cumulative, mul(x!, density)))]
  },
  quickGelu({ x: [x], y: [y], g }) {
    const s = op.sigmoid(mul(x!, 1.702))
    return [mul(g, add(s, mul(mul(y!, 1.702), sub(1, s))))]
  },
  silu({ x: [x], y: [y], g }) {
    const s = op.sigmoid(x!)
    return [mul(g, add(s, mul(y!, sub(1, s))))]
  },
  softplus: ({ x, g }) => [mul(g, op.sigmoid(x[0]!))],
  leakyRelu: ({ x, g, attributes: { slope } }) => [where(op.greater(x[0]!, 0), g, mul(g, slope))],
  elu: ({ x, y, g, attributes: { alpha } }) => [where(op.greater(x[0]!, 0), g, mul(g, add(y[0]!, alpha)))],
  clip({ x: [x], g, attributes: { low, high } }) {
    return [where(op.and(op.lessEqual(low, x!), op.lessEqual(x!, high)), g, 0)]
  },
}
