/** @file Cases of sorting primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Sorting } from '../../src/engine/primitives.ts'
import { given, normal } from '../operands.ts'
import type { Cases } from './case.ts'

/** Whole numbers 0..6 many times over, so that ties are the rule. */
const ties = (n: number): number[] => Array.from({ length: n }, (_, i) => (i * i * 7919) % 7)

export const sortingCases: Cases<keyof Sorting> = {
  topK: [
    { what: 'two largest of the middle axis', operands: [normal(2, 5, 3)], trace: (x) => op.topK(x, 2, 1) },
    { what: 'three smallest', operands: [normal(2, 5)], trace: (x) => op.topK(x, 3, -1, { largest: false }) },
    { what: 'only the values', operands: [normal(2, 5)], trace: (x) => op.topK(x, 3)[0] },
    { what: 'only the indices', operands: [normal(2, 5)], trace: (x) => op.argSort(x, 0), derivative: 'zero' },
    { what: 'ascending', operands: [normal(4, 3)], trace: (x) => op.sort(x, 0) },
    { what: 'descending', operands: [normal(4, 3)], trace: (x) => op.sort(x, 0, { descending: true }) },
    { what: 'none', operands: [normal(2, 5)], trace: (x) => op.topK(x, 0) },
    { what: 'of nothing', operands: [normal(0, 5)], trace: (x) => op.topK(x, 2) },
    {
      what: 'ties, lowest index first',
      operands: [given([6], [1, 3, 3, 2, 3, 1])],
      trace: (x) => op.topK(x, 4),
      derivative: [[0, 1, 1, 1, 1, 0]],
    },
    { what: 'ints with ties', operands: [given([2, 30], ties(60), 'int32')], trace: (x) => op.sort(x) },
    {
      what: 'a thousand ties',
      operands: [given([1000], ties(1000), 'int32')],
      trace: (x) => op.sort(x, 0, { descending: true }),
    },
    { what: 'few of a thousand ties', operands: [given([1000], ties(1000), 'int32')], trace: (x) => op.topK(x, 20, 0) },
  ],
}
