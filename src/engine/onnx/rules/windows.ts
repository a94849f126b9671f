/** @file Lowering of convolution. */

import type { Windows } from '../../primitives.ts'
import { convAttributes, inputGradient, weightGradient } from '../convolution.ts'
import type { Rules } from './site.ts'

export const windows: Rules<keyof Windows> = {
  conv: ({ e, x, attributes }) => e.emit('Conv', x, convAttributes(attributes)),
  convInputGradient: ({ e, x: [g, w], inputs: [tg, tw], node, attributes }) =>
    inputGradient(e, g!, w!, { g: tg!.shape, w: tw!.shape, x: node.outputs[0]!.shape }, attributes),
  convWeightGradient: ({ e, x: [x, g], inputs: [tx, tg], node, attributes }) =>
    weightGradient(e, x!, g!, { x: tx!.shape, g: tg!.shape, w: node.outputs[0]!.shape }, attributes),
}
