/** @file Lowering of convolution and pooling. */

import type { Windows } from '../../primitives.ts'
import { inputGradient, weightGradient } from '../convolution.ts'
import { castTo, type Rules } from './site.ts'

export const windows: Rules<keyof Windows> = {
  conv2d: ({ e, x, attributes: { strides, pads } }) => e.emit('Conv', x, { strides, pads: [...pads, ...pads] }),
  conv2dInputGradient: ({ e, x: [g, w], inputs: [tg, tw], attributes }) =>
    inputGradient(e, g!, w!, { g: tg!.shape, w: tw!.shape }, attributes),
  conv2dWeightGradient: ({ e, x: [x, g], inputs: [tx, tg], attributes }) =>
    weightGradient(e, x!, g!, { x: tx!.shape, g: tg!.shape }, attributes),
  maxPool2d({ e, x, attributes: { kernel, strides, pads } }) {
    const [y, positions] = e.emitMany('MaxPool', x, 2, { kernel_shape: kernel, strides, pads: [...pads, ...pads] })
    return [y!, e.emit('Cast', [positions!], { to: castTo.int32 })]
  },
}
