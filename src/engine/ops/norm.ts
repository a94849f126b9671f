/** @file Normalisation. Each checks shapes and dtypes where it is called. */

import { node, nodes, shapeError, sizeOf, type Tensor } from '../tensor.ts'
import { floats } from './check.ts'
import { div, maximum, sqrt, square } from './elementwise.ts'
import { sum } from './reductions.ts'

/** (x - mean) / sqrt(variance + epsilon) over the last axis, times gain [D], plus bias [D]. */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  floats('layerNorm', x, gain, bias)
  const width = x.shape.at(-1)
  if (gain.shape.length !== 1 || gain.shape[0] !== width) shapeError('layerNorm', 'the gain does not fit', x, gain)
  if (bias.shape.length !== 1 || bias.shape[0] !== width) shapeError('layerNorm', 'the bias does not fit', x, bias)
  return node('layerNorm', [x, gain, bias], { epsilon }, x.shape)
}

/** Standardised last axis: `[ (x - mean) * r, r ]` with r = 1 / sqrt(variance + epsilon), r keeping a length-1 axis. */
export function standardize(x: Tensor, epsilon: number): [Tensor, Tensor] {
  floats('standardize', x)
  if (x.shape.length === 0) shapeError('standardize', 'needs an axis', x)
  const narrow = [...x.shape.slice(0, -1), 1]
  const results = [
    { shape: x.shape, dtype: 'float32' as const },
    { shape: narrow, dtype: 'float32' as const },
  ]
  return nodes('standardize', [x], { epsilon }, results) as unknown as [Tensor, Tensor]
}

/** x [B, C, ...] times a [C] plus b [C], per channel. */
export function channelAffine(x: Tensor, a: Tensor, b: Tensor): Tensor {
  floats('channelAffine', x, a, b)
  for (const v of [a, b]) {
    if (v.shape.length !== 1 || v.shape[0] !== x.shape[1])
      shapeError('channelAffine', 'needs one value a channel', x, v)
  }
  return node('channelAffine', [x, a, b], {}, x.shape)
}

/** x divided by its Euclidean norm along the last axis, n(x) = x / max(|x|, 1e-8). */
export function l2Normalize(x: Tensor): Tensor {
  return div(x, maximum(sqrt(maximum(sum(square(x), -1, true), 1e-24)), 1e-8))
}

/**
 * Batch normalisation of x [B, C, ...] with statistics of the batch: (x - mean) / sqrt(variance + epsilon) times gain [C]
 * plus bias [C], and the mean and (biased) variance [C] of each channel (Ioffe and Szegedy 2015).
 */
export function batchNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon: number): [Tensor, Tensor, Tensor] {
  floats('batchNorm', x, gain, bias)
  const [, c] = x.shape
  for (const v of [gain, bias])
    if (c === undefined || v.shape.length !== 1 || v.shape[0] !== c)
      shapeError('batchNorm', 'needs [B, C, ...] and one value a channel', x, v)
  if (sizeOf(x.shape) === 0) shapeError('batchNorm', 'there is nothing to average', x)
  const channel = { shape: [c as number], dtype: 'float32' as const }
  const results = [{ shape: x.shape, dtype: 'float32' as const }, channel, channel]
  return nodes('batchNorm', [x, gain, bias], { epsilon }, results) as unknown as [Tensor, Tensor, Tensor]
}
