/** @file Cases of shape primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Shapes } from '../../src/engine/primitives.ts'
import { given, normal } from '../operands.ts'
import type { Cases } from './case.ts'

export const shapeCases: Cases<keyof Shapes> = {
  reshape: [
    { what: 'to fewer axes', operands: [normal(2, 3, 2)], trace: (x) => op.reshape(x, [-1, 2]) },
    { what: 'of nothing', operands: [normal(2, 0)], trace: (x) => op.reshape(x, [0, 3]) },
  ],
  transpose: [
    { what: 'a cycle', operands: [normal(2, 3, 4)], trace: (x) => op.transpose(x, [2, 0, 1]) },
    { what: 'a swap', operands: [normal(2, 3)], trace: (x) => op.transpose(x, [1, 0]) },
  ],
  broadcast: [
    { what: 'a long axis', operands: [normal(2, 1)], trace: (x) => op.broadcast(x, [2, 4]) },
    { what: 'leading axes', operands: [normal(3)], trace: (x) => op.broadcast(x, [2, 2, 3]) },
    { what: 'to nothing', operands: [normal(1, 3)], trace: (x) => op.broadcast(x, [0, 3]) },
    { what: 'a scalar', operands: [normal()], trace: (x) => op.broadcast(x, [2, 2]) },
  ],
  concat: [
    { what: 'two', operands: [normal(2, 3), normal(2, 1)], trace: (...x) => op.concat(x, 1) },
    { what: 'an empty part', operands: [normal(2, 3), normal(0, 3), normal(1, 3)], trace: (...x) => op.concat(x, 0) },
    { what: 'one twice', operands: [normal(2)], trace: (x) => op.concat([x, x], 0) },
  ],
  slice: [
    { what: 'the middle', operands: [normal(2, 5)], trace: (x) => op.slice(x, 1, 1, 4) },
    { what: 'the end', operands: [normal(4, 2)], trace: (x) => op.slice(x, 0, 3, 4) },
    { what: 'nothing', operands: [normal(4, 2)], trace: (x) => op.slice(x, 0, 2, 2) },
  ],
  pad: [
    { what: 'all sides', operands: [normal(2, 3)], trace: (x) => op.pad(x, [1, 0], [2, 1]) },
    { what: 'nothing', operands: [normal(0, 3)], trace: (x) => op.pad(x, [1, 0], [1, 0]) },
  ],
  gather: [
    { what: 'repeated rows', operands: [normal(4, 3), given([2, 2], [3, 0, 3, 3], 'int32')], trace: op.gather },
    { what: 'single values', operands: [normal(4), given([3], [1, 1, 2], 'int32')], trace: op.gather },
    { what: 'one row', operands: [normal(4, 2), given([], [2], 'int32')], trace: op.gather },
    { what: 'no rows', operands: [normal(4, 2), given([0], [], 'int32')], trace: op.gather },
  ],
  scatterAdd: [
    {
      what: 'repeated rows',
      operands: [normal(2, 2, 3), given([2, 2], [3, 0, 3, 3], 'int32')],
      trace: (x, i) => op.scatterAdd(x, i, 5),
    },
    {
      what: 'single values',
      operands: [normal(3), given([3], [1, 1, 2], 'int32')],
      trace: (x, i) => op.scatterAdd(x, i, 4),
    },
    { what: 'one row', operands: [normal(2), given([], [2], 'int32')], trace: (x, i) => op.scatterAdd(x, i, 4) },
    { what: 'no rows', operands: [normal(0, 2), given([0], [], 'int32')], trace: (x, i) => op.scatterAdd(x, i, 4) },
    {
      what: 'single values in two axes',
      operands: [normal(2, 2), given([2, 2], [1, 0, 1, 1], 'int32')],
      trace: (x, i) => op.scatterAdd(x, i, 3),
    },
  ],
}
