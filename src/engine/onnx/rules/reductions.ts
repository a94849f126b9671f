/** @file Lowering of reductions. */

import type { Reductions } from '../../primitives.ts'
import { castTo, type Rules } from './site.ts'

export const reductions: Rules<keyof Reductions> = {
  sum: ({ e, x: [x], attributes: { axes, keep } }) =>
    e.emit('ReduceSum', [x!, e.ints(axes)], { keepdims: keep ? 1 : 0 }),
  reduceMax: ({ e, x: [x], attributes: { axes, keep } }) =>
    e.emit('ReduceMax', [x!, e.ints(axes)], { keepdims: keep ? 1 : 0 }),
  argMax: ({ e, x, attributes: { axis } }) =>
    e.emit('Cast', [e.emit('ArgMax', x, { axis, keepdims: 0 })], { to: castTo.int32 }),
  softmax: ({ e, x, attributes: { axis } }) => e.emit('Softmax', x, { axis }),
  logSoftmax: ({ e, x, attributes: { axis } }) => e.emit('LogSoftmax', x, { axis }),
}
