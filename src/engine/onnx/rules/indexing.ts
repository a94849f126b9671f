/** @file Lowering of indexing. */

import { VesaliusError } from '../../../core/errors.ts'
import type { Indexing } from '../../primitives.ts'
import { sizeOf, type Tensor } from '../../tensor.ts'
import type { Dim, Emitter } from '../emitter.ts'
import { bytesOf } from '../proto.ts'
import { castTo, type Rules } from './site.ts'

/** ONNX's number of the type. */
const int64 = 7

/** Product of dimensions that must not depend on the batch. */
function fixedSize(op: string, dims: readonly Dim[]): number {
  return dims.reduce<number>((product, n) => {
    if (typeof n === 'number') return product * n
    throw new VesaliusError('RUNTIME_FAILED', `${op}: the rows depend on the batch size.`)
  }, 1)
}

/** A constant vector of places: int64, or int32 for ONNX Runtime's WebGPU provider, which knows no wider integers. */
function ints(e: Emitter, data: readonly number[], shape: readonly number[] = [data.length]): string {
  if (e.target !== 'webgpu')
    return e.initializer({ name: '', dtype: 'int64', shape, bytes: bytesOf(BigInt64Array.from(data, BigInt)) })
  return e.initializer({ name: '', dtype: 'int32', shape, bytes: bytesOf(Int32Array.from(data)) })
}

/**
 * Zeros of `shape`, seen as rows of `width` elements, to which `values` are added at `rows` ([n, 1], integers as of {@link ints}).
 *
 * ScatterND adds on several threads without a lock and loses sums where indices repeat (seen in ONNX Runtime 1.30).
 * ScatterElements goes one by one: the same sums every time, and in one dimension twice as fast as in two.
 */
function addRows(e: Emitter, values: string, rows: string, width: number, shape: readonly Dim[]): string {
  const flat = e.ints([-1])
  const columns = Array.from({ length: width }, (_, i) => i)
  const places = e.emit('Add', [e.emit('Mul', [rows, ints(e, [width])]), ints(e, columns)])
  const zeros = e.emit('Reshape', [e.emit('ConstantOfShape', [e.dims(shape)]), flat])
  const operands = [zeros, e.emit('Reshape', [places, flat]), e.emit('Reshape', [values, flat])]
  const sums = e.emit('ScatterElements', operands, { axis: 0, reduction: 'add' })
  return e.emit('Reshape', [sums, e.dims(shape)], { allowzero: 1 })
}

/** int32 indices as rows [n, 1]. */
function asColumn(e: Emitter, indices: string): string {
  const column = e.emit('Reshape', [indices, e.ints([-1, 1])])
  return e.target === 'webgpu' ? column : e.emit('Cast', [column], { to: int64 })
}

export const indexing: Rules<keyof Indexing> = {
  gather: ({ e, x, attributes: { axis } }) => e.emit('Gather', x, { axis }),
  scatterAdd({ e, x: [values, indices], inputs: [tv, ti], shape, dims }) {
    const width = fixedSize('scatterAdd', dims(tv!).slice(ti!.shape.length))
    return addRows(e, values!, asColumn(e, indices!), width, shape)
  },
  batchGather({ e, x: [x, indices], inputs: [, ti], dims, attributes: { batchAxes } }) {
    const tuples = e.emit('Reshape', [indices!, e.dims([...dims(ti!), 1])], { allowzero: 1 })
    // GatherND takes no other type.
    return e.emit('GatherND', [x!, e.emit('Cast', [tuples], { to: int64 })], { batch_dims: batchAxes })
  },
  batchScatterAdd({ e, x: [values, indices], inputs: [tv, ti], shape, dims, attributes: { batchAxes, size } }) {
    fixedSize('batchScatterAdd', shape)
    const [among, rest] = [(ti as Tensor).shape, dims(tv!).slice(ti!.shape.length)]
    const each = sizeOf(among.slice(batchAxes))
    const starts = Array.from({ length: sizeOf(among) }, (_, i) => Math.floor(i / each) * size)
    const rows = e.emit('Add', [asColumn(e, indices!), ints(e, starts, [starts.length, 1])])
    return addRows(e, values!, rows, fixedSize('batchScatterAdd', rest), shape)
  },
  takeAlongAxis: ({ e, x, attributes: { axis } }) => e.emit('GatherElements', x, { axis }),
  addAlongAxis: ({ e, x: [values, indices], shape, attributes: { axis } }) =>
    e.emit('ScatterElements', [e.emit('ConstantOfShape', [e.dims(shape)]), indices!, values!], {
      axis,
      reduction: 'add',
    }),
  putAlongAxis: ({ e, x: [x, indices, values], inputs: [tx], attributes: { axis } }) => {
    if (tx!.dtype !== 'bool') return e.emit('ScatterElements', [x!, indices!, values!], { axis })
    const numbers = [x!, values!].map((name) => e.emit('Cast', [name], { to: castTo.int32 }))
    const put = e.emit('ScatterElements', [numbers[0]!, indices!, numbers[1]!], { axis })
    return e.emit('Cast', [put], { to: castTo.bool })
  },
}
