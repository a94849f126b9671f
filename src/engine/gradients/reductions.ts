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
  argMax: () => [null],
  softmax: ({ y: [y], g, attributes: { axis } }) => [mul(y!, sub(g, sum(mul(g, y!), axis, true)))],
  logSoftmax: ({ y: [y], g, attributes: { axis } }) => [sub(g, mul(op.exp(y!), sum(g, axis, true)))],
}
