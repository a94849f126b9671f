/** @file Derivatives of sorting: each value's gradient goes back to where the value came from. */

import * as op from '../ops.ts'
import type { Sorting } from '../primitives.ts'
import type { Rules } from './site.ts'

export const sorting: Rules<keyof Sorting> = {
  topK: ({ x: [x], y: [, indices], gs: [g], attributes: { axis } }) => [
    g === undefined ? null : op.addAlongAxis(g, indices!, axis, x!.shape[axis] as number),
  ],
}
