/** @file Derivatives of normalisation. */

import * as op from '../ops.ts'
import type { Norms } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import type { Rules } from './site.ts'

const { add, sub, mul, div, neg, sum, sumTo } = op
const last = -1

/** d/dx of x̂ = (x - mean) r and of r = 1 / sqrt(variance + epsilon), over the last axis. */
function standardizeGradient(xhat: Tensor, r: Tensor, g: Tensor | undefined, gr: Tensor | undefined): Tensor | null {
  const parts: Tensor[] = []
  if (g !== undefined) {
    const centred = sub(sub(g, op.mean(g, last, true)), mul(xhat, op.mean(mul(g, xhat), last, true)))
    parts.push(mul(centred, r))
  }
  if (gr !== undefined) parts.push(mul(mul(gr, neg(op.square(r))), div(xhat, xhat.shape.at(last) as number)))
  return parts.length === 0 ? null : parts.reduce((a, b) => add(a, b))
}

export const norm: Rules<keyof Norms> = {
  layerNorm({ x: [x, gain, bias], g, attributes: { epsilon } }) {
    const [xhat, r] = op.standardize(x!, epsilon)
    return [
      standardizeGradient(xhat, r, mul(g, gain!), undefined),
      sumTo(mul(g, xhat), gain!.shape),
      sumTo(g, bias!.shape),
    ]
  },
  standardize: ({ y: [xhat, r], gs: [g, gr] }) => [standardizeGradient(xhat!, r!, g, gr)],
  channelAffine({ x: [x, a], g }) {
    const others = x!.shape.flatMap((_, i) => (i === 1 ? [] : [i]))
    const zero = op.constant(new Float32Array(a!.shape[0] as number), a!.shape)
    return [op.channelAffine(g, a!, zero), sum(mul(g, x!), others), sum(g, others)]
  },
}
