/** @file Reference evaluation of primitives that move elements. */

import type { Shapes } from '../primitives.ts'
import { sizeOf } from '../tensor.ts'
import { forEachIndex, type Rules, stridesOf, zip } from './site.ts'

export const shape: Rules<keyof Shapes> = {
  reshape: ({ x }) => x[0]!,
  transpose({ x, inputs, shape, attributes: { order } }) {
    const strides = stridesOf(inputs[0]!.shape)
    const out = new Float64Array(x[0]!.length)
    forEachIndex(shape, (index, flat) => {
      out[flat] = x[0]![index.reduce((s, n, i) => s + n * strides[order[i]!]!, 0)]!
    })
    return out
  },
  broadcast: zip((a) => a!),
  concat({ x, inputs, shape, attributes: { axis } }) {
    const out = new Float64Array(sizeOf(shape))
    const strides = stridesOf(shape)
    let start = 0
    inputs.forEach((part, p) => {
      forEachIndex(part.shape, (index, flat) => {
        out[index.reduce((s, n, i) => s + (i === axis ? n + start : n) * strides[i]!, 0)] = x[p]![flat]!
      })
      start += part.shape[axis]!
    })
    return out
  },
  slice({ x, inputs, shape, attributes: { starts } }) {
    const strides = stridesOf(inputs[0]!.shape)
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(shape, (index, flat) => {
      out[flat] = x[0]![index.reduce((s, n, i) => s + (n + starts[i]!) * strides[i]!, 0)]!
    })
    return out
  },
  stride({ x, inputs, shape, attributes: { axis, step } }) {
    const strides = stridesOf(inputs[0]!.shape)
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(shape, (index, flat) => {
      out[flat] = x[0]![index.reduce((s, n, i) => s + n * (i === axis ? step : 1) * strides[i]!, 0)]!
    })
    return out
  },
  split({ x, inputs, attributes: { axis, sizes }, node }) {
    const strides = stridesOf(inputs[0]!.shape)
    let start = 0
    return sizes.map((size, part) => {
      const out = new Float64Array(sizeOf(node.outputs[part]!.shape))
      forEachIndex(node.outputs[part]!.shape, (index, flat) => {
        out[flat] = x[0]![index.reduce((s, n, i) => s + (i === axis ? n + start : n) * strides[i]!, 0)]!
      })
      start += size
      return out
    })
  },
  flip({ x, shape, attributes: { axes } }) {
    const strides = stridesOf(shape)
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(shape, (index, flat) => {
      out[flat] = x[0]![index.reduce((s, n, i) => s + (axes.includes(i) ? shape[i]! - 1 - n : n) * strides[i]!, 0)]!
    })
    return out
  },
  pad({ x, inputs, shape, attributes: { before, value } }) {
    const strides = stridesOf(shape)
    const out = new Float64Array(sizeOf(shape)).fill(value)
    forEachIndex(inputs[0]!.shape, (index, flat) => {
      out[index.reduce((s, n, i) => s + (n + before[i]!) * strides[i]!, 0)] = x[0]![flat]!
    })
    return out
  },
}
