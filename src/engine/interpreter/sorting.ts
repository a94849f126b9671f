/** @file Reference evaluation of sorting. */

import type { Sorting } from '../primitives.ts'
import { sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules, stridesOf } from './site.ts'

export const sorting: Rules<keyof Sorting> = {
  topK({ x: [x], inputs: [tx], shape, attributes: { axis, k, largest } }) {
    const values = new Float64Array(sizeOf(shape))
    const indices = new Float64Array(values.length)
    const [from, to] = [stridesOf(tx!.shape), stridesOf(shape)]
    const length = tx!.shape[axis]!
    forEachIndex(
      shape.map((n, i) => (i === axis ? 1 : n)),
      (index) => {
        const start = index.reduce((s, n, i) => s + n * from[i]!, 0)
        const target = index.reduce((s, n, i) => s + n * to[i]!, 0)
        const line = Array.from({ length }, (_, place) => ({ value: x![start + place * from[axis]!]!, place }))
        line.sort((a, b) => (largest ? b.value - a.value : a.value - b.value) || a.place - b.place)
        line.slice(0, k).forEach(({ value, place }, i) => {
          values[target + i * to[axis]!] = value
          indices[target + i * to[axis]!] = place
        })
      },
    )
    return [values, indices]
  },
}
