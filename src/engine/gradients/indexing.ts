/** @file Derivatives of indexing: picking and adding are each other's. Indices have none. */

import * as op from '../ops.ts'
import type { Indexing } from '../primitives.ts'
import type { Rules } from './site.ts'

export const indexing: Rules<keyof Indexing> = {
  gather({ x: [x, indices], g, attributes: { axis } }) {
    const size = x!.shape[axis] as number
    if (axis === 0) return [op.scatterAdd(g, indices!, size), null]
    // The indices' axes lead while rows are added, then the axis goes back to its place.
    const before = Array.from({ length: axis }, (_, i) => i)
    const among = indices!.shape.map((_, i) => axis + i)
    const rest = g.shape.map((_, i) => i).slice(axis + among.length)
    const rows = op.scatterAdd(op.transpose(g, [...among, ...before, ...rest]), indices!, size)
    const back = x!.shape.map((_, i) => (i < axis ? i + 1 : i === axis ? 0 : i))
    return [op.transpose(rows, back), null]
  },
  scatterAdd: ({ x: [, indices], g }) => [op.gather(g, indices!), null],
  batchGather: ({ x: [x, indices], g, attributes: { batchAxes } }) => [
    op.batchScatterAdd(g, indices!, x!.shape[batchAxes] as number, batchAxes),
    null,
  ],
  batchScatterAdd: ({ x: [, indices], g, attributes: { batchAxes } }) => [op.batchGather(g, indices!, batchAxes), null],
  takeAlongAxis: ({ x: [x, indices], g, attributes: { axis } }) => [
    op.addAlongAxis(g, indices!, axis, x!.shape[axis] as number),
    null,
  ],
  addAlongAxis: ({ x: [, indices], g, attributes: { axis } }) => [op.takeAlongAxis(g, indices!, axis), null],
  putAlongAxis: ({ x: [, indices, values], g, attributes: { axis } }) => [
    op.putAlongAxis(g, indices!, op.full(values!.shape, 0), axis),
    null,
    op.takeAlongAxis(g, indices!, axis),
  ],
}
