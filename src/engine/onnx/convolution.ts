/**
 * @file Lowering of the derivatives of convolutions. ONNX has no operators for them; which formulation is fastest
 * depends on the shape, so it is chosen here, by measurement. `n` below stands for the spatial axes, one to three.
 */

import { type ConvWindow, type Shape, sizeOf, type Window } from '../tensor.ts'
import { type Emitter, end } from './emitter.ts'
import type { Attribute } from './proto.ts'
import { remainingConvolution, withZerosBetween } from './spread.ts'

/** Shapes of input [B, C, ...n], weight [O, C / groups, ...k] and output [B, O, ...m] of the convolution meant. */
interface Shapes {
  x: Shape
  w: Shape
  g: Shape
}

// ---------------------------------------------------------------- which formulation for which shape

/** Fewer input channels a group than this: matrix products would be mere vectors, and one convolution does better. */
const fewChannels = 8

/** More kernel positions than this (5 x 5 x 5): one product for each would make long graphs. */
const manyPositions = 125

/** d/dx: a plain convolution with the kernel turned by 180 degrees is faster than ConvTranspose, where it can be had. */
function inputFormulation({ strides, pads, dilations }: Window, kernel: Shape): 'convolution' | 'transposed' {
  const reaches = pads.every(([before, after], i) => Math.max(before, after) <= dilations[i]! * (kernel[i]! - 1))
  return reaches && strides.every((s) => s === 1) ? 'convolution' : 'transposed'
}

/** d/dw: products of long rows, one a kernel position, where there are channels enough to make matrices. */
function weightFormulation(
  { x, w, g }: Shapes,
  { strides, pads, groups }: ConvWindow,
): 'zeros' | 'convolution' | 'pointwise' | 'shifts' | 'slices' {
  const [, channels, ...kernel] = w as [number, number, ...number[]]
  if (sizeOf(x) === 0 || sizeOf(g) === 0) return 'zeros'
  if (channels < fewChannels || sizeOf(kernel) > manyPositions) return 'convolution'
  if (strides.some((s) => s !== 1)) return 'slices'
  const point = sizeOf(kernel) === 1 && groups === 1 && pads.every(([before, after]) => before + after === 0)
  return point ? 'pointwise' : 'shifts'
}

/** d/dx of <g, conv(x, w)>: g [B, O, ...m], w [O, C / groups, ...k] -> [B, C, ...n]. */
export function inputGradient(e: Emitter, g: string, w: string, shapes: Shapes, window: ConvWindow): string {
  return inputFormulation(window, shapes.w.slice(2)) === 'convolution'
    ? inputGradientByConvolution(e, g, w, shapes, window)
    : inputGradientTransposed(e, g, w, shapes, window)
}

/** d/dw of <g, conv(x, w)>: x [B, C, ...n], g [B, O, ...m] -> [O, C / groups, ...k]. */
export function weightGradient(e: Emitter, x: string, g: string, shapes: Shapes, window: ConvWindow): string {
  switch (weightFormulation(shapes, window)) {
    case 'zeros':
      return e.emit('ConstantOfShape', [e.ints(shapes.w)])
    case 'convolution':
      return weightGradientByConvolution(e, x, g, shapes, window)
    case 'pointwise':
      return weightGradientPointwise(e, x, g, shapes)
    case 'shifts':
      return weightGradientByShifts(e, x, g, shapes, window)
    case 'slices':
      return weightGradientBySlices(e, x, g, shapes, window)
  }
}

// ---------------------------------------------------------------- attributes

/** ONNX's order: all befores, then all afters. */
const sides = (pads: Window['pads']): number[] => [...pads.map(([before]) => before), ...pads.map(([, after]) => after)]

/** Attributes of Conv, ConvTranspose and poolings; what has its default is left out. */
export function windowAttributes({ strides, pads, dilations }: Window): Record<string, Attribute> {
  const wide = dilations.some((d) => d !== 1)
  return { strides, ...(wide ? { dilations } : {}), pads: sides(pads) }
}

/** Attributes of Conv and ConvTranspose. */
export function convAttributes(window: ConvWindow): Record<string, Attribute> {
  return { ...windowAttributes(window), ...(window.groups === 1 ? {} : { group: window.groups }) }
}

// ---------------------------------------------------------------- d/dx

function inputGradientByConvolution(
  e: Emitter,
  g: string,
  w: string,
  { x, w: ws, g: gs }: Shapes,
  window: ConvWindow,
): string {
  const { pads, dilations, groups } = window
  const kernel = ws.slice(2)
  const reach = kernel.map((k, i) => dilations[i]! * (k - 1))
  const margins = pads.map(([before, after], i) => [reach[i]! - before, reach[i]! - after] as const)
  const plain = { strides: kernel.map(() => 1), pads: margins, dilations, groups }
  return e.emit('Conv', [g, turnedKernel(e, w, x[1]!, gs[1]!, kernel, groups)], convAttributes(plain))
}

/** The kernel turned by 180 degrees, input and output channels exchanged: [O, C / groups, ...k] -> [C, O / groups, ...k]. */
function turnedKernel(e: Emitter, w: string, c: number, o: number, kernel: Shape, groups: number): string {
  if (kernel.every((k) => k === 1)) return swapChannels(e, w, c, o, kernel, groups)
  const axes = kernel.map((_, i) => i + 2)
  const each = (value: number): string => e.ints(axes.map(() => value))
  const turned = e.emit('Slice', [w, each(-1), each(-end), e.ints(axes), each(-1)])
  return swapChannels(e, turned, c, o, kernel, groups)
}

/** [O, C / groups, ...k] -> [C, O / groups, ...k]. */
function swapChannels(e: Emitter, w: string, c: number, o: number, kernel: Shape, groups: number): string {
  if (groups === 1) return e.emit('Transpose', [w], { perm: [1, 0, ...kernel.map((_, i) => i + 2)] })
  const split = e.emit('Reshape', [w, e.ints([groups, o / groups, c / groups, ...kernel])])
  const swapped = e.emit('Transpose', [split], { perm: [0, 2, 1, ...kernel.map((_, i) => i + 3)] })
  return e.emit('Reshape', [swapped, e.ints([c, o / groups, ...kernel])])
}

function inputGradientTransposed(
  e: Emitter,
  g: string,
  w: string,
  { x, w: ws, g: gs }: Shapes,
  window: ConvWindow,
): string {
  const { strides, pads, dilations } = window
  // What the strides of the convolution left over at the end of each axis.
  const rest = ws.slice(2).map((k, i) => {
    const [before, after] = pads[i]!
    return x[i + 2]! - ((gs[i + 2]! - 1) * strides[i]! - (before + after) + dilations[i]! * (k - 1) + 1)
  })
  if (e.target !== 'webgpu' || strides.length < 3)
    return e.emit('ConvTranspose', [g, w], { ...convAttributes(window), output_padding: rest })
  const kernel = ws.slice(2)
  const { window: unit, cut } = remainingConvolution(window, kernel, rest)
  const spread = withZerosBetween(e, g, gs, strides)
  const wide = e.emit('Conv', [spread, turnedKernel(e, w, x[1]!, gs[1]!, kernel, window.groups)], convAttributes(unit))
  if (cut.every(([before, after]) => before + after === 0)) return wide
  const starts = cut.map(([before]) => before)
  const ends = cut.map(([before], i) => before + x[i + 2]!)
  return e.emit('Slice', [wide, e.ints(starts), e.ints(ends), e.ints(kernel.map((_, i) => i + 2))])
}

// ---------------------------------------------------------------- d/dw

/** Images become channels and channels images; the output gradient is the kernel, spread by the stride. */
function weightGradientByConvolution(e: Emitter, x: string, g: string, shapes: Shapes, window: ConvWindow): string {
  const { strides, pads, dilations, groups } = window
  const [b, c, ...lengths] = shapes.x as [number, number, ...number[]]
  const spatial = lengths.map((_, i) => i + 2)
  const swap = { perm: [1, 0, ...spatial] }
  const images = groups === 1 ? e.emit('Transpose', [x], swap) : groupedImages(e, x, b, c, lengths, groups) // [C / G, G B, ...n]
  const kernels = e.emit('Transpose', [g], swap) //                                                           [O, B, ...m]
  const full = e.emit(
    'Conv',
    [images, kernels],
    convAttributes({ strides: dilations, pads, dilations: strides, groups }),
  )
  const kernel = shapes.w.slice(2)
  const cut = e.emit('Slice', [full, e.ints(kernel.map(() => 0)), e.ints(kernel), e.ints(spatial)])
  return e.emit('Transpose', [cut], swap)
}

/** [B, G * C', ...n] -> [C', G * B, ...n]: the batch of each group as its input channels. */
function groupedImages(e: Emitter, x: string, b: number, c: number, lengths: Shape, groups: number): string {
  const split = e.emit('Reshape', [x, e.ints([b, groups, c / groups, ...lengths])])
  const turned = e.emit('Transpose', [split], { perm: [2, 1, 0, ...lengths.map((_, i) => i + 3)] })
  return e.emit('Reshape', [turned, e.ints([c / groups, groups * b, ...lengths])])
}

/** [C, rows] of all groups, or [G, C / G, rows] with more groups than one. */
const grouped = (channels: number, groups: number): number[] =>
  groups === 1 ? [channels] : [groups, channels / groups]

/** One product a kernel position: [O, K] x [C, K]^T -> [O, C, 1] (a batch of them for groups), joined to [O, C, ...k]. */
function products(e: Emitter, pairs: readonly (readonly [string, string])[], weight: Shape, groups: number): string {
  const axis = groups === 1 ? 2 : 3
  const each = pairs.map(([a, b]) => {
    const product = e.emit('FusedMatMul', [a, b], { transA: 0, transB: 1 }, 'com.microsoft')
    return e.emit('Unsqueeze', [product, e.ints([axis])])
  })
  return e.emit('Reshape', [e.emit('Concat', each, { axis }), e.ints(weight)])
}

/** Multi-indices of all kernel positions, in row-major order. */
function positionsOf(kernel: Shape): number[][] {
  return kernel.reduce<number[][]>(
    (lists, k) => lists.flatMap((list) => Array.from({ length: k }, (_, i) => [...list, i])),
    [[]],
  )
}

/** x [B, C, ...n] -> [C, B, ...n with padding]. */
function paddedImages(e: Emitter, x: string, pads: Window['pads']): string {
  const images = e.emit('Transpose', [x], { perm: [1, 0, ...pads.map((_, i) => i + 2)] })
  if (pads.every(([before, after]) => before + after === 0)) return images
  return e.emit('Pad', [images, e.ints([0, 0, ...pads.map(([n]) => n), 0, 0, ...pads.map(([, n]) => n)])])
}

/**
 * Kernels of one element: a product an image and their sum, or, where the images are small beside the channels, one
 * product over all of them after moving the channels first.
 */
function weightGradientPointwise(e: Emitter, x: string, g: string, { x: xs, w, g: gs }: Shapes): string {
  const [b, c, ...lengths] = xs as [number, number, ...number[]]
  const o = gs[1] as number
  const positions = sizeOf(lengths)
  const product = (a: string, other: string): string =>
    e.emit('FusedMatMul', [a, other], { transA: 0, transB: 1 }, 'com.microsoft')
  const flat = (t: string, channels: number): string => e.emit('Reshape', [t, e.ints([b, channels, positions])])
  const [flatG, flatX] = [flat(g, o), flat(x, c)]
  if ((o * c) / (o + c) < positions) {
    const sums = e.emit('ReduceSum', [product(flatG, flatX), e.ints([0])], { keepdims: 0 }) //  [O, C]
    return e.emit('Reshape', [sums, e.ints(w)])
  }
  const long = (t: string, channels: number): string =>
    e.emit('Reshape', [e.emit('Transpose', [t], { perm: [1, 0, 2] }), e.ints([channels, b * positions])])
  return e.emit('Reshape', [product(long(flatG, o), long(flatX, c)), e.ints(w)])
}

/**
 * Stride 1. Both tensors are laid out as [channels, B * rows * columns] with the same padded rows and columns; the pixel
 * under kernel position (i, j) is then a constant shift away, and padding of g with zeros keeps samples apart. Each
 * position is one long matrix product over a contiguous part: four times as fast as the convolution at 24 x 24.
 */
function weightGradientByShifts(e: Emitter, x: string, g: string, shapes: Shapes, window: ConvWindow): string {
  const { pads, dilations, groups } = window
  const [b, c, ...lengths] = shapes.x as [number, number, ...number[]]
  const [, o, ...outputs] = shapes.g as [number, number, ...number[]]
  const kernel = shapes.w.slice(2)
  const padded = lengths.map((n, i) => n + pads[i]![0] + pads[i]![1])
  const total = b * sizeOf(padded)
  const flatX = e.emit('Reshape', [paddedImages(e, x, pads), e.ints([...grouped(c, groups), total])])
  const swapped = e.emit('Transpose', [g], { perm: [1, 0, ...lengths.map((_, i) => i + 2)] })
  const zeros = lengths.map(() => 0)
  const spread = e.emit('Pad', [swapped, e.ints([0, 0, ...zeros, 0, 0, ...padded.map((n, i) => n - outputs[i]!)])])
  const flatG = e.emit('Reshape', [spread, e.ints([...grouped(o, groups), total])])
  const shift = (position: readonly number[]): number =>
    position.reduce((flat, k, i) => flat * padded[i]! + k * dilations[i]!, 0)
  // The last shift reaches beyond the end; g is zero there, so both are cut short by it.
  const length = total - shift(kernel.map((k) => k - 1))
  const axis = groups === 1 ? 1 : 2
  const part = (t: string, from: number): string =>
    e.emit('Slice', [t, e.ints([from]), e.ints([from + length]), e.ints([axis])])
  const shortG = part(flatG, 0)
  const pairs = positionsOf(kernel).map((position) => [shortG, part(flatX, shift(position))] as const)
  return products(e, pairs, shapes.w, groups)
}

/** Larger strides: the pixels under each kernel position are cut out with the stride. */
function weightGradientBySlices(e: Emitter, x: string, g: string, shapes: Shapes, window: ConvWindow): string {
  const { strides, pads, dilations, groups } = window
  const [b, c] = shapes.x as [number, number]
  const [, o, ...outputs] = shapes.g as [number, number, ...number[]]
  const rows = b * sizeOf(outputs)
  const spatial = outputs.map((_, i) => i + 2)
  const padded = paddedImages(e, x, pads)
  const swapped = e.emit('Transpose', [g], { perm: [1, 0, ...spatial] })
  const flatG = e.emit('Reshape', [swapped, e.ints([...grouped(o, groups), rows])])
  const pairs = positionsOf(shapes.w.slice(2)).map((position) => {
    const starts = position.map((k, i) => k * dilations[i]!)
    const ends = starts.map((from, i) => from + (outputs[i]! - 1) * strides[i]! + 1)
    const under = e.emit('Slice', [padded, e.ints(starts), e.ints(ends), e.ints(spatial), e.ints(strides)])
    return [flatG, e.emit('Reshape', [under, e.ints([...grouped(c, groups), rows])])] as const
  })
  return products(e, pairs, shapes.w, groups)
}
