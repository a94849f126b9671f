/** @file Lowering of sorting. */

import type { Sorting } from '../../primitives.ts'
import { castTo, type Rules } from './site.ts'

export const sorting: Rules<keyof Sorting> = {
  topK({ e, x: [x], inputs: [tx], shape, attributes: { axis, k, largest } }) {
    // Of nothing, ONNX Runtime 1.30 divides by zero and takes the process with it.
    if (shape.includes(0)) {
      const none = e.emit('ConstantOfShape', [e.dims(shape)])
      return [tx!.dtype, 'int32' as const].map((dtype) => e.emit('Cast', [none], { to: castTo[dtype] }))
    }
    const [values, indices] = e.emitMany('TopK', [x!, e.ints([k])], 2, { axis, largest: largest ? 1 : 0, sorted: 1 })
    return [values!, e.emit('Cast', [indices!], { to: castTo.int32 })]
  },
}
