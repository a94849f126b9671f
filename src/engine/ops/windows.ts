/** @file Convolution and pooling. Each checks shapes and dtypes where it is called. */

import { node, nodes, shapeError, type Tensor, type Window2d } from '../tensor.ts'
import { floats } from './check.ts'
/** Output length of a window along one axis. */
export function windowLength(length: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((length + 2 * padding - kernel) / stride) + 1
}

/** 2-D convolution (cross-correlation): x [B, C, H, W], weight [O, C, kh, kw] -> [B, O, H', W']. */
export function conv2d(x: Tensor, weight: Tensor, { strides, pads }: Window2d): Tensor {
  floats('conv2d', x, weight)
  if (x.shape.length !== 4 || weight.shape.length !== 4) shapeError('conv2d', 'needs four axes', x, weight)
  const [b, c, h, w] = x.shape as [number, number, number, number]
  const [o, c2, kh, kw] = weight.shape as [number, number, number, number]
  if (c !== c2) shapeError('conv2d', 'the channels differ', x, weight)
  const shape = [b, o, windowLength(h, kh, strides[0], pads[0]), windowLength(w, kw, strides[1], pads[1])]
  return node('conv2d', [x, weight], { strides, pads }, shape)
}

/** 2-D max pooling of x [B, C, H, W]; padding never wins. At a tie the first position gets the gradient. */
export function maxPool2d(x: Tensor, window: Window2d & { kernel: readonly [number, number] }): Tensor {
  const { kernel, strides, pads } = window
  floats('maxPool2d', x)
  const [b, c, h, w] = x.shape as [number, number, number, number]
  if (x.shape.length !== 4) shapeError('maxPool2d', 'needs [B, C, H, W]', x)
  // ONNX Runtime asks for this; more padding would make windows without a single element.
  if (kernel.some((k, i) => pads[i]! >= k)) shapeError('maxPool2d', 'the padding must be smaller than the kernel', x)
  const shape = [b, c, windowLength(h, kernel[0], strides[0], pads[0]), windowLength(w, kernel[1], strides[1], pads[1])]
  const results = [
    { shape, dtype: 'float32' as const },
    { shape, dtype: 'int32' as const },
  ]
  return nodes('maxPool2d', [x], window, results)[0] as Tensor
}
