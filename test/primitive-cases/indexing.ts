/** @file Cases of indexing primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Indexing } from '../../src/engine/primitives.ts'
import { coins, given, normal } from '../operands.ts'
import type { Cases } from './case.ts'

export const indexingCases: Cases<keyof Indexing> = {
  gather: [
    {
      what: 'repeated rows',
      operands: [normal(4, 3), given([2, 2], [3, 0, 3, 3], 'int32')],
      trace: (x, i) => op.gather(x, i),
    },
    { what: 'single values', operands: [normal(4), given([3], [1, 1, 2], 'int32')], trace: (x, i) => op.gather(x, i) },
    { what: 'one row', operands: [normal(4, 2), given([], [2], 'int32')], trace: (x, i) => op.gather(x, i) },
    { what: 'no rows', operands: [normal(4, 2), given([0], [], 'int32')], trace: (x, i) => op.gather(x, i) },
    {
      what: 'the middle axis',
      operands: [normal(2, 4, 3), given([2, 2], [3, 0, 3, 3], 'int32')],
      trace: (x, i) => op.gather(x, i, 1),
    },
    { what: 'the last axis', operands: [normal(2, 4), given([], [2], 'int32')], trace: (x, i) => op.gather(x, i, -1) },
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
  batchGather: [
    {
      what: 'rows of a batch, repeated',
      operands: [normal(2, 4, 3), given([2, 3], [3, 0, 3, 1, 1, 2], 'int32')],
      trace: (x, i) => op.batchGather(x, i),
    },
    {
      what: 'single values, two axes of indices',
      operands: [normal(2, 4), given([2, 1, 2], [3, 0, 1, 1], 'int32')],
      trace: (x, i) => op.batchGather(x, i),
    },
    {
      what: 'one each',
      operands: [normal(3, 4, 2), given([3], [3, 0, 1], 'int32')],
      trace: (x, i) => op.batchGather(x, i),
    },
    {
      what: 'two batch axes',
      operands: [normal(2, 2, 3, 2), given([2, 2, 2], [0, 1, 2, 2, 0, 0, 1, 0], 'int32')],
      trace: (x, i) => op.batchGather(x, i, 2),
    },
    {
      what: 'ints',
      operands: [given([2, 2], [5, 6, 7, 8], 'int32'), given([2, 1], [1, 0], 'int32')],
      trace: (x, i) => op.batchGather(x, i),
    },
    { what: 'no rows', operands: [normal(2, 4, 3), given([2, 0], [], 'int32')], trace: (x, i) => op.batchGather(x, i) },
  ],
  batchScatterAdd: [
    {
      what: 'rows of a batch, repeated',
      operands: [normal(2, 3, 3), given([2, 3], [3, 0, 3, 1, 1, 2], 'int32')],
      trace: (x, i) => op.batchScatterAdd(x, i, 4),
    },
    {
      what: 'single values, two batch axes',
      operands: [normal(2, 2, 2), given([2, 2, 2], [0, 1, 2, 2, 0, 0, 1, 0], 'int32')],
      trace: (x, i) => op.batchScatterAdd(x, i, 3, 2),
    },
    {
      what: 'no rows',
      operands: [normal(2, 0, 3), given([2, 0], [], 'int32')],
      trace: (x, i) => op.batchScatterAdd(x, i, 4),
    },
  ],
  takeAlongAxis: [
    {
      what: 'the last axis, repeated',
      operands: [normal(2, 3), given([2, 4], [0, 0, 2, 1, 2, 2, 2, 0], 'int32')],
      trace: (x, i) => op.takeAlongAxis(x, i, -1),
    },
    {
      what: 'the middle, broadcast indices',
      operands: [normal(2, 3, 2), given([1, 2, 1], [2, 0], 'int32')],
      trace: (x, i) => op.takeAlongAxis(x, i, 1),
    },
    { what: 'bools', operands: [coins(3), given([2], [2, 0], 'int32')], trace: (x, i) => op.takeAlongAxis(x, i, 0) },
    {
      what: 'nothing',
      operands: [normal(2, 3), given([2, 0], [], 'int32')],
      trace: (x, i) => op.takeAlongAxis(x, i, 1),
    },
  ],
  addAlongAxis: [
    {
      what: 'the last axis, repeated',
      operands: [normal(2, 4), given([2, 4], [0, 0, 2, 1, 2, 2, 2, 0], 'int32')],
      trace: (x, i) => op.addAlongAxis(x, i, -1, 3),
    },
    {
      what: 'the middle, broadcast indices',
      operands: [normal(2, 2, 2), given([1, 2, 1], [2, 0], 'int32')],
      trace: (x, i) => op.addAlongAxis(x, i, 1, 4),
    },
    {
      what: 'nothing',
      operands: [normal(2, 0), given([2, 0], [], 'int32')],
      trace: (x, i) => op.addAlongAxis(x, i, 1, 3),
    },
  ],
  putAlongAxis: [
    {
      what: 'the last axis',
      operands: [normal(2, 4), given([2, 2], [0, 3, 2, 1], 'int32'), normal(2, 2)],
      trace: (x, i, v) => op.putAlongAxis(x, i, v, 1),
    },
    {
      what: 'rows of a table',
      operands: [normal(4, 2, 3), given([2], [3, 0], 'int32'), normal(2, 2, 3)],
      trace: (x, i, v) => op.putRows(x, i, v),
    },
    {
      what: 'bools',
      operands: [coins(4), given([2], [1, 3], 'int32'), coins(2)],
      trace: (x, i, v) => op.putAlongAxis(x, i, v, 0),
    },
    {
      what: 'nothing',
      operands: [normal(2, 3), given([2, 0], [], 'int32'), normal(2, 0)],
      trace: (x, i, v) => op.putAlongAxis(x, i, v, 1),
    },
  ],
}
