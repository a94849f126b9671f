/** @file Derivatives of primitives that move elements. */

import * as op from '../ops.ts'
import type { Shapes } from '../primitives.ts'
import type { Rules } from './site.ts'

const { reshape, transpose, sumTo } = op

export const shape: Rules<keyof Shapes> = {
  reshape: ({ x, g }) => [reshape(g, x[0]!.shape)],
  transpose({ g, attributes: { order } }) {
    const back = order.map((_, i) => order.indexOf(i))
    return [transpose(g, back)]
  },
  broadcast: ({ x, g }) => [sumTo(g, x[0]!.shape)],
  concat({ x, g, attributes: { axis } }) {
    let start = 0
    return x.map((part) => {
      const from = start
      start += part.shape[axis] as number
      return op.slice(g, axis, from, start)
    })
  },
  slice({ x: [x], g, attributes: { starts, ends } }) {
    return [
      op.pad(
        g,
        starts,
        x!.shape.map((n, i) => n - (ends[i] as number)),
      ),
    ]
  },
  pad: ({ x: [x], g, attributes: { before } }) => [
    before.reduce((t, from, axis) => op.slice(t, axis, from, from + (x!.shape[axis] as number)), g),
  ],
  gather: ({ x: [table, indices], g }) => [op.scatterAdd(g, indices!, table!.shape[0] as number), null],
  scatterAdd: ({ x: [, indices], g }) => [op.gather(g, indices!), null],
}
