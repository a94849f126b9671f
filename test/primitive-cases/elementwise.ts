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

function binary(f: (a: Tensor, b: Tensor) => Tensor, right: (...shape: number[]) => Operand = normal): Case[] {
  return pairs.map(([a, b]) => ({ what: over(a, b), operands: [normal(...a), right(...b)], trace: f }))
}

const tie = { what: 'a tie, shared equally', operands: [given([3], [1, 2, 3]), given([3], [1, 5, 0])] }

function unary(f: (x: Tensor) => Tensor, make: (...shape: number[]) => Operand = normal, ...more: Case[]): Case[] {
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
  equal: compared(op.equal),
  less: compared(op.less),
  and: [{ what: 'broadcast', operands: [coins(3, 4), coins(4)], trace: op.and }],
  not: [{ what: '[6]', operands: [coins(6)], trace: op.not }],
  where: [
    { what: 'one shape', operands: [coins(2, 3), normal(2, 3), normal(2, 3)], trace: op.where },
    { what: 'all three broadcast', operands: [coins(2, 1, 1), normal(3, 1), normal(1, 4)], trace: op.where },
    { what: 'a wide condition', operands: [coins(2, 3), normal(), normal(3)], trace: op.where },
  ],
  neg: unary(op.neg),
  exp: unary(op.exp),
  log: unary(op.log, positive),
  sqrt: unary(op.sqrt, positive),
  square: unary(op.square),
  abs: unary(op.abs, away, { what: 'at 0', operands: [given([1], [0])], trace: op.abs, derivative: [[0]] }),
  sign: unary(op.sign, away, { what: 'at 0', operands: [given([1], [0])], trace: op.sign, derivative: 'zero' }),
  tanh: unary(op.tanh),
  sigmoid: unary(op.sigmoid),
  erf: unary(op.erf, normal, { what: 'the tails', operands: [given([4], [-4, -2.4, 2.6, 7])], trace: op.erf }),
  relu: unary(op.relu, away, { what: 'at 0', operands: [given([1], [0])], trace: op.relu, derivative: [[0]] }),
  gelu: unary(op.gelu),
  quickGelu: unary(op.quickGelu),
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
