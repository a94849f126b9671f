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
  reduceMin: ({ e, x: [x], attributes: { axes, keep } }) =>
    e.emit('ReduceMin', [x!, e.ints(axes)], { keepdims: keep ? 1 : 0 }),
  product: ({ e, x: [x], attributes: { axes, keep } }) =>
    e.emit('ReduceProd', [x!, e.ints(axes)], { keepdims: keep ? 1 : 0 }),
  argMin: ({ e, x, attributes: { axis } }) =>
    e.emit('Cast', [e.emit('ArgMin', x, { axis, keepdims: 0 })], { to: castTo.int32 }),
  cumulativeSum: ({ e, x: [x], attributes: { axis, exclusive, reverse } }) =>
    e.emit('CumSum', [x!, e.ints([axis])], { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }),
  softmax: ({ e, x, attributes: { axis } }) => e.emit('Softmax', x, { axis }),
  logSoftmax: ({ e, x, attributes: { axis } }) => e.emit('LogSoftmax', x, { axis }),
}
