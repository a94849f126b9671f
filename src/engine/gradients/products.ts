/** @file Derivatives of products. */

import * as op from '../ops.ts'
import type { Products } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import type { Rules, Site } from './site.ts'

const { matmul, reshape, sumTo } = op
const last = -1

/** Both operands of a matrix product, whichever way round they are read; broadcast leading axes are summed. */
function matmulRule({ x: [a, b], g, attributes: { transposeA, transposeB, scale } }: Site<'matmul'>): Tensor[] {
  // A weight shared by all leading axes: one big product instead of many small ones and a sum.
  if (b!.shape.length === 2 && !transposeA && a!.shape.length > 2) return sharedWeightRule(a!, b!, g, transposeB, scale)
  const da = transposeA
    ? matmul(b!, g, { transposeA: transposeB, transposeB: true, scale })
    : matmul(g, b!, { transposeB: !transposeB, scale })
  const db = transposeB
    ? matmul(g, a!, { transposeA: true, transposeB: transposeA, scale })
    : matmul(a!, g, { transposeA: !transposeA, scale })
  return [sumTo(da, a!.shape), sumTo(db, b!.shape)]
}

/** a [..., K] times b [K, N] (or [N, K] read transposed), all rows of a and of the gradient in one matrix each. */
function sharedWeightRule(a: Tensor, b: Tensor, g: Tensor, transposeB: boolean, scale: number): Tensor[] {
  const rows = (t: Tensor): Tensor => {
    const count = t.shape.slice(0, last).reduce((product, n) => product * n, 1)
    return reshape(t, [count, t.shape.at(last) as number])
  }
  const [flatA, flatG] = [rows(a), rows(g)]
  const da = reshape(matmul(flatG, b, { transposeB: !transposeB, scale }), a.shape)
  const [left, right] = transposeB ? [flatG, flatA] : [flatA, flatG]
  return [da, matmul(left, right, { transposeA: true, scale })]
}

export const products: Rules<keyof Products> = {
  matmul: matmulRule,
}
