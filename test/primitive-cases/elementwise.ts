/** @file Cases of elementwise primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Elementwise } from '../../src/engine/primitives.ts'
import type { Shape, Tensor } from '../../src/engine/tensor.ts'
import { away, coins, given, normal, type Operand, over, positive } from '../operands.ts'
import type { Case, Cases } from './case.ts'

/** Pairs of shapes that broadcast: equal, trailing, both ways, scalar, empty. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  [[2, 3], [2, 3]],
  [[2, 3], [3]],
  [[2, 1, 3], [4, 1]],
  [[], [2, 2]],
  [[0, 3], [1, 3]],
] // biome-ignore format: one pair a line

export function binary(f: (a: Tensor, b: Tensor) => Tensor, right: (...shape: number[]) => Operand = normal): Case[] {
  return pairs.map(([a, b]) => ({ what: over(a, b), operands: [normal(...a), right(...b)], trace: f }))
}

const tie = { what: 'a tie, shared equally', operands: [given([3], [1, 2, 3]), given([3], [1, 5, 0])] }

export function unary(
  f: (x: Tensor) => Tensor,
  make: (...shape: number[]) => Operand = normal,
  ...more: Case[]
): Case[] {
  const shapes = [[2, 5], [], [0]]
  return [...shapes.map((shape) => ({ what: `[${shape}]`, operands: [make(...shape)], trace: f })), ...more]
}

function compared(f: (a: Tensor, b: Tensor) => Tensor): Case[] {
  return [
    {
      what: 'floats',
      operands: [given([3], [1, 2, 3]), given([2, 3], [1, 5, 0, 0, 2, 4])],
      trace: f,
      derivative: 'zero',
    },
    { what: 'ints', operands: [given([3], [1, -2, 3], 'int32'), given([1], [-2], 'int32')], trace: f },
  ]
}

export const elementwiseCases: Cases<keyof Elementwise> = {
  add: binary(op.add),
  sub: binary(op.sub),
  mul: binary(op.mul),
  div: binary(op.div, away),
  maximum: [
    ...binary(op.maximum),
    {
      ...tie,
      trace: op.maximum,
      derivative: [
        [0.5, 0, 1],
        [0.5, 1, 0],
      ],
    },
  ],
  minimum: [
    ...binary(op.minimum),
    {
      ...tie,
      trace: op.minimum,
      derivative: [
        [0.5, 1, 0],
        [0.5, 0, 1],
      ],
    },
  ],
  pow: [
    ...binary(op.pow, away).map((one) => ({ ...one, trace: (a: Tensor, b: Tensor) => op.pow(op.exp(a), b) })),
    { what: 'a scalar exponent', operands: [positive(2, 3)], trace: (x) => op.pow(x, 2.5) },
    { what: 'negative bases', operands: [away(2, 3)], trace: (x) => op.pow(x, 3) },
    { what: 'a scalar base', operands: [normal(4)], trace: (x) => op.pow(3, x) },
    {
      what: 'base 0',
      operands: [given([3], [0, 0, 0]), given([3], [1, 2, 3])],
      trace: op.pow,
      derivative: [
        [1, 0, 0],
        [0, 0, 0],
      ],
    },
    {
      what: 'exponent 0',
      operands: [given([3], [0, 2, -3]), given([3], [0, 0, 0])],
      trace: (x, y) => op.pow(x, op.stopGradient(y)),
      derivative: [
        [0, 0, 0],
        [0, 0, 0],
      ],
    },
  ],
  mod: [
    {
      what: 'all signs',
      operands: [given([4], [-7, 7, -7, 7], 'int32'), given([4], [3, -3, -3, 3], 'int32')],
      trace: op.mod,
    },
    { what: 'broadcast', operands: [given([3, 1], [-1, 5, 9], 'int32'), given([2], [4, 5], 'int32')], trace: op.mod },
  ],
  equal: [...compared(op.equal), ...compared(op.notEqual)],
  less: compared(op.less),
  lessEqual: [...compared(op.lessEqual), ...compared(op.greaterEqual)],
  and: [{ what: 'broadcast', operands: [coins(3, 4), coins(4)], trace: op.and }],
  or: [{ what: 'broadcast', operands: [coins(3, 4), coins(4)], trace: op.or }],
  xor: [{ what: 'broadcast', operands: [coins(3, 4), coins(4)], trace: op.xor }],
  notANumber: [
    {
      what: 'one of three',
      operands: [given([3], [-1, 1, 2])],
      trace: (x) => op.notANumber(op.log(x)),
      derivative: 'zero',
    },
  ],
  not: [{ what: '[6]', operands: [coins(6)], trace: op.not }],
  where: [
    { what: 'one shape', operands: [coins(2, 3), normal(2, 3), normal(2, 3)], trace: op.where },
    { what: 'all three broadcast', operands: [coins(2, 1, 1), normal(3, 1), normal(1, 4)], trace: op.where },
    { what: 'a wide condition', operands: [coins(2, 3), normal(), normal(3)], trace: op.where },
  ],
  neg: unary(op.neg),
  exp: unary(op.exp),
  expm1: unary(op.expm1, normal, {
    what: 'near 0 and far away',
    operands: [given([6], [1e-6, -1e-4, 1e-3, 0, -30, 4])],
    trace: (x) => op.mul(op.expm1(x), op.constant(Float32Array.of(1e6, 1e4, 1e3, 1, 1, 1), [6])),
    derivative: [[1e6 + 1, 1e4 - 1, 1e3 * Math.exp(1e-3), 1, Math.exp(-30), Math.exp(4)]],
  }),
  log: unary(op.log, positive),
  log1p: unary(op.log1p, positive, {
    what: 'near 0',
    operands: [given([5], [1e-9, -1e-5, 1e-3, 0, -0.5])],
    trace: (x) => op.mul(op.log1p(x), op.constant(Float32Array.of(1e9, 1e5, 1e3, 1, 1), [5])),
    derivative: [[1e9, 1e5 / (1 - 1e-5), 1e3 / 1.001, 1, 2]],
  }),
  sqrt: unary(op.sqrt, positive),
  square: unary(op.square),
  abs: unary(op.abs, away, { what: 'at 0', operands: [given([1], [0])], trace: op.abs, derivative: [[0]] }),
  sign: unary(op.sign, away, { what: 'at 0', operands: [given([1], [0])], trace: op.sign, derivative: 'zero' }),
  sin: unary(op.sin, normal, { what: 'far away', operands: [given([2], [40, -33])], trace: op.sin }),
  cos: unary(op.cos, normal, { what: 'far away', operands: [given([2], [40, -33])], trace: op.cos }),
  atan: unary(op.atan, normal, { what: 'far away', operands: [given([2], [40, -33])], trace: op.atan }),
  floor: [{ what: 'both signs', operands: [given([4], [-1.5, -1, 0.5, 2])], trace: op.floor, derivative: 'zero' }],
  ceil: [{ what: 'both signs', operands: [given([4], [-1.5, -1, 0.5, 2])], trace: op.ceil, derivative: 'zero' }],
  round: [
    {
      what: 'halves to even',
      operands: [given([8], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, -0.51])],
      trace: op.round,
      derivative: 'zero',
    },
  ],
  tanh: unary(op.tanh),
  sigmoid: unary(op.sigmoid),
  erf: unary(op.erf, normal, { what: 'the tails', operands: [given([4], [-4, -2.4, 2.6, 7])], trace: op.erf }),
  cast: [
    { what: 'bool to float', operands: [coins(4)], trace: (x) => op.cast(x, 'float32') },
    { what: 'int to float', operands: [given([3], [-2, 0, 7], 'int32')], trace: (x) => op.cast(x, 'float32') },
    {
      what: 'float to int',
      operands: [given([4], [-1.7, -0.2, 0.9, 3])],
      trace: (x) => op.cast(x, 'int32'),
      derivative: 'zero',
    },
    {
      what: 'float to bool',
      operands: [given([3], [-1.7, 0, 0.5])],
      trace: (x) => op.cast(x, 'bool'),
      derivative: 'zero',
    },
  ],
  stopGradient: [{ what: '[2, 3]', operands: [normal(2, 3)], trace: op.stopGradient, derivative: 'zero' }],
}
