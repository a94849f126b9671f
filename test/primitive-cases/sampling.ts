/** @file Cases of sampling primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Sampling } from '../../src/engine/primitives.ts'
import { node, type Tensor } from '../../src/engine/tensor.ts'
import { given, normal, type Operand } from '../operands.ts'
import type { Cases } from './case.ts'

const sample = (x: Tensor, points: Tensor): Tensor =>
  node('sample', [x, points], {}, [...x.shape.slice(0, 2), 1, points.shape[2] as number])

/** Points (x, y) between elements, where the interpolation is smooth. */
const points = (b: number, ...list: number[]): Operand => given([b, 1, list.length / 2 / b, 2], list)

export const samplingCases: Cases<keyof Sampling> = {
  sample: [
    {
      what: 'inside, one point twice',
      operands: [normal(1, 3, 4, 5), points(1, 0.3, 0.7, 3.6, 2.2, 0.3, 0.7, 2.5, 1.5)],
      trace: sample,
    },
    {
      what: 'across the border and beyond it, two images',
      operands: [normal(2, 2, 3, 4), points(2, -0.4, 1.3, 3.7, 2.6, -1.5, 0.5, 1.2, -0.9, 2.1, 9.5, -0.2, -0.3)],
      trace: sample,
    },
    { what: 'one row', operands: [normal(1, 2, 1, 3), points(1, 0.4, 0.2, 1.8, -0.3)], trace: sample },
    {
      what: 'on elements: the slope towards the next one',
      operands: [given([1, 1, 2, 3], [1, 2, 4, 8, 16, 32]), points(1, 1, 0, 2, 1)],
      trace: (x, p) => op.reshape(sample(x, p), [2]),
      derivative: [
        [0, 1, 0, 0, 0, 1],
        [2, 14, -32, -32],
      ],
    },
  ],
}
