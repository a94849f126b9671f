/** @file Reference evaluation of products. */

import type { Products } from '../primitives.ts'
import { sizeOf } from '../tensor.ts'
import { broadcastPosition, forEachIndex, type Rules, stridesOf } from './site.ts'

export const products: Rules<keyof Products> = {
  matmul({ x: [a, b], inputs: [ta, tb], shape, attributes: { transposeA, transposeB, scale } }) {
    const out = new Float64Array(sizeOf(shape))
    const inner = ta!.shape.at(transposeA ? -2 : -1) as number
    const [sa, sb] = [stridesOf(ta!.shape), stridesOf(tb!.shape)]
    forEachIndex(shape, (index, flat) => {
      const lead = index.slice(0, -2)
      const [m, n] = index.slice(-2) as [number, number]
      let total = 0
      for (let k = 0; k < inner; k++) {
        const pa = transposeA ? [...lead, k, m] : [...lead, m, k]
        const pb = transposeB ? [...lead, n, k] : [...lead, k, n]
        total += a![broadcastPosition(ta!.shape, sa, pa)]! * b![broadcastPosition(tb!.shape, sb, pb)]!
      }
      out[flat] = total * scale
    })
    return out
  },
}
