/**
 * @file Lowering of the derivatives of 2-D convolutions. ONNX has no operators for them; which formulation is fastest
 * depends on the shape, so it is chosen here, by measurement.
 */

import type { Shape, Window2d } from '../tensor.ts'
import { type Emitter, end } from './emitter.ts'

type Pair = readonly [number, number]

/** d/dx of <g, conv(x, w)>: [B, O, h, w] -> [B, C, H, W]. */
export function inputGradient(
  e: Emitter,
  g: string,
  w: string,
  shapes: { g: Shape; w: Shape },
  { strides, pads, input }: Window2d & { input: Shape },
): string {
  const kernel = shapes.w.slice(2) as unknown as Pair
  const margin = kernel.map((k, i) => k - 1 - pads[i]!)
  if (strides.every((s) => s === 1) && margin.every((n) => n >= 0)) {
    // A plain convolution with the kernel turned by 180 degrees is faster than ConvTranspose.
    const turned = e.emit('Slice', [w, e.ints([-1, -1]), e.ints([-end, -end]), e.ints([2, 3]), e.ints([-1, -1])])
    const swapped = e.emit('Transpose', [kernel.every((k) => k === 1) ? w : turned], { perm: [1, 0, 2, 3] })
    return e.emit('Conv', [g, swapped], { strides: [1, 1], pads: [...margin, ...margin] })
  }
  const extra = kernel.map((k, i) => input[i + 2]! - ((shapes.g[i + 2]! - 1) * strides[i]! - 2 * pads[i]! + k))
  return e.emit('ConvTranspose', [g, w], { strides, pads: [...pads, ...pads], output_padding: extra })
}

/** Fewer input channels than this: matrix products would be mere vectors, and one convolution does better. */
const fewChannels = 8

/** d/dw of <g, conv(x, w)>: x [B, C, H, W], g [B, O, h, w] -> [O, C, kh, kw]. */
export function weightGradient(
  e: Emitter,
  x: string,
  g: string,
  shapes: { x: Shape; g: Shape },
  attributes: Window2d & { weight: Shape },
): string {
  if ((shapes.x[1] as number) < fewChannels) return weightGradientByConvolution(e, x, g, attributes)
  const unit = attributes.strides.every((s) => s === 1)
  return (unit ? weightGradientByShifts : weightGradientBySlices)(e, x, g, shapes, attributes)
}

/** Images become channels and channels images; the output gradient is the kernel, spread by the stride. */
function weightGradientByConvolution(
  e: Emitter,
  x: string,
  g: string,
  { strides, pads, weight }: Window2d & { weight: Shape },
): string {
  const images = e.emit('Transpose', [x], { perm: [1, 0, 2, 3] })
  const kernels = e.emit('Transpose', [g], { perm: [1, 0, 2, 3] })
  const full = e.emit('Conv', [images, kernels], { strides: [1, 1], dilations: strides, pads: [...pads, ...pads] })
  const cut = e.emit('Slice', [full, e.ints([0, 0]), e.ints(weight.slice(2)), e.ints([2, 3])])
  return e.emit('Transpose', [cut], { perm: [1, 0, 2, 3] })
}

/** One product a kernel position: [O, K] x [C, K]^T -> [O, C, 1]; joined to [O, C, kh, kw]. */
function products(e: Emitter, pairs: readonly (readonly [string, string])[], weight: Shape): string {
  const each = pairs.map(([a, b]) => {
    const product = e.emit('FusedMatMul', [a, b], { transA: 0, transB: 1 }, 'com.microsoft')
    return e.emit('Unsqueeze', [product, e.ints([2])])
  })
  return e.emit('Reshape', [e.emit('Concat', each, { axis: 2 }), e.ints(weight)])
}

/**
 * Stride 1. Both tensors are laid out as [channels, B * rows * columns] with the same padded rows and columns; the pixel
 * under kernel position (i, j) is then a constant shift away, and padding of g with zeros keeps samples apart. Each
 * position is one long matrix product over a contiguous part: four times as fast as the convolution at 24 x 24.
 */
function weightGradientByShifts(
  e: Emitter,
  x: string,
  g: string,
  shapes: { x: Shape; g: Shape },
  { pads, weight }: Window2d & { weight: Shape },
): string {
  const [b, c, h, w] = shapes.x as readonly [number, number, number, number]
  const [, o, oh, ow] = shapes.g as readonly [number, number, number, number]
  const [, , kh, kw] = weight as readonly [number, number, number, number]
  const [rows, columns] = [h + 2 * pads[0], w + 2 * pads[1]]
  const images = e.emit('Transpose', [x], { perm: [1, 0, 2, 3] })
  const padded = e.emit('Pad', [images, e.ints([0, 0, pads[0], pads[1], 0, 0, pads[0], pads[1]])])
  const flatX = e.emit('Reshape', [padded, e.ints([c, b * rows * columns])])
  const outputs = e.emit('Transpose', [g], { perm: [1, 0, 2, 3] })
  const spread = e.emit('Pad', [outputs, e.ints([0, 0, 0, 0, 0, 0, rows - oh, columns - ow])])
  const flatG = e.emit('Reshape', [spread, e.ints([o, b * rows * columns])])
  // The last shift reaches beyond the end; g is zero there, so both are cut short by it.
  const length = b * rows * columns - ((kh - 1) * columns + (kw - 1))
  const part = (t: string, from: number): string =>
    e.emit('Slice', [t, e.ints([from]), e.ints([from + length]), e.ints([1])])
  const shortG = part(flatG, 0)
  const pairs = Array.from({ length: kh * kw }, (_, k) => {
    return [shortG, part(flatX, Math.floor(k / kw) * columns + (k % kw))] as const
  })
  return products(e, pairs, weight)
}

/** Larger strides: the pixels under each kernel position are cut out with the stride. */
function weightGradientBySlices(
  e: Emitter,
  x: string,
  g: string,
  shapes: { x: Shape; g: Shape },
  { strides, pads, weight }: Window2d & { weight: Shape },
): string {
  const [b, c] = shapes.x as readonly [number, number]
  const [, o, oh, ow] = shapes.g as readonly [number, number, number, number]
  const [, , kh, kw] = weight as readonly [number, number, number, number]
  const images = e.emit('Transpose', [x], { perm: [1, 0, 2, 3] })
  const padded = e.emit('Pad', [images, e.ints([0, 0, pads[0], pads[1], 0, 0, pads[0], pads[1]])])
  const flatG = e.emit('Reshape', [e.emit('Transpose', [g], { perm: [1, 0, 2, 3] }), e.ints([o, b * oh * ow])])
  const pairs = Array.from({ length: kh * kw }, (_, k) => {
    const [i, j] = [Math.floor(k / kw), k % kw]
    const ends = [i + (oh - 1) * strides[0] + 1, j + (ow - 1) * strides[1] + 1]
    const under = e.emit('Slice', [
      padded,
      e.ints([i, j]),
      e.ints(ends),
      e.ints([2, 3]),
      e.ints([strides[0], strides[1]]),
    ])
    return [flatG, e.emit('Reshape', [under, e.ints([c, b * oh * ow])])] as const
  })
  return products(e, pairs, weight)
}
