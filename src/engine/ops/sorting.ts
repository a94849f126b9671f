/**
 * @file Order along an axis. Ties keep the order of their indices, lowest first. Gradients flow through the values. Each
 * checks shapes and dtypes where it is called.
 */

import { nodes, shapeError, type Tensor } from '../tensor.ts'
import { axisOf } from './check.ts'
import { add, mul } from './elementwise.ts'
import { slice, squeeze } from './shape.ts'

/** The k largest (or smallest) values along an axis (the last by default) in order, and their int32 indices. */
export function topK(x: Tensor, k: number, axis = -1, { largest = true } = {}): readonly [Tensor, Tensor] {
  return ordered('topK', x, k, axis, largest)
}

/** All values along an axis (the last by default), ascending unless told, and the int32 indices they come from. */
export function sort(x: Tensor, axis = -1, { descending = false } = {}): readonly [Tensor, Tensor] {
  return ordered('sort', x, x.shape[axisOf('sort', x, axis)] as number, axis, descending)
}

/** The int32 indices that sort x along an axis. */
export function argSort(x: Tensor, axis = -1, { descending = false } = {}): Tensor {
  return ordered('argSort', x, x.shape[axisOf('argSort', x, axis)] as number, axis, descending)[1]
}

/** The value at place k (from 0) in ascending order along an axis, which is removed. */
export function kthValue(x: Tensor, k: number, axis = -1): Tensor {
  const only = axisOf('kthValue', x, axis)
  const n = x.shape[only] as number
  if (!Number.isInteger(k) || k < 0 || k >= n) shapeError('kthValue', `axis ${only} has no place ${k}`, x)
  // From the nearer end.
  const low = k < n / 2
  const [values] = ordered('kthValue', x, low ? k + 1 : n - k, only, !low)
  const last = values.shape[only] as number
  return squeeze(slice(values, only, last - 1, last), only)
}

/** The middle value along an axis, which is removed; of an even number the mean of the two middle ones. */
export function median(x: Tensor, axis = -1): Tensor {
  const only = axisOf('median', x, axis)
  const n = x.shape[only] as number
  if (n === 0 || x.dtype !== 'float32') shapeError('median', 'needs float32 values', x)
  if (n % 2 === 1) return kthValue(x, (n - 1) / 2, only)
  const [values] = ordered('median', x, n / 2 + 1, only, false)
  const [low, high] = [n / 2 - 1, n / 2].map((place) => squeeze(slice(values, only, place, place + 1), only))
  return mul(add(low as Tensor, high as Tensor), 0.5)
}

function ordered(op: string, x: Tensor, k: number, axis: number, largest: boolean): readonly [Tensor, Tensor] {
  const only = axisOf(op, x, axis)
  if (x.dtype === 'bool') shapeError(op, 'needs numbers', x)
  if (!Number.isInteger(k) || k < 0 || k > (x.shape[only] as number))
    shapeError(op, `axis ${only} has not ${k} elements`, x)
  const shape = x.shape.map((n, i) => (i === only ? k : n))
  const results = [
    { shape, dtype: x.dtype },
    { shape, dtype: 'int32' as const },
  ]
  return nodes('topK', [x], { axis: only, k, largest }, results) as unknown as readonly [Tensor, Tensor]
}
