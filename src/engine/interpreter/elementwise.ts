/** @file Reference evaluation of element-wise primitives. */

import type { Elementwise } from '../primitives.ts'
import { type Rules, zip } from './site.ts'

/** Error function by its series (small) and continued fraction (large), to float64 accuracy. */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    let term = a
    let total = a
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (-a * a) / n
      total += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction))
}

export const elementwise: Rules<keyof Elementwise> = {
  add: zip((a, b) => a! + b!),
  sub: zip((a, b) => a! - b!),
  mul: zip((a, b) => a! * b!),
  div: zip((a, b) => a! / b!),
  maximum: zip((a, b) => Math.max(a!, b!)),
  minimum: zip((a, b) => Math.min(a!, b!)),
  equal: zip((a, b) => Number(a === b)),
  less: zip((a, b) => Number(a! < b!)),
  and: zip((a, b) => a! * b!),
  not: zip((a) => 1 - a!),
  where: zip((c, a, b) => (c !== 0 ? a! : b!)),
  neg: zip((a) => -a!),
  exp: zip((a) => Math.exp(a!)),
  log: zip((a) => Math.log(a!)),
  sqrt: zip((a) => Math.sqrt(a!)),
  square: zip((a) => a! * a!),
  abs: zip((a) => Math.abs(a!)),
  sign: zip((a) => Math.sign(a!)),
  tanh: zip((a) => Math.tanh(a!)),
  sigmoid: zip((a) => 1 / (1 + Math.exp(-a!))),
  erf: zip((a) => erf(a!)),
  relu: zip((a) => Math.max(a!, 0)),
  gelu: zip((a) => 0.5 * a! * (1 + erf(a! * Math.SQRT1_2))),
  quickGelu: zip((a) => a! / (1 + Math.exp(-1.702 * a!))),
  cast: ({ x, attributes: { to } }) =>
    x[0]!.map((v) => (to === 'bool' ? Number(v !== 0) : to === 'int32' ? Math.trunc(v) : v)),
  stopGradient: ({ x }) => x[0]!,
}
