/** @file Lowering of pooling. */

import type { Pooling, PoolWindow } from '../../primitives.ts'
import { type Shape, sizeOf } from '../../tensor.ts'
import { inputGradient, windowAttributes } from '../convolution.ts'
import type { Emitter } from '../emitter.ts'
import { maxPoolByStack } from '../max-pool.ts'
import { bytesOf } from '../proto.ts'
import { castTo, type Rules } from './site.ts'

/** Windows side by side: each gradient repeated over its window, then fitted to the input [B, C, ...n]. */
function spreadOverWindows(e: Emitter, g: string, input: Shape, outputs: Shape, { kernel, pads }: PoolWindow): string {
  const [b, c, ...lengths] = input as [number, number, ...number[]]
  const covered = outputs.map((n, i) => n * kernel[i]!)
  const shared = e.emit('Div', [g, e.floats(sizeOf(kernel))])
  const apart = e.emit('Reshape', [shared, e.ints([b, c, ...outputs.flatMap((n) => [n, 1])])])
  const wide = e.emit('Expand', [apart, e.ints([b, c, ...outputs.flatMap((n, i) => [n, kernel[i]!])])])
  const joined = e.emit('Reshape', [wide, e.ints([b, c, ...covered])])
  // Zeros where no window reached, less where the windows reached into the padding: Pad does both.
  const before = pads.map(([n]) => -n)
  const after = lengths.map((n, i) => n + pads[i]![0] - covered[i]!)
  if ([...before, ...after].every((n) => n === 0)) return joined
  return e.emit('Pad', [joined, e.ints([0, 0, ...before, 0, 0, ...after])])
}

/** Windows that overlap or leave gaps: the derivative of a convolution with equal weights, each channel an image. */
function spreadByConvolution(e: Emitter, g: string, input: Shape, output: Shape, window: PoolWindow): string {
  const { kernel } = window
  const images = (shape: Shape): number[] => [sizeOf(shape.slice(0, 2)), 1, ...shape.slice(2)]
  const weight = [1, 1, ...kernel]
  const equal = new Float32Array(sizeOf(kernel)).fill(1 / sizeOf(kernel))
  const w = e.initializer({ name: '', dtype: 'float32', shape: weight, bytes: bytesOf(equal) })
  const flat = e.emit('Reshape', [g, e.ints(images(output))])
  const shapes = { x: images(input), w: weight, g: images(output) }
  return e.emit('Reshape', [inputGradient(e, flat, w, shapes, { ...window, groups: 1 }), e.ints(input)])
}

export const pooling: Rules<keyof Pooling> = {
  maxPool({ e, x, inputs, shape, attributes }) {
    if (e.target === 'webgpu') return maxPoolByStack(e, x[0]!, inputs[0]!.shape, shape, attributes)
    const [y, positions] = e.emitMany('MaxPool', x, 2, {
      kernel_shape: attributes.kernel,
      ...windowAttributes(attributes),
    })
    return [y!, e.emit('Cast', [positions!], { to: castTo.int32 })]
  },
  averagePool: ({ e, x, attributes }) =>
    e.emit('AveragePool', x, {
      kernel_shape: attributes.kernel,
      ...windowAttributes(attributes),
      count_include_pad: 1,
    }),
  averagePoolInputGradient({ e, x: [g], inputs: [tg], node, attributes }) {
    const { kernel, strides } = attributes
    const input = node.outputs[0]!.shape
    if (sizeOf(input) === 0) return e.emit('ConstantOfShape', [e.ints(input)])
    return kernel.every((k, i) => k === strides[i])
      ? spreadOverWindows(e, g!, input, tg!.shape.slice(2), attributes)
      : spreadByConvolution(e, g!, input, tg!.shape, attributes)
  },
}
