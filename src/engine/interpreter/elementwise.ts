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

function roundToEven(x: number): number {
  const down = Math.floor(x)
  const rest = x - down
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1
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
  lessEqual: zip((a, b) => Number(a! <= b!)),
  pow: zip((a, b) => a! ** b!),
  mod: zip((a, b) => a! - b! * Math.floor(a! / b!)),
  and: zip((a, b) => a! * b!),
  or: zip((a, b) => Math.max(a!, b!)),
  xor: zip((a, b) => Number(a !== b)),
  notANumber: zip((a) => Number(Number.isNaN(a))),
  not: zip((a) => 1 - a!),
  where: zip((c, a, b) => (c !== 0 ? a! : b!)),
  neg: zip((a) => -a!),
  exp: zip((a) => Math.exp(a!)),
  expm1: zip((a) => Math.expm1(a!)),
  log1p: zip((a) => Math.log1p(a!)),
  log: zip((a) => Math.log(a!)),
  sqrt: zip((a) => Math.sqrt(a!)),
  square: zip((a) => a! * a!),
  abs: zip((a) => Math.abs(a!)),
  sign: zip((a) => Math.sign(a!)),
  sin: zip((a) => Math.sin(a!)),
  cos: zip((a) => Math.cos(a!)),
  atan: zip((a) => Math.atan(a!)),
  floor: zip((a) => Math.floor(a!)),
  ceil: zip((a) => Math.ceil(a!)),
  round: zip((a) => roundToEven(a!)),
  tanh: zip((a) => Math.tanh(a!)),
  sigmoid: zip((a) => 1 / (1 + Math.exp(-a!))),
  erf: zip((a) => erf(a!)),
  cast: ({ x, attributes: { to } }) =>
    x[0]!.map((v) => (to === 'bool' ? Number(v !== 0) : to === 'int32' ? Math.trunc(v) : v)),
  stopGradient: ({ x }) => x[0]!,
}
