/** @file Pooling over one, two or three spatial axes. Each operation checks shapes and dtypes where it is called. */

import { node, nodes, type PoolWindow, shapeError, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { constant, mul } from './elementwise.ts'
import { type PerAxis, perAxis, type WindowOptions, windowLength, windowLengths, windowOf } from './windows.ts'

/** A pooling window; as in PyTorch, strides are the kernel unless said. */
export interface PoolOptions extends WindowOptions {
  kernel: PerAxis
  /** The last window may reach beyond the end, as long as it starts on an element (or on the padding before it). */
  ceil?: boolean
}

/** Checks x and the options; in ceil mode the padding after an axis grows by what the last window reaches beyond. */
function poolWindow(
  op: string,
  rank: number,
  x: Tensor,
  { kernel, ceil = false, ...options }: PoolOptions,
): PoolWindow {
  floats(op, x)
  if (x.shape.length !== rank + 2)
    shapeError(op, `needs ${['[B, C, L]', '[B, C, H, W]', '[B, C, D, H, W]'][rank - 1]}`, x)
  const sides = perAxis(op, 'kernel', kernel, rank, 1, x)
  const window = windowOf(op, x, rank, { strides: sides, ...options })
  // ONNX Runtime asks for this; more padding would make windows without a single element.
  const wide = window.pads.findIndex(([before, after], i) => before >= sides[i]! || after >= sides[i]!)
  if (wide >= 0)
    shapeError(op, `the padding of axis ${wide + 2} must be smaller than the kernel [${sides.join(', ')}]`, x)
  if (!ceil) return { ...window, kernel: sides }
  const pads = window.pads.map(([before, after], i): [number, number] => {
    const [stride, dilation, length] = [window.strides[i]!, window.dilations[i]!, x.shape[i + 2]!]
    let count = windowLength(length, sides[i]!, stride, before + after + stride - 1, dilation)
    if ((count - 1) * stride >= length + before) count--
    return [before, Math.max(after, (count - 1) * stride + dilation * (sides[i]! - 1) + 1 - length - before)]
  })
  return { ...window, pads, kernel: sides }
}

function maxPool(op: string, rank: number, x: Tensor, options: PoolOptions): Tensor {
  const window = poolWindow(op, rank, x, options)
  const shape = [...x.shape.slice(0, 2), ...windowLengths(op, x, window.kernel, window)]
  const results = [
    { shape, dtype: 'float32' as const },
    { shape, dtype: 'int32' as const },
  ]
  return nodes('maxPool', [x], window, results)[0] as Tensor
}

/** 1-D max pooling of x [B, C, L]; padding never wins. At a tie the first position gets the gradient. */
export function maxPool1d(x: Tensor, options: PoolOptions): Tensor {
  return maxPool('maxPool1d', 1, x, options)
}

/** 2-D max pooling of x [B, C, H, W]; padding never wins. At a tie the first position gets the gradient. */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return maxPool('maxPool2d', 2, x, options)
}

/** 3-D max pooling of x [B, C, D, H, W]; padding never wins. At a tie the first position gets the gradient. */
export function maxPool3d(x: Tensor, options: PoolOptions): Tensor {
  return maxPool('maxPool3d', 3, x, options)
}

/** Averages have no dilation, as in PyTorch. */
export interface AveragePoolOptions extends Omit<PoolOptions, 'dilations'> {
  /** Padding counts as zeros (the default, as in PyTorch); otherwise only the elements under the window are averaged. */
  countPadding?: boolean
}

/** How many elements each window covers along one axis: of the input and its padding, or of the input alone. */
function coverage(
  length: number,
  axis: number,
  count: number,
  window: PoolWindow,
  [before, after]: readonly [number, number],
): number[] {
  const [kernel, stride] = [window.kernel[axis]!, window.strides[axis]!]
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - window.pads[axis]![0]
    return Math.min(start + kernel, length + after) - Math.max(start, -before)
  })
}

function averagePool(op: string, rank: number, x: Tensor, options: AveragePoolOptions): Tensor {
  const { countPadding = true, ...rest } = options
  const window = poolWindow(op, rank, x, rest)
  const lengths = windowLengths(op, x, window.kernel, window)
  const y = node('averagePool', [x], window, [...x.shape.slice(0, 2), ...lengths])
  const { pads } = windowOf(op, x, rank, rest)
  const counts = lengths.map((n, i) => coverage(x.shape[i + 2]!, i, n, window, countPadding ? pads[i]! : [0, 0]))
  if (counts.every((list, i) => list.every((n) => n === window.kernel[i]))) return y
  // The primitive divides by the whole kernel everywhere.
  const share = counts.reduce<number[]>(
    (product, list, i) => product.flatMap((p) => list.map((n) => (p * window.kernel[i]!) / n)),
    [1],
  )
  return mul(y, constant(Float32Array.from(share), lengths))
}

/** 1-D average pooling of x [B, C, L]. */
export function averagePool1d(x: Tensor, options: AveragePoolOptions): Tensor {
  return averagePool('averagePool1d', 1, x, options)
}

/** 2-D average pooling of x [B, C, H, W]. */
export function averagePool2d(x: Tensor, options: AveragePoolOptions): Tensor {
  return averagePool('averagePool2d', 2, x, options)
}

/** 3-D average pooling of x [B, C, D, H, W]. */
export function averagePool3d(x: Tensor, options: AveragePoolOptions): Tensor {
  return averagePool('averagePool3d', 3, x, options)
}
