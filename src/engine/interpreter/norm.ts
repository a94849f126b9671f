/** @file Reference evaluation of normalisation. */

import type { Norms } from '../primitives.ts'
import { sizeOf } from '../tensor.ts'
import type { Rules, Values } from './site.ts'

/** Mean and 1 / sqrt(variance + epsilon) of each row. */
function rowMoments(x: Values, width: number, epsilon: number): { mean: number; r: number }[] {
  return Array.from({ length: x.length / width }, (_, row) => {
    const line = x.subarray(row * width, (row + 1) * width)
    const mean = line.reduce((s, v) => s + v, 0) / width
    const variance = line.reduce((s, v) => s + (v - mean) ** 2, 0) / width
    return { mean, r: 1 / Math.sqrt(variance + epsilon) }
  })
}

export const norm: Rules<keyof Norms> = {
  layerNorm({ x: [x, gain, bias], shape, attributes: { epsilon } }) {
    const width = shape.at(-1) as number
    const rows = rowMoments(x!, width, epsilon)
    return x!.map((v, i) => {
      const { mean, r } = rows[Math.floor(i / width)]!
      return (v - mean) * r * gain![i % width]! + bias![i % width]!
    })
  },
  standardize({ x: [x], shape, attributes: { epsilon } }) {
    const width = shape.at(-1) as number
    const rows = rowMoments(x!, width, epsilon)
    return [
      x!.map((v, i) => (v - rows[Math.floor(i / width)]!.mean) * rows[Math.floor(i / width)]!.r),
      Float64Array.from(rows, ({ r }) => r),
    ]
  },
  channelAffine({ x: [x, a, b], shape }) {
    const inner = sizeOf(shape.slice(2))
    const channels = shape[1] as number
    return x!.map((v, i) => v * a![Math.floor(i / inner) % channels]! + b![Math.floor(i / inner) % channels]!)
  },
  batchNorm({ x: [x, gain, bias], shape, attributes: { epsilon } }) {
    const inner = sizeOf(shape.slice(2))
    const channels = shape[1] as number
    const channelOf = (i: number): number => Math.floor(i / inner) % channels
    const average = (value: (v: number, channel: number) => number): Float64Array => {
      const totals = new Float64Array(channels)
      x!.forEach((v, i) => {
        totals[channelOf(i)]! += value(v, channelOf(i))
      })
      return totals.map((total) => total / (x!.length / channels))
    }
    const mean = average((v) => v)
    const variance = average((v, c) => (v - mean[c]!) ** 2)
    const y = x!.map((v, i) => {
      const c = channelOf(i)
      return ((v - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * gain![c]! + bias![c]!
    })
    return [y, mean, variance]
  },
}
