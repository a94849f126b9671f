/** @file Cases of shape primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Shapes } from '../../src/engine/primitives.ts'
import { coins, given, normal } from '../operands.ts'
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
  stride: [
    { what: 'every second of five', operands: [normal(2, 5)], trace: (x) => op.slice(x, 1, 0, 5, 2) },
    { what: 'every third of the middle', operands: [normal(9, 2)], trace: (x) => op.slice(x, 0, 1, 8, 3) },
    { what: 'a step beyond the end', operands: [normal(2, 3)], trace: (x) => op.slice(x, -1, 0, 3, 7) },
    { what: 'nothing', operands: [normal(2, 0)], trace: (x) => op.slice(x, 1, 0, 0, 2) },
    { what: 'ints', operands: [given([5], [1, 2, 3, 4, 5], 'int32')], trace: (x) => op.slice(x, 0, 0, 5, 2) },
  ],
  split: [
    { what: 'three parts', operands: [normal(2, 6)], trace: (x) => op.split(x, 1, [1, 2, 3]) },
    { what: 'an empty part', operands: [normal(3, 2)], trace: (x) => op.split(x, 0, [0, 3]) },
    { what: 'only one is used', operands: [normal(2, 6)], trace: (x) => op.chunk(x, 3, -1)[1]! },
    { what: 'bools', operands: [coins(4)], trace: (x) => op.split(x, 0, [1, 3]) },
  ],
  flip: [
    { what: 'one axis', operands: [normal(2, 3)], trace: (x) => op.flip(x, 1) },
    { what: 'two axes', operands: [normal(2, 3, 4)], trace: (x) => op.flip(x, [0, -1]) },
    { what: 'nothing', operands: [normal(2, 0)], trace: (x) => op.flip(x, 1) },
    { what: 'ints', operands: [given([3], [1, 2, 3], 'int32')], trace: (x) => op.flip(x, 0) },
  ],
  pad: [
    { what: 'all sides', operands: [normal(2, 3)], trace: (x) => op.pad(x, [1, 0], [2, 1]) },
    { what: 'nothing', operands: [normal(0, 3)], trace: (x) => op.pad(x, [1, 0], [1, 0]) },
    { what: 'a value', operands: [normal(2, 3)], trace: (x) => op.pad(x, [1, 0], [0, 2], -1.5) },
  ],
}
