/** @file Reference evaluation of pooling. */

import type { Pooling, PoolWindow } from '../primitives.ts'
import { type Shape, sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules } from './site.ts'
import { under } from './windows.ts'

/** Visits every (input element, output element) pair of a pooling by flat positions, each window in row-major order. */
function poolingPairs(xs: Shape, ys: Shape, window: PoolWindow, visit: (x: number, y: number) => void): void {
  const [lengths, outputs] = [xs.slice(2), ys.slice(2)]
  const [pixels, places] = [sizeOf(lengths), sizeOf(outputs)]
  const planes = sizeOf(xs.slice(0, 2))
  forEachIndex(outputs, (y, place) => {
    forEachIndex(window.kernel, (k) => {
      const pixel = under(window, lengths, y, k)
      if (pixel < 0) return
      for (let plane = 0; plane < planes; plane++) visit(plane * pixels + pixel, plane * places + place)
    })
  })
}

export const pooling: Rules<keyof Pooling> = {
  maxPool({ x: [x], inputs: [tx], shape, attributes }) {
    const best = new Float64Array(sizeOf(shape)).fill(Number.NEGATIVE_INFINITY)
    const position = new Float64Array(best.length)
    poolingPairs(tx!.shape, shape, attributes, (from, to) => {
      if (x![from]! > best[to]!) {
        best[to] = x![from]!
        position[to] = from
      }
    })
    return [best, position]
  },
  averagePool({ x: [x], inputs: [tx], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    poolingPairs(tx!.shape, shape, attributes, (from, to) => {
      out[to]! += x![from]! / sizeOf(attributes.kernel)
    })
    return out
  },
  averagePoolInputGradient({ x: [g], inputs: [tg], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    poolingPairs(shape, tg!.shape, attributes, (to, from) => {
      out[to]! += g![from]! / sizeOf(attributes.kernel)
    })
    return out
  },
}
