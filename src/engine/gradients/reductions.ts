/** @file Derivatives of reductions. */

import * as op from '../ops.ts'
import type { Reductions } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import { type Rules, restore } from './site.ts'

const { sub, mul, div, sum, broadcast, cast } = op

/** Shares the gradient of an extremum among the elements that attain it. */
function share(attains: Tensor, g: Tensor, axes: readonly number[]): Tensor {
  const hit = cast(attains, 'float32')
  return mul(div(hit, sum(hit, axes, true)), g)
}

export const reductions: Rules<keyof Reductions> = {
  sum: ({ x: [x], g, attributes: { axes } }) => [broadcast(restore(g, x!, axes), x!.shape)],
  reduceMax: ({ x: [x], y: [y], g, attributes: { axes } }) => [
    share(op.equal(x!, restore(y!, x!, axes)), restore(g, x!, axes), axes),
  ],
  reduceMin: ({ x: [x], y: [y], g, attributes: { axes } }) => [
    share(op.equal(x!, restore(y!, x!, axes)), restore(g, x!, axes), axes),
  ],
  // Each factor's derivative is the product of the others. Where one factor is 0, only that one has any.
  product({ x: [x], g, attributes: { axes } }) {
    const zero = op.equal(x!, 0)
    const zeros = sum(cast(zero, 'float32'), axes, true)
    const safe = op.where(zero, 1, x!)
    const others = op.product(safe, axes, true)
    const only = op.where(op.and(zero, op.equal(zeros, 1)), others, 0)
    return [mul(restore(g, x!, axes), op.where(op.equal(zeros, 0), div(others, safe), only))]
  },
  argMax: () => [null],
  argMin: () => [null],
  cumulativeSum: ({ g, attributes: { axis, exclusive, reverse } }) => [
    op.cumulativeSum(g, axis, { exclusive, reverse: !reverse }),
  ],
  softmax: ({ y: [y], g, attributes: { axis } }) => [mul(y!, sub(g, sum(mul(g, y!), axis, true)))],
  logSoftmax: ({ y: [y], g, attributes: { axis } }) => [sub(g, mul(op.exp(y!), sum(g, axis, true)))],
}
