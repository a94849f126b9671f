/** @file Cases of activations. */

import * as op from '../../src/engine/ops.ts'
import type { Activations } from '../../src/engine/primitives.ts'
import { away, given, normal } from '../operands.ts'
import type { Cases } from './case.ts'
import { unary } from './elementwise.ts'

export const activationsCases: Cases<keyof Activations> = {
  positive: unary(op.positive, away, {
    what: 'at 0 and near it',
    operands: [given([4], [0, 1e-30, -1e-30, 3e38])],
    trace: op.positive,
    derivative: 'zero',
  }),
  relu: unary(op.relu, away, { what: 'at 0', operands: [given([1], [0])], trace: op.relu, derivative: [[0]] }),
  gelu: unary(op.gelu),
  quickGelu: unary(op.quickGelu),
  silu: unary(op.silu),
  softplus: unary(op.softplus, normal, {
    what: 'far away',
    operands: [given([4], [-90, 90, -12, 12])],
    trace: op.softplus,
  }),
  leakyRelu: unary((x) => op.leakyRelu(x, 0.2), away, {
    what: 'at 0, the slope',
    operands: [given([1], [0])],
    trace: (x) => op.leakyRelu(x, 0.25),
    derivative: [[0.25]],
  }),
  elu: [...unary((x) => op.elu(x), away), ...unary((x) => op.elu(x, 0.5), away)],
  clip: unary((x) => op.clip(x, -0.8, 1.1), away, {
    what: 'on the bounds',
    operands: [given([5], [-2, -1, 0, 3, 4])],
    trace: (x) => op.clip(x, -1, 3),
    derivative: [[0, 1, 1, 1, 0]],
  }),
}
