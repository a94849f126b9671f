/** @file Reference evaluation of sampling. */

import type { Sampling } from '../primitives.ts'
import { sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules } from './site.ts'

export const sampling: Rules<keyof Sampling> = {
  sample({ x: [x, points], inputs: [tx], shape }) {
    const [, c, h, w] = tx!.shape as [number, number, number, number]
    const count = shape[3] as number
    const out = new Float64Array(sizeOf(shape))
    const read = (plane: number, row: number, column: number): number =>
      row < 0 || row >= h || column < 0 || column >= w ? 0 : x![(plane * h + row) * w + column]!
    forEachIndex(shape, ([b, channel, , p], flat) => {
      const place = (b! * count + p!) * 2
      const [left, top] = [Math.floor(points![place]!), Math.floor(points![place + 1]!)]
      const [across, down] = [points![place]! - left, points![place + 1]! - top]
      const plane = b! * c + channel!
      const upper = (1 - across) * read(plane, top, left) + across * read(plane, top, left + 1)
      const lower = (1 - across) * read(plane, top + 1, left) + across * read(plane, top + 1, left + 1)
      out[flat] = (1 - down) * upper + down * lower
    })
    return out
  },
}
