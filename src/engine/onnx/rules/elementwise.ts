/** @file Lowering of element-wise primitives. */

import type { Elementwise } from '../../primitives.ts'
import { castTo, microsoft, plain, type Rules } from './site.ts'

export const elementwise: Rules<keyof Elementwise> = {
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  maximum: plain('Max'),
  minimum: plain('Min'),
  equal: plain('Equal'),
  less: plain('Less'),
  and: plain('And'),
  not: plain('Not'),
  where: plain('Where'),
  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  square: ({ e, x: [x] }) => e.emit('Mul', [x!, x!]),
  abs: plain('Abs'),
  sign: plain('Sign'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  erf: plain('Erf'),
  relu: plain('Relu'),
  gelu: plain('Gelu', microsoft),
  quickGelu: ({ e, x }) => e.emit('QuickGelu', x, { alpha: { float: 1.702 } }, microsoft),
  cast: ({ e, x, attributes: { to } }) => e.emit('Cast', x, { to: castTo[to] }),
  stopGradient: ({ x }) => x[0]!,
}
