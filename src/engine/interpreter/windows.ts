/** @file Reference evaluation of convolution and pooling. */

import type { Window2d, Windows } from '../primitives.ts'
import { type Shape, sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules } from './site.ts'

/** Visits every (input pixel, weight, output pixel) triple of a 2-D convolution by flat positions. */
function convolutionTriples(
  xs: Shape,
  ws: Shape,
  ys: Shape,
  { strides, pads }: Window2d,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [, c, h, w] = xs as [number, number, number, number]
  const [o, , kh, kw] = ws as [number, number, number, number]
  const [, , oh, ow] = ys as [number, number, number, number]
  forEachIndex([...ys, c, kh, kw], ([b, oc, i, j, ic, ki, kj]) => {
    const row = i! * strides[0] - pads[0] + ki!
    const col = j! * strides[1] - pads[1] + kj!
    if (row < 0 || row >= h || col < 0 || col >= w) return
    visit(
      ((b! * c + ic!) * h + row) * w + col,
      ((oc! * c + ic!) * kh + ki!) * kw + kj!,
      ((b! * o + oc!) * oh + i!) * ow + j!,
    )
  })
}

export const windows: Rules<keyof Windows> = {
  conv2d({ x: [x, w], inputs: [tx, tw], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(tx!.shape, tw!.shape, shape, attributes, (px, pw, py) => {
      out[py]! += x![px]! * w![pw]!
    })
    return out
  },
  conv2dInputGradient({ x: [g, w], inputs: [tg, tw], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(shape, tw!.shape, tg!.shape, attributes, (px, pw, py) => {
      out[px]! += g![py]! * w![pw]!
    })
    return out
  },
  conv2dWeightGradient({ x: [x, g], inputs: [tx, tg], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(tx!.shape, shape, tg!.shape, attributes, (px, pw, py) => {
      out[pw]! += x![px]! * g![py]!
    })
    return out
  },
  maxPool2d({ x: [x], inputs: [tx], shape, attributes }) {
    const best = new Float64Array(sizeOf(shape)).fill(Number.NEGATIVE_INFINITY)
    const position = new Float64Array(best.length)
    const [, c, h, w] = tx!.shape as [number, number, number, number]
    const { kernel, strides, pads } = attributes
    forEachIndex([...shape, ...kernel], ([b, channel, i, j, ki, kj], visit) => {
      const row = i! * strides[0] - pads[0] + ki!
      const col = j! * strides[1] - pads[1] + kj!
      if (row < 0 || row >= h || col < 0 || col >= w) return
      const from = ((b! * c + channel!) * h + row) * w + col
      const to = Math.floor(visit / (kernel[0] * kernel[1]))
      if (x![from]! > best[to]!) {
        best[to] = x![from]!
        position[to] = from
      }
    })
    return [best, position]
  },
}
