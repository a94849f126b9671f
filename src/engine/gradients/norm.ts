/** @file Derivatives of normalisation. */

import * as op from '../ops.ts'
import type { Norms } from '../primitives.ts'
import { sizeOf, type Tensor } from '../tensor.ts'
import type { Rules, Site } from './site.ts'

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

/** [..., D] -> [rows, D]. */
const rows = (x: Tensor): Tensor => op.reshape(x, [sizeOf(x.shape.slice(0, last)), x.shape.at(last) as number])

/**
 * Closed form: with n values a channel, x̂ = (x - m) r and r = 1 / sqrt(v + epsilon),
 *   dgain = sum(g x̂),  dbias = sum(g),  dx = gain r (g - dbias / n - x̂ dgain / n) = a g + b x + c per channel.
 */
function batchNormRule({ x: [x, gain, bias], y, gs, attributes: { epsilon } }: Site<'batchNorm'>): Tensor[] {
  const [g = op.full(x!.shape, 0), gMean, gVariance] = gs
  const [, m, v] = y as [Tensor, Tensor, Tensor]
  const n = sizeOf(x!.shape) / (gain!.shape[0] as number)
  const others = x!.shape.flatMap((_, i) => (i === 1 ? [] : [i]))
  const r = div(1, op.sqrt(add(v, epsilon))) //                                               [C]
  const dbias = sum(g, others)
  const dgain = mul(r, sub(sum(mul(g, x!), others), mul(m, dbias)))
  const a = mul(gain!, r)
  let b = div(mul(neg(mul(a, r)), dgain), n)
  let c = sub(div(neg(mul(a, dbias)), n), mul(b, m))
  if (gVariance !== undefined) {
    const slope = mul(gVariance, 2 / n)
    b = add(b, slope)
    c = sub(c, mul(slope, m))
  }
  if (gMean !== undefined) c = add(c, div(gMean, n))
  return [add(op.channelAffine(g, a, c), op.channelAffine(x!, b, op.full(bias!.shape, 0))), dgain, dbias]
}

export const norm: Rules<keyof Norms> = {
  layerNorm({ x: [x, gain, bias], g, attributes: { epsilon } }) {
    const [xhat, r] = op.standardize(x!, epsilon)
    const along = mul(g, xhat)
    // Row means of (g gain) and (g gain x̂), read off g and g x̂ as matrix-vector products.
    const share = op.reshape(div(gain!, gain!.shape[0] as number), [-1, 1])
    const [mean, slope] = [op.matmul(rows(g), share), op.matmul(rows(along), share)].map((column) =>
      op.reshape(column, r.shape),
    ) as [Tensor, Tensor]
    const dx = mul(sub(sub(mul(g, gain!), mean), mul(xhat, slope)), r)
    return [dx, sumTo(along, gain!.shape), sumTo(g, bias!.shape)]
  },
  standardize: ({ y: [xhat, r], gs: [g, gr] }) => [standardizeGradient(xhat!, r!, g, gr)],
  channelAffine({ x: [x, a], g }) {
    const others = x!.shape.flatMap((_, i) => (i === 1 ? [] : [i]))
    const zero = op.constant(new Float32Array(a!.shape[0] as number), a!.shape)
    return [op.channelAffine(g, a!, zero), sum(mul(g, x!), others), sum(g, others)]
  },
  batchNorm: batchNormRule,
}
