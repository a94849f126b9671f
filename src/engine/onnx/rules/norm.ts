/** @file Lowering of normalisation. */

import type { Norms } from '../../primitives.ts'
import type { Rules } from './site.ts'

export const norm: Rules<keyof Norms> = {
  layerNorm: ({ e, x, attributes: { epsilon } }) =>
    e.emit('LayerNormalization', x, { axis: -1, epsilon: { float: epsilon } }),
  standardize({ e, x: [x], inputs, attributes: { epsilon } }) {
    const ones = e.floats(1, inputs[0]!.shape.at(-1))
    // Every output keeps a name: leaving out the mean would be legal ONNX but is not safe in the runtime.
    const [y, , r] = e.emitMany('LayerNormalization', [x!, ones], 3, { axis: -1, epsilon: { float: epsilon } })
    return [y!, r!]
  },
  channelAffine({ e, x: [x, a, b], inputs }) {
    const channels = inputs[1]!.shape[0] as number
    return e.emit('BatchNormalization', [x!, a!, b!, e.floats(0, channels), e.floats(1, channels)], {
      epsilon: { float: 0 },
    })
  },
}
