/** @file Pooling over one, two or three spatial axes. Each operation checks shapes and dtypes where it is called. */

import { nodes, shapeError, type Tensor, type Window } from '../tensor.ts'
import { floats } from './check.ts'
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
): Window & { kernel: readonly number[] } {
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
