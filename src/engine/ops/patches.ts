/** @file Windows as columns and back, and channels traded for resolution. */

import { node, shapeError, sizeOf, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { constant } from './elementwise.ts'
import { reshape, transpose } from './shape.ts'
import { type PerAxis, perAxis, type WindowOptions, windowLength, windowLengths, windowOf } from './windows.ts'

export interface UnfoldOptions extends WindowOptions {
  kernel: PerAxis
}

/** [K, 1, ...kernel]: output channel i is the element at kernel position i. The convolution's own copying does the work. */
function positionsAsWeights(kernel: readonly number[]): Tensor {
  const count = sizeOf(kernel)
  const identity = new Float32Array(count * count)
  for (let i = 0; i < count; i++) identity[i * count + i] = 1
  return constant(identity, [count, 1, ...kernel])
}

/** Checks the number of spatial axes of x [B, C, ...spatial] and completes the window. */
function columnWindow(op: string, x: Tensor, rank: number, { kernel, ...options }: UnfoldOptions) {
  floats(op, x)
  if (rank < 1 || rank > 3) shapeError(op, 'needs one, two or three spatial axes', x)
  return { sides: perAxis(op, 'kernel', kernel, rank, 1, x), window: { ...windowOf(op, x, rank, options), groups: 1 } }
}

/**
 * The windows of x [B, C, ...spatial] as columns [B, C * product(kernel), windows], as torch.nn.functional.unfold (im2col);
 * padding gives zeros. A value that is not finite spoils every column of its windows.
 */
export function unfold(x: Tensor, options: UnfoldOptions): Tensor {
  const { sides, window } = columnWindow('unfold', x, x.shape.length - 2, options)
  const [b, c, ...spatial] = x.shape as [number, number, ...number[]]
  const lengths = windowLengths('unfold', x, sides, window)
  const images = reshape(x, [b * c, 1, ...spatial])
  const columns = node('conv', [images, positionsAsWeights(sides)], window, [b * c, sizeOf(sides), ...lengths])
  return reshape(columns, [b, c * sizeOf(sides), sizeOf(lengths)])
}

/**
 * Columns [B, C * product(kernel), windows] added up where their windows lie in [B, C, ...size], as
 * torch.nn.functional.fold (col2im): the transpose of `unfold`.
 */
export function fold(columns: Tensor, size: readonly number[], options: UnfoldOptions): Tensor {
  const { sides, window } = columnWindow('fold', columns, size.length, options)
  const [b, wide, count] = columns.shape as [number, number, number]
  const c = wide / sizeOf(sides)
  if (columns.shape.length !== 3 || !Number.isInteger(c))
    shapeError('fold', `needs [B, C * ${sizeOf(sides)}, windows]`, columns)
  const lengths = sides.map((k, i) => {
    const [before, after] = window.pads[i]!
    return windowLength(size[i]!, k, window.strides[i]!, before + after, window.dilations[i]!)
  })
  if (sizeOf(lengths) !== count)
    shapeError('fold', `axis 2 must hold ${sizeOf(lengths)} windows of [${size.join(', ')}]`, columns)
  const images = reshape(columns, [b * c, sizeOf(sides), ...lengths])
  const sums = node('convInputGradient', [images, positionsAsWeights(sides)], window, [b * c, 1, ...size])
  return reshape(sums, [b, c, ...size])
}

/** x [B, C * product(factor), ...n] -> [B, C, ...n * factor], as torch.nn.functional.pixel_shuffle on any number of axes. */
export function pixelShuffle(x: Tensor, factor: PerAxis): Tensor {
  const rank = x.shape.length - 2
  const by = perAxis('pixelShuffle', 'factor', factor, rank, 1, x)
  const [b, wide, ...spatial] = x.shape as [number, number, ...number[]]
  const c = wide / sizeOf(by)
  if (!Number.isInteger(c)) shapeError('pixelShuffle', `${sizeOf(by)} does not divide the channels (axis 1)`, x)
  const apart = reshape(x, [b, c, ...by, ...spatial])
  const order = [0, 1, ...spatial.flatMap((_, i) => [2 + rank + i, 2 + i])]
  return reshape(transpose(apart, order), [b, c, ...spatial.map((n, i) => n * by[i]!)])
}

/** x [B, C, ...n * factor] -> [B, C * product(factor), ...n]: undoes `pixelShuffle`. */
export function pixelUnshuffle(x: Tensor, factor: PerAxis): Tensor {
  const rank = x.shape.length - 2
  const by = perAxis('pixelUnshuffle', 'factor', factor, rank, 1, x)
  const [b, c, ...spatial] = x.shape as [number, number, ...number[]]
  const axis = spatial.findIndex((n, i) => n % by[i]! !== 0)
  if (axis >= 0) shapeError('pixelUnshuffle', `${by[axis]} does not divide axis ${axis + 2}`, x)
  const narrow = spatial.map((n, i) => n / by[i]!)
  const apart = reshape(x, [b, c, ...narrow.flatMap((n, i) => [n, by[i]!])])
  const order = [0, 1, ...narrow.map((_, i) => 3 + 2 * i), ...narrow.map((_, i) => 2 + 2 * i)]
  return reshape(transpose(apart, order), [b, c * sizeOf(by), ...narrow])
}
