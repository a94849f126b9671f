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
  // Two passes over x for the statistics: a mean of squares less a squared mean would lose too much.
  batchNorm({ e, x: [x, gain, bias], inputs, attributes: { epsilon } }) {
    const { shape } = inputs[0]!
    const channels = shape[1] as number
    const axes = e.ints(shape.flatMap((_, i) => (i === 1 ? [] : [i])))
    const [zeros, ones] = [e.floats(0, channels), e.floats(1, channels)]
    const affine = (a: string, b: string, mean: string, variance: string, small: number): string =>
      e.emit('BatchNormalization', [x!, a, b, mean, variance], { epsilon: { float: small } })
    const mean = e.emit('ReduceMean', [x!, axes], { keepdims: 0 })
    const centred = affine(ones, zeros, mean, ones, 0)
    const variance = e.emit('ReduceMean', [e.emit('Mul', [centred, centred]), axes], { keepdims: 0 })
    return [affine(gain!, bias!, mean, variance, epsilon), mean, variance]
  },
}
