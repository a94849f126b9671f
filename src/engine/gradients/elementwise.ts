/** @file Derivatives of element-wise primitives. */

import * as op from '../ops.ts'
import type { Elementwise } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import type { Rules } from './site.ts'

const { add, sub, mul, div, neg, where, cast, sumTo } = op

/** Gradient of max/min for one operand: all where it wins, half at a tie. */
function winner(wins: Tensor, x: readonly Tensor[], g: Tensor, operand: Tensor): Tensor {
  const tie = op.equal(x[0]!, x[1]!)
  return sumTo(mul(g, where(tie, 0.5, cast(wins, 'float32'))), operand.shape)
}

export const elementwise: Rules<keyof Elementwise> = {
  add: ({ x: [a, b], g }) => [sumTo(g, a!.shape), sumTo(g, b!.shape)],
  sub: ({ x: [a, b], g }) => [sumTo(g, a!.shape), sumTo(neg(g), b!.shape)],
  mul: ({ x: [a, b], g }) => [sumTo(mul(g, b!), a!.shape), sumTo(mul(g, a!), b!.shape)],
  div: ({ x: [a, b], y: [y], g }) => {
    const da = div(g, b!)
    return [sumTo(da, a!.shape), sumTo(neg(mul(da, y!)), b!.shape)]
  },
  maximum: ({ x, g }) => [winner(op.greater(x[0]!, x[1]!), x, g, x[0]!), winner(op.less(x[0]!, x[1]!), x, g, x[1]!)],
  minimum: ({ x, g }) => [winner(op.less(x[0]!, x[1]!), x, g, x[0]!), winner(op.greater(x[0]!, x[1]!), x, g, x[1]!)],
  equal: () => [],
  less: () => [],
  and: () => [],
  not: () => [],
  where: ({ x: [c, a, b], g }) => [null, sumTo(where(c!, g, 0), a!.shape), sumTo(where(c!, 0, g), b!.shape)],
  neg: ({ g }) => [neg(g)],
  exp: ({ y, g }) => [mul(g, y[0]!)],
  log: ({ x, g }) => [div(g, x[0]!)],
  sqrt: ({ y, g }) => [div(g, mul(y[0]!, 2))],
  square: ({ x, g }) => [mul(g, mul(x[0]!, 2))],
  abs: ({ x, g }) => [mul(g, op.sign(x[0]!))],
  sign: () => [null],
  tanh: ({ y, g }) => [mul(g, sub(1, op.square(y[0]!)))],
  sigmoid: ({ y, g }) => [mul(g, mul(y[0]!, sub(1, y[0]!)))],
  erf: ({ x, g }) => [mul(g, mul(op.exp(neg(op.square(x[0]!))), 2 / Math.sqrt(Math.PI)))],
  relu: ({ x, g }) => [where(op.greater(x[0]!, 0), g, 0)],
  gelu({ x: [x], g }) {
    const cumulative = mul(add(op.erf(mul(x!, Math.SQRT1_2)), 1), 0.5)
    const density = mul(op.exp(mul(op.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [mul(g, add(cumulative, mul(x!, density)))]
  },
  quickGelu({ x: [x], y: [y], g }) {
    const s = op.sigmoid(mul(x!, 1.702))
    return [mul(g, add(s, mul(mul(y!, 1.702), sub(1, s))))]
  },
  cast: ({ x, g }) => [x[0]!.dtype === 'float32' ? g : null],
  stopGradient: () => [null],
}
