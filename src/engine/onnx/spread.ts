/**
 * @file Transposed convolution over three axes for WebGPU, whose ConvTranspose has at most two: zeros are put between the
 * elements of g, and what follows is a convolution of stride 1 with the turned kernel.
 */

import { type ConvWindow, type Shape, sizeOf } from '../tensor.ts'
import type { Emitter } from './emitter.ts'

/** [B, O, ...m] -> [B, O, ...(m - 1) * stride + 1], `strides` - 1 zeros between neighbours on each axis. */
export function withZerosBetween(e: Emitter, g: string, shape: Shape, strides: readonly number[]): string {
  const lengths = [...shape]
  let spread = g
  strides.forEach((stride, i) => {
    if (stride === 1) return
    const axis = i + 2
    const m = lengths[axis] as number
    const behind = sizeOf(lengths.slice(axis + 1))
    const rows = e.emit('Reshape', [spread, e.ints([-1, m, 1, behind])])
    const padded = e.emit('Pad', [rows, e.ints([0, 0, 0, 0, 0, 0, stride - 1, 0])])
    const joined = e.emit('Reshape', [padded, e.ints([-1, m * stride, behind])])
    lengths[axis] = (m - 1) * stride + 1
    const cut = e.emit('Slice', [joined, e.ints([0]), e.ints([lengths[axis]]), e.ints([1])])
    spread = e.emit('Reshape', [cut, e.ints([-1, ...lengths.slice(1)])])
  })
  return spread
}

/**
 * The convolution of stride 1 that remains, as attributes, and what has to be cut off its result where the padding of the
 * forward pass was wider than its kernel reaches. `rest` elements at the end of each axis were not seen by the forward pass.
 */
export function remainingConvolution(
  { pads, dilations, groups }: ConvWindow,
  kernel: Shape,
  rest: readonly number[],
): { window: ConvWindow; cut: (readonly [number, number])[] } {
  const margins = pads.map(([before, after], i) => {
    const reach = dilations[i]! * (kernel[i]! - 1)
    return [reach - before, reach - after + rest[i]!] as const
  })
  return {
    window: {
      strides: kernel.map(() => 1),
      pads: margins.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const),
      dilations,
      groups,
    },
    cut: margins.map(([before, after]) => [Math.max(-before, 0), Math.max(-after, 0)] as const),
  }
}
