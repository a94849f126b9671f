/** @file Derivatives of products. */

import * as op from '../ops.ts'
import type { Products } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import type { Rules, Site } from './site.ts'

const { matmul, reshape, sumTo } = op
const last = -1

/** Both operands of a matrix product, whichever way round they are read; broadcast leading axes are summed. */
function matmulRule({ x: [a, b], g, attributes: { transposeA, transposeB } }: Site<'matmul'>): Tensor[] {
  const da = transposeA
    ? matmul(b!, g, { transposeA: transposeB, transposeB: true })
    : matmul(g, b!, { transposeB: !transposeB })
  const db = transposeB
    ? matmul(g, a!, { transposeA: true, transposeB: transposeA })
    : productOverRows(a!, g, transposeA, b!)
  return [sumTo(da, a!.shape), sumTo(db, b!.shape)]
}

/** a^T g. For a weight shared by all leading axes, one big product instead of many small ones and a sum. */
function productOverRows(a: Tensor, g: Tensor, transposeA: boolean, b: Tensor): Tensor {
  if (b.shape.length === 2 && !transposeA && a.shape.length > 2) {
    const count = a.shape.slice(0, last).reduce((product, n) => product * n, 1)
    const rows = (t: Tensor): Tensor => reshape(t, [count, t.shape.at(last) as number])
    return matmul(rows(a), rows(g), { transposeA: true })
  }
  return matmul(a, g, { transposeA: !transposeA })
}

export const products: Rules<keyof Products> = {
  matmul: matmulRule,
}
