/**
 * @file Maximum pooling for WebGPU, whose MaxPool does not tell where the maxima were. The elements under each position
 * of the window are cut out and stacked; the largest of the stack, and which one it was, are ordinary reductions.
 */

import type { Primitives } from '../primitives.ts'
import { type Shape, sizeOf } from '../tensor.ts'
import { windowAttributes } from './convolution.ts'
import type { Dim, Emitter } from './emitter.ts'
import { bytesOf } from './proto.ts'
import { castTo } from './rules/site.ts'

/** Lowest finite float32: what padding holds, so that it never wins. */
const lowest = -3.4028234663852886e38

/** Values of the maxima [B, C, ...] and their places in x, counted over all of it; the first of a tie. */
export function maxPoolByStack(
  e: Emitter,
  x: string,
  shape: Shape,
  outputs: readonly Dim[],
  attributes: Primitives['maxPool'],
): [string, string] {
  const { kernel, strides, pads, dilations } = attributes
  if (outputs.some((n) => typeof n !== 'number')) {
    // A served model has no use for the places.
    return [e.emit('MaxPool', [x], { kernel_shape: kernel, ...windowAttributes(attributes) }), '']
  }
  const lengths = shape.slice(2)
  const places = outputs.slice(2) as number[]
  const axes = lengths.map((_, i) => i + 2)
  const margins = [
    [0, 0, ...pads.map(([before]) => before)],
    [0, 0, ...pads.map(([, after]) => after)],
  ].flat()
  const padded = margins.some((n) => n > 0) ? e.emit('Pad', [x, e.ints(margins), e.floats(lowest)]) : x
  const windows = Array.from({ length: sizeOf(kernel) }, (_, k) => indexOf(k, kernel))
  const stack = windows.map((k) => {
    const starts = k.map((n, i) => n * dilations[i]!)
    const ends = starts.map((from, i) => from + (places[i]! - 1) * strides[i]! + 1)
    const under = e.emit('Slice', [padded, e.ints(starts), e.ints(ends), e.ints(axes), e.ints(strides)])
    return e.emit('Unsqueeze', [under, e.ints([0])])
  })
  const stacked = e.emit('Concat', stack, { axis: 0 })
  const y = e.emit('ReduceMax', [stacked, e.ints([0])], { keepdims: 0 })
  const which = e.emit('Cast', [e.emit('ArgMax', [stacked], { axis: 0, keepdims: 0 })], { to: castTo.int32 })

  // Place = plane + where the window starts + how far into the window, all in elements of x.
  const pixels = sizeOf(lengths)
  const far = (index: readonly number[]): number => index.reduce((sum, n, i) => sum * lengths[i]! + n, 0)
  const whole = (dims: Shape, data: readonly number[]): string =>
    e.initializer({ name: '', dtype: 'int32', shape: dims, bytes: bytesOf(Int32Array.from(data)) })
  const planes = whole(
    [shape[0]!, shape[1]!, ...lengths.map(() => 1)],
    Array.from({ length: shape[0]! * shape[1]! }, (_, i) => i * pixels),
  )
  const corners = whole(
    [1, 1, ...places],
    Array.from({ length: sizeOf(places) }, (_, i) =>
      far(indexOf(i, places).map((n, axis) => n * strides[axis]! - pads[axis]![0])),
    ),
  )
  const inside = whole(
    [windows.length],
    windows.map((k) => far(k.map((n, i) => n * dilations[i]!))),
  )
  const start = e.emit('Add', [planes, corners])
  return [y, e.emit('Add', [start, e.emit('Gather', [inside, which], { axis: 0 })])]
}

/** Row-major multi-index of a flat position. */
function indexOf(flat: number, shape: Shape): number[] {
  const index: number[] = []
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!)
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}
