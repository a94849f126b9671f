/** @file Cases of reductions primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Reductions } from '../../src/engine/primitives.ts'
import type { Tensor } from '../../src/engine/tensor.ts'
import { away, given, normal } from '../operands.ts'
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
  reduceMin: [
    { what: 'all', operands: [normal(2, 3)], trace: (x) => op.min(x) },
    { what: 'two, kept', operands: [normal(2, 3, 2)], trace: (x) => op.min(x, [0, -1], true) },
    {
      what: 'a tie of two',
      operands: [given([1, 3], [1, 4, 1])],
      trace: (x) => op.min(x, 1),
      derivative: [[0.5, 0, 0.5]],
    },
  ],
  product: [
    { what: 'all', operands: [away(2, 3)], trace: (x) => op.product(x) },
    { what: 'two, kept', operands: [away(2, 3, 2)], trace: (x) => op.product(x, [0, -1], true) },
    { what: 'over nothing', operands: [normal(2, 0)], trace: (x) => op.product(x, 1) },
    {
      what: 'no, one and two zeros',
      operands: [given([3, 3], [2, 3, 4, 2, 0, 4, 0, 3, 0])],
      trace: (x) => op.product(x, 1),
      derivative: [[12, 8, 6, 0, 8, 0, 0, 0, 0]],
    },
  ],
  argMin: [
    { what: 'the middle', operands: [normal(2, 3, 2)], trace: (x) => op.argMin(x, 1) },
    {
      what: 'the first of a tie',
      operands: [given([2, 3], [4, 1, 1, 0, 0, 0])],
      trace: (x) => op.argMin(x, -1),
      derivative: 'zero',
    },
  ],
  cumulativeSum: [false, true].flatMap((exclusive) =>
    [false, true].flatMap((reverse) =>
      [[2, 4, 3], [2, 0], [3]].map((shape) => ({
        what: `[${shape}], exclusive ${exclusive}, reverse ${reverse}`,
        operands: [normal(...shape)],
        trace: (x: Tensor) => op.cumulativeSum(x, shape.length > 1 ? 1 : 0, { exclusive, reverse }),
      })),
    ),
  ),
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
