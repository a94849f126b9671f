/**
 * @file Elements picked and placed by int32 indices. Indices must lie within the axis; they are not checked when the graph
 * runs. Each operation checks shapes and dtypes where it is called.
 */

import { node, type Shape, shapeError, type Tensor } from '../tensor.ts'
import { axisOf, floats } from './check.ts'
import { cast, constant, equal } from './elementwise.ts'
import { broadcast, unsqueeze } from './shape.ts'

function ints(op: string, indices: Tensor, ...others: Tensor[]): void {
  if (indices.dtype !== 'int32') shapeError(op, 'needs int32 indices', ...others, indices)
}

const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/** Elements of x at indices [...I] along an axis (the first by default: rows of a table), which [...I] replaces. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  if (x.shape.length === 0 || indices.dtype !== 'int32')
    shapeError('gather', 'needs rows and int32 indices', x, indices)
  const only = axisOf('gather', x, axis)
  const shape = [...x.shape.slice(0, only), ...indices.shape, ...x.shape.slice(only + 1)]
  return node('gather', [x, indices], { axis: only }, shape, x.dtype)
}

/** A table [size, ...rest] of zeros to which rows `values` [...I, ...rest] are added at indices [...I]. */
export function scatterAdd(values: Tensor, indices: Tensor, size: number): Tensor {
  const rest = values.shape.slice(indices.shape.length)
  const fits = indices.shape.every((n, i) => n === values.shape[i])
  if (!fits || indices.dtype !== 'int32')
    shapeError('scatterAdd', 'the indices do not lead the values', values, indices)
  if (values.dtype !== 'float32') shapeError('scatterAdd', 'needs float32 values', values, indices)
  return node('scatterAdd', [values, indices], { size }, [size, ...rest])
}

/**
 * Rows of each batch entry: x [...B, N, ...rest] at indices [...B, ...I] gives [...B, ...I, ...rest], with as many axes in
 * B as `batchAxes` says. Patches that a mask leaves, tokens at a position of their own in each text.
 */
export function batchGather(x: Tensor, indices: Tensor, batchAxes = 1): Tensor {
  ints('batchGather', indices, x)
  checkBatch('batchGather', x, indices, batchAxes, batchAxes + 1)
  const shape = [...indices.shape, ...x.shape.slice(batchAxes + 1)]
  return node('batchGather', [x, indices], { batchAxes }, shape, x.dtype)
}

/** Zeros [...B, size, ...rest] to which values [...B, ...I, ...rest] are added at indices [...B, ...I]. */
export function batchScatterAdd(values: Tensor, indices: Tensor, size: number, batchAxes = 1): Tensor {
  ints('batchScatterAdd', indices, values)
  floats('batchScatterAdd', values)
  checkBatch('batchScatterAdd', values, indices, batchAxes, indices.shape.length)
  if (!same(indices.shape, values.shape.slice(0, indices.shape.length)))
    shapeError('batchScatterAdd', 'the indices do not lead the values', values, indices)
  const shape = [...indices.shape.slice(0, batchAxes), size, ...values.shape.slice(indices.shape.length)]
  return node('batchScatterAdd', [values, indices], { batchAxes, size }, shape)
}

function checkBatch(op: string, x: Tensor, indices: Tensor, batchAxes: number, least: number): void {
  const enough = batchAxes >= 0 && x.shape.length >= least && indices.shape.length >= batchAxes
  if (!enough || !same(x.shape.slice(0, batchAxes), indices.shape.slice(0, batchAxes)))
    shapeError(op, `the first ${batchAxes} axes are not the same batch`, x, indices)
}

/**
 * Element by element along an axis: y[.., j, ..] = x[.., indices[.., j, ..], ..]. The indices have as many axes as x and
 * broadcast against it on all but this one.
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  ints('takeAlongAxis', indices, x)
  const only = axisOf('takeAlongAxis', x, axis)
  const wide = spread('takeAlongAxis', indices, x, only)
  return node('takeAlongAxis', [x, wide], { axis: only }, wide.shape, x.dtype)
}

/** Zeros, `size` long on the axis, to which values are added: y[.., indices[.., j, ..], ..] += values[.., j, ..]. */
export function addAlongAxis(values: Tensor, indices: Tensor, axis: number, size: number): Tensor {
  ints('addAlongAxis', indices, values)
  floats('addAlongAxis', values)
  const only = axisOf('addAlongAxis', values, axis)
  const wide = spread('addAlongAxis', indices, values, only)
  if (!same(wide.shape, values.shape)) shapeError('addAlongAxis', `axis ${only} differs`, values, indices)
  const shape = values.shape.map((n, i) => (i === only ? size : n))
  return node('addAlongAxis', [values, wide], { axis: only, size }, shape)
}

/** x with elements replaced: y[.., indices[.., j, ..], ..] = values[.., j, ..]. No index may occur twice in a line. */
export function putAlongAxis(x: Tensor, indices: Tensor, values: Tensor, axis: number): Tensor {
  ints('putAlongAxis', indices, x)
  if (x.dtype !== values.dtype) shapeError('putAlongAxis', 'the dtypes differ', x, values)
  const only = axisOf('putAlongAxis', x, axis)
  const wide = spread('putAlongAxis', indices, x, only)
  if (!same(wide.shape, values.shape)) shapeError('putAlongAxis', 'one value an index is needed', indices, values)
  return node('putAlongAxis', [x, wide, values], { axis: only }, x.shape, x.dtype)
}

/** Indices widened to x's lengths on all axes but one. */
function spread(op: string, indices: Tensor, x: Tensor, axis: number): Tensor {
  const fits =
    indices.shape.length === x.shape.length && indices.shape.every((n, i) => i === axis || n === 1 || n === x.shape[i])
  if (!fits) shapeError(op, `the indices do not fit along axis ${axis}`, x, indices)
  return broadcast(
    indices,
    x.shape.map((n, i) => (i === axis ? (indices.shape[i] as number) : n)),
  )
}

/** A table [N, ...rest] with the rows at indices [K] replaced by rows [K, ...rest]: a queue, a memory bank. */
export function putRows(table: Tensor, indices: Tensor, rows: Tensor): Tensor {
  ints('putRows', indices, table)
  if (indices.shape.length !== 1 || !same(rows.shape, [indices.shape[0] as number, ...table.shape.slice(1)]))
    shapeError('putRows', 'one row an index is needed', table, indices, rows)
  let places = indices
  for (let i = 1; i < table.shape.length; i++) places = unsqueeze(places, -1)
  return putAlongAxis(table, places, rows, 0)
}

/** float32 [...I, classes]: 1 at the index, else 0; all 0 where the index is outside. */
export function oneHot(indices: Tensor, classes: number): Tensor {
  ints('oneHot', indices)
  const names = constant(
    Int32Array.from({ length: classes }, (_, i) => i),
    [classes],
  )
  return cast(equal(unsqueeze(indices, -1), names), 'float32')
}
