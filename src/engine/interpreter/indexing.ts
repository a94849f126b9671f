/** @file Reference evaluation of indexing. */

import type { Indexing } from '../primitives.ts'
import { type Shape, sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules, stridesOf, type Values } from './site.ts'

/** Visits every (element of the indices' shape, the element it points to in `target`), by flat positions. */
function alongIndices(
  indices: Values,
  among: Shape,
  target: Shape,
  axis: number,
  visit: (flat: number, pointed: number) => void,
): void {
  const strides = stridesOf(target)
  forEachIndex(among, (index, flat) => {
    visit(
      flat,
      index.reduce((s, n, i) => s + (i === axis ? indices[flat]! : n) * strides[i]!, 0),
    )
  })
}

/** Visits every (row of the batch's indices, the row it points to), with `count` rows an entry of the batch. */
function batchRows(
  indices: Values,
  among: Shape,
  batchAxes: number,
  count: number,
  visit: (i: number, row: number) => void,
): void {
  const each = sizeOf(among.slice(batchAxes))
  indices.forEach((to, i) => {
    visit(i, Math.floor(i / each) * count + to)
  })
}

export const indexing: Rules<keyof Indexing> = {
  gather({ x: [x, indices], inputs: [tx], shape, attributes: { axis } }) {
    const row = sizeOf(tx!.shape.slice(axis + 1))
    const [length, outer] = [tx!.shape[axis]!, sizeOf(tx!.shape.slice(0, axis))]
    const out = new Float64Array(sizeOf(shape))
    for (let o = 0; o < outer; o++) {
      indices!.forEach((from, i) => {
        const start = (o * length + from) * row
        out.set(x!.subarray(start, start + row), (o * indices!.length + i) * row)
      })
    }
    return out
  },
  scatterAdd({ x: [values, indices], shape }) {
    const row = sizeOf(shape.slice(1))
    const out = new Float64Array(sizeOf(shape))
    indices!.forEach((to, i) => {
      for (let j = 0; j < row; j++) out[to * row + j]! += values![i * row + j]!
    })
    return out
  },
  batchGather({ x: [x, indices], inputs: [tx, ti], shape, attributes: { batchAxes } }) {
    const row = sizeOf(tx!.shape.slice(batchAxes + 1))
    const out = new Float64Array(sizeOf(shape))
    batchRows(indices!, ti!.shape, batchAxes, tx!.shape[batchAxes]!, (i, from) => {
      out.set(x!.subarray(from * row, (from + 1) * row), i * row)
    })
    return out
  },
  batchScatterAdd({ x: [values, indices], inputs: [, ti], shape, attributes: { batchAxes, size } }) {
    const row = sizeOf(shape.slice(batchAxes + 1))
    const out = new Float64Array(sizeOf(shape))
    batchRows(indices!, ti!.shape, batchAxes, size, (i, to) => {
      for (let j = 0; j < row; j++) out[to * row + j]! += values![i * row + j]!
    })
    return out
  },
  takeAlongAxis({ x: [x, indices], inputs: [tx], shape, attributes: { axis } }) {
    const out = new Float64Array(sizeOf(shape))
    alongIndices(indices!, shape, tx!.shape, axis, (flat, from) => {
      out[flat] = x![from]!
    })
    return out
  },
  addAlongAxis({ x: [values, indices], inputs: [tv], shape, attributes: { axis } }) {
    const out = new Float64Array(sizeOf(shape))
    alongIndices(indices!, tv!.shape, shape, axis, (flat, to) => {
      out[to]! += values![flat]!
    })
    return out
  },
  putAlongAxis({ x: [x, indices, values], inputs: [, ti], shape, attributes: { axis } }) {
    const out = x!.slice()
    alongIndices(indices!, ti!.shape, shape, axis, (flat, to) => {
      out[to] = values![flat]!
    })
    return out
  },
}
