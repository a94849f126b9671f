/** @file Lowering of primitives that move elements. */

import { VesaliusError } from '../../../core/errors.ts'
import type { Shapes } from '../../primitives.ts'
import { end } from '../emitter.ts'
import { bytesOf } from '../proto.ts'
import type { Rules } from './site.ts'

export const shape: Rules<keyof Shapes> = {
  reshape: ({ e, x: [x], shape }) => e.emit('Reshape', [x!, e.dims(shape)], { allowzero: 1 }),
  transpose: ({ e, x, attributes: { order } }) => e.emit('Transpose', x, { perm: order }),
  broadcast: ({ e, x: [x], shape }) => e.emit('Expand', [x!, e.dims(shape)]),
  concat: ({ e, x, attributes: { axis } }) => e.emit('Concat', x, { axis }),
  slice({ e, x: [x], inputs, attributes: { starts, ends } }) {
    const cut = starts.flatMap((start, axis) => (start > 0 || ends[axis] !== inputs[0]!.shape[axis] ? [axis] : []))
    const stops = cut.map((axis) => (ends[axis] === inputs[0]!.shape[axis] ? end : ends[axis]!))
    return e.emit('Slice', [x!, e.ints(cut.map((axis) => starts[axis]!)), e.ints(stops), e.ints(cut)])
  },
  pad: ({ e, x: [x], attributes: { before, after } }) => e.emit('Pad', [x!, e.ints([...before, ...after])]),
  gather: ({ e, x }) => e.emit('Gather', x, { axis: 0 }),
  scatterAdd({ e, x: [values, indices], inputs: [tv, ti], shape, dims }) {
    const rest = dims(tv!).slice(ti!.shape.length)
    const width = rest.reduce<number>((product, n) => (typeof n === 'number' ? product * n : Number.NaN), 1)
    if (Number.isNaN(width)) throw new VesaliusError('RUNTIME_FAILED', 'scatterAdd: the rows depend on the batch size.')
    // ScatterND adds on several threads without a lock and loses sums where indices repeat (seen in ONNX Runtime 1.30).
    // ScatterElements goes one by one: the same sums every time, and in one dimension twice as fast as in two.
    const flat = e.ints([-1])
    const column = e.emit('Reshape', [indices!, e.ints([-1, 1])])
    // The WebGPU provider computes with 32-bit integers only.
    const int32 = e.target === 'webgpu'
    const rows = int32 ? column : e.emit('Cast', [column], { to: 7 })
    const whole = (data: readonly number[]): string =>
      int32
        ? e.initializer({ name: '', dtype: 'int32', shape: [data.length], bytes: bytesOf(Int32Array.from(data)) })
        : e.ints(data)
    const columns = whole(Array.from({ length: width }, (_, i) => i))
    const places = e.emit('Add', [e.emit('Mul', [rows, whole([width])]), columns])
    const zeros = e.emit('Reshape', [e.emit('ConstantOfShape', [e.dims(shape)]), flat])
    const sums = e.emit(
      'ScatterElements',
      [zeros, e.emit('Reshape', [places, flat]), e.emit('Reshape', [values!, flat])],
      { axis: 0, reduction: 'add' },
    )
    return e.emit('Reshape', [sums, e.dims(shape)], { allowzero: 1 })
  },
}
