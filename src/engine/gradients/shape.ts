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
  concat: ({ x, g, attributes: { axis } }) =>
    op.split(
      g,
      axis,
      x.map((part) => part.shape[axis] as number),
    ),
  slice({ x: [x], g, attributes: { starts, ends } }) {
    return [
      op.pad(
        g,
        starts,
        x!.shape.map((n, i) => n - (ends[i] as number)),
      ),
    ]
  },
  stride({ x: [x], g, attributes: { axis, step } }) {
    const n = x!.shape[axis] as number
    const lengths = (...middle: number[]): number[] => [
      ...g.shape.slice(0, axis),
      ...middle,
      ...g.shape.slice(axis + 1),
    ]
    const count = g.shape[axis] as number
    const apart = op.unsqueeze(g, axis + 1)
    const none = apart.shape.map(() => 0)
    const filled = op.pad(
      apart,
      none,
      none.map((_, i) => (i === axis + 1 ? step - 1 : 0)),
    )
    return [op.slice(reshape(filled, lengths(count * step)), axis, 0, n)]
  },
  split: ({ y, gs, attributes: { axis } }) => [
    op.concat(
      y.map((part, i) => gs[i] ?? op.full(part.shape, 0)),
      axis,
    ),
  ],
  flip: ({ g, attributes: { axes } }) => [op.flip(g, axes)],
  pad: ({ x: [x], g, attributes: { before } }) => [
    before.reduce((t, from, axis) => op.slice(t, axis, from, from + (x!.shape[axis] as number)), g),
  ],
}
