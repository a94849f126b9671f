/** @file Reference evaluation of convolution. */

import type { ConvWindow, Window, Windows } from '../primitives.ts'
import { type Shape, sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules } from './site.ts'

/**
 * Flat position, among the spatial positions of the input, of element `k` of the window at output position `y`; -1 in
 * the padding.
 */
export function under(
  { strides, pads, dilations }: Window,
  lengths: readonly number[],
  y: readonly number[],
  k: readonly number[],
): number {
  let flat = 0
  for (let i = 0; i < lengths.length; i++) {
    const at = y[i]! * strides[i]! - pads[i]![0] + k[i]! * dilations[i]!
    if (at < 0 || at >= lengths[i]!) return -1
    flat = flat * lengths[i]! + at
  }
  return flat
}

/** Visits every (input element, weight, output element) triple of a convolution by flat positions. */
function convolutionTriples(
  xs: Shape,
  ws: Shape,
  ys: Shape,
  window: ConvWindow,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [b, c, ...lengths] = xs as [number, number, ...number[]]
  const [o, narrow, ...kernel] = ws as [number, number, ...number[]]
  const outputs = ys.slice(2)
  const [pixels, positions, places] = [sizeOf(lengths), sizeOf(kernel), sizeOf(outputs)]
  forEachIndex(outputs, (y, place) => {
    forEachIndex(kernel, (k, position) => {
      const pixel = under(window, lengths, y, k)
      if (pixel < 0) return
      forEachIndex([b, o, narrow], ([sample, oc, ic]) => {
        const channel = Math.floor(oc! / (o / window.groups)) * narrow + ic!
        visit(
          (sample! * c + channel) * pixels + pixel,
          (oc! * narrow + ic!) * positions + position,
          (sample! * o + oc!) * places + place,
        )
      })
    })
  })
}

export const windows: Rules<keyof Windows> = {
  conv({ x: [x, w], inputs: [tx, tw], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(tx!.shape, tw!.shape, shape, attributes, (px, pw, py) => {
      out[py]! += x![px]! * w![pw]!
    })
    return out
  },
  convInputGradient({ x: [g, w], inputs: [tg, tw], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(shape, tw!.shape, tg!.shape, attributes, (px, pw, py) => {
      out[px]! += g![py]! * w![pw]!
    })
    return out
  },
  convWeightGradient({ x: [x, g], inputs: [tx, tg], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(tx!.shape, shape, tg!.shape, attributes, (px, pw, py) => {
      out[pw]! += x![px]! * g![py]!
    })
    return out
  },
}
