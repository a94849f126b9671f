/** @file Lowering of primitives that move elements. */

import type { Shapes } from '../../primitives.ts'
import { end } from '../emitter.ts'
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
  stride: ({ e, x: [x], attributes: { axis, step } }) =>
    e.emit('Slice', [x!, e.ints([0]), e.ints([end]), e.ints([axis]), e.ints([step])]),
  split: ({ e, x: [x], attributes: { axis, sizes } }) =>
    e.emitMany('Split', [x!, e.ints(sizes)], sizes.length, { axis }),
  flip({ e, x: [x], attributes: { axes } }) {
    const each = (value: number): string => e.ints(axes.map(() => value))
    return e.emit('Slice', [x!, each(end), each(-end), e.ints(axes), each(-1)])
  },
  pad: ({ e, x: [x], attributes: { before, after, value } }) =>
    e.emit('Pad', [x!, e.ints([...before, ...after]), ...(value === 0 ? [] : [e.floats(value)])]),
}
