/** @file Cases of norm primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Norms } from '../../src/engine/primitives.ts'
import { normal } from '../operands.ts'
import type { Cases } from './case.ts'

export const normCases: Cases<keyof Norms> = {
  layerNorm: [
    {
      what: '[2, 3, 4]',
      operands: [normal(2, 3, 4), normal(4), normal(4)],
      trace: (x, a, b) => op.layerNorm(x, a, b, 1e-5),
    },
    {
      what: '[5], large epsilon',
      operands: [normal(5), normal(5), normal(5)],
      trace: (x, a, b) => op.layerNorm(x, a, b, 0.3),
    },
  ],
  standardize: [
    { what: 'both outputs', operands: [normal(2, 3, 4)], trace: (x) => op.standardize(x, 1e-2) },
    { what: 'only the values', operands: [normal(3, 4)], trace: (x) => op.standardize(x, 1e-2)[0] },
    { what: 'only the scale', operands: [normal(3, 4)], trace: (x) => op.standardize(x, 1e-2)[1] },
  ],
  channelAffine: [
    [2, 3, 2, 2],
    [2, 3],
    [2, 3, 5],
    [0, 3, 2, 2],
  ].map((shape) => ({
    what: `[${shape}]`,
    operands: [normal(...shape), normal(3), normal(3)],
    trace: op.channelAffine,
  })),
  batchNorm: [
    {
      what: 'all outputs, [2, 3, 2, 2]',
      operands: [normal(2, 3, 2, 2), normal(3), normal(3)],
      trace: (x, a, b) => op.batchNorm(x, a, b, 1e-2),
    },
    {
      what: 'only the values, [4, 3]',
      operands: [normal(4, 3), normal(3), normal(3)],
      trace: (x, a, b) => op.batchNorm(x, a, b, 0.1)[0],
    },
    {
      what: 'only the variance',
      operands: [normal(3, 2, 2), normal(2), normal(2)],
      trace: (x, a, b) => op.batchNorm(x, a, b, 0.1)[2],
    },
  ],
}
