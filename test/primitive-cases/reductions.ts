/** @file Cases of reductions primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Reductions } from '../../src/engine/primitives.ts'
import type { Tensor } from '../../src/engine/tensor.ts'
import { given, normal } from '../operands.ts'
import type { Cases } from './case.ts'

export const reductionsCases: Cases<keyof Reductions> = {
  sum: [
    { what: 'all', operands: [normal(2, 3)], trace: (x) => op.sum(x) },
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.sum(x, 1) },
    { what: 'two, kept', operands: [normal(2, 3, 2)], trace: (x) => op.sum(x, [0, -1], true) },
    { what: 'over nothing', operands: [normal(2, 0, 3)], trace: (x) => op.sum(x, 1) },
  ],
  reduceMax: [
    { what: 'all', operands: [normal(2, 3)], trace: (x) => op.max(x) },
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.max(x, 1) },
    { what: 'two, kept', operands: [normal(2, 3, 2)], trace: (x) => op.max(x, [0, -1], true) },
    {
      what: 'a tie of two',
      operands: [given([1, 3], [4, 1, 4])],
      trace: (x) => op.max(x, 1),
      derivative: [[0.5, 0, 0.5]],
    },
    {
      what: 'a tie of three',
      operands: [given([2, 4], [4, 1, 4, 4, 0, 0, 0, 9])],
      trace: (x) => op.max(x, 1),
      derivative: [[1 / 3, 0, 1 / 3, 1 / 3, 0, 0, 0, 1]],
    },
  ],
  argMax: [
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.argMax(x, 1) },
    {
      what: 'the first of a tie',
      operands: [given([2, 3], [1, 4, 4, 0, 0, 0])],
      trace: (x) => op.argMax(x, -1),
      derivative: 'zero',
    },
  ],
  softmax: [0, 1, -1].map((axis) => ({
    what: `axis ${axis}`,
    operands: [normal(2, 3, 4)],
    trace: (x) => op.softmax(x, axis),
  })),
  logSoftmax: [
    ...[0, 1, -1].map((axis) => ({
      what: `axis ${axis}`,
      operands: [normal(2, 3, 4)],
      trace: (x: Tensor) => op.logSoftmax(x, axis),
    })),
    { what: 'far apart', operands: [given([2, 3], [200, -300, 199, 0, 0.5, 90])], trace: (x) => op.logSoftmax(x) },
  ],
}
