/** @file Cases of functions with a derivative of their own. */

import * as op from '../../src/engine/ops.ts'
import type { Customs } from '../../src/engine/primitives.ts'
import { given, normal } from '../operands.ts'
import type { Cases } from './case.ts'

/** x times y whose given derivatives are the true ones, written differently. */
const product = op.customGradient(
  (x, y) => op.mul(x, y),
  ({ x: [x, y], g }) => [op.div(op.mul(g, op.mul(x!, y!)), x!), op.mul(x!, g)],
)

export const customCases: Cases<keyof Customs> = {
  custom: [
    { what: 'the true derivative', operands: [normal(2, 3), normal(2, 3)], trace: (x, y) => product(x, y) },
    {
      what: 'another than the true one, and none for the second input',
      operands: [given([2], [3, -4]), given([2], [5, 6])],
      trace: (x, y) =>
        op.customGradient(
          (a, b) => op.mul(op.square(a), b),
          ({ x: [a], g }) => [op.mul(g, op.mul(a!, 10)), null],
        )(x, y),
      derivative: [
        [30, -40],
        [0, 0],
      ],
    },
    {
      what: 'straight through',
      operands: [given([3], [0.2, 1.7, -0.6])],
      trace: (x) => op.straightThrough(x, op.round),
      derivative: [[1, 1, 1]],
    },
  ],
}
