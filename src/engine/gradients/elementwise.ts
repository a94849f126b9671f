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
  pow({ x: [a, b], y: [y], g }) {
    const none = op.equal(b!, 0)
    const da = where(none, 0, mul(g, mul(b!, op.pow(a!, where(none, 1, sub(b!, 1))))))
    const zero = op.equal(a!, 0)
    const db = where(zero, 0, mul(g, mul(y!, op.log(where(zero, 1, a!)))))
    return [sumTo(da, a!.shape), sumTo(db, b!.shape)]
  },
  mod: () => [],
  equal: () => [],
  less: () => [],
  lessEqual: () => [],
  and: () => [],
  or: () => [],
  xor: () => [],
  not: () => [],
  notANumber: () => [],
  where: ({ x: [c, a, b], g }) => [null, sumTo(where(c!, g, 0), a!.shape), sumTo(where(c!, 0, g), b!.shape)],
  neg: ({ g }) => [neg(g)],
  exp: ({ y, g }) => [mul(g, y[0]!)],
  expm1: ({ y, g }) => [mul(g, add(y[0]!, 1))],
  log: ({ x, g }) => [div(g, x[0]!)],
  log1p: ({ x, g }) => [div(g, add(x[0]!, 1))],
  sqrt: ({ y, g }) => [div(g, mul(y[0]!, 2))],
  square: ({ x, g }) => [mul(g, mul(x[0]!, 2))],
  abs: ({ x, g }) => [mul(g, op.sign(x[0]!))],
  sign: () => [null],
  sin: ({ x, g }) => [mul(g, op.cos(x[0]!))],
  cos: ({ x, g }) => [neg(mul(g, op.sin(x[0]!)))],
  atan: ({ x, g }) => [div(g, add(op.square(x[0]!), 1))],
  floor: () => [null],
  ceil: () => [null],
  round: () => [null],
  tanh: ({ y, g }) => [mul(g, sub(1, op.square(y[0]!)))],
  sigmoid: ({ y, g }) => [mul(g, mul(y[0]!, sub(1, y[0]!)))],
  erf: ({ x, g }) => [mul(g, mul(op.exp(neg(op.square(x[0]!))), 2 / Math.sqrt(Math.PI)))],
  cast: ({ x, g }) => [x[0]!.dtype === 'float32' ? g : null],
  stopGradient: () => [null],
}
