/** @file Lowering of element-wise primitives. */

import type { Elementwise } from '../../primitives.ts'
import { castTo, plain, type Rules } from './site.ts'

export const elementwise: Rules<keyof Elementwise> = {
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  maximum: plain('Max'),
  minimum: plain('Min'),
  equal: plain('Equal'),
  pow: plain('Pow'),
  mod: plain('Mod'),
  less: plain('Less'),
  lessEqual: plain('LessOrEqual'),
  and: plain('And'),
  or: plain('Or'),
  xor: plain('Xor'),
  notANumber: plain('IsNaN'),
  not: plain('Not'),
  where: plain('Where'),
  neg: plain('Neg'),
  exp: plain('Exp'),
  // tanh(x / 2) (exp(x) + 1): nothing cancels near 0.
  expm1({ e, x: [x] }) {
    const half = e.emit('Tanh', [e.emit('Mul', [x!, e.floats(0.5)])])
    return e.emit('Mul', [half, e.emit('Add', [e.emit('Exp', [x!]), e.floats(1)])])
  },
  log: plain('Log'),
  // With u = 1 + x as rounded: log(u) x / (u - 1), whose errors cancel; x itself where u is 1 (Kahan).
  log1p({ e, x: [x] }) {
    const one = e.floats(1)
    const u = e.emit('Add', [x!, one])
    const tiny = e.emit('Equal', [u, one])
    const ratio = e.emit('Div', [e.emit('Mul', [e.emit('Log', [u]), x!]), e.emit('Sub', [u, one])])
    return e.emit('Where', [tiny, x!, ratio])
  },
  sqrt: plain('Sqrt'),
  square: ({ e, x: [x] }) => e.emit('Mul', [x!, x!]),
  abs: plain('Abs'),
  sign: plain('Sign'),
  sin: plain('Sin'),
  cos: plain('Cos'),
  atan: plain('Atan'),
  floor: plain('Floor'),
  ceil: plain('Ceil'),
  round: plain('Round'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  erf: plain('Erf'),
  cast: ({ e, x, attributes: { to } }) => e.emit('Cast', x, { to: castTo[to] }),
  stopGradient: ({ x }) => x[0]!,
}
