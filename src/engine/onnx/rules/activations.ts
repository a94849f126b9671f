/** @file Lowering of activations. */

import type { Activations } from '../../primitives.ts'
import { microsoft, plain, type Rules } from './site.ts'

export const activations: Rules<keyof Activations> = {
  // One sweep where a comparison, a cast or a selection would be two or three: the slope is so steep that every normal
  // number above 0 reaches 1.
  positive: ({ e, x }) => e.emit('HardSigmoid', x, { alpha: { float: 3e38 }, beta: { float: 0 } }),
  relu: plain('Relu'),
  gelu: plain('Gelu', microsoft),
  quickGelu: ({ e, x }) => e.emit('QuickGelu', x, { alpha: { float: 1.702 } }, microsoft),
  silu: ({ e, x }) => e.emit('QuickGelu', x, { alpha: { float: 1 } }, microsoft),
  softplus: plain('Softplus'),
  leakyRelu: ({ e, x, attributes: { slope } }) => e.emit('LeakyRelu', x, { alpha: { float: slope } }),
  elu: ({ e, x, attributes: { alpha } }) => e.emit('Elu', x, { alpha: { float: alpha } }),
  clip: ({ e, x: [x], attributes: { low, high } }) => e.emit('Clip', [x!, e.floats(low), e.floats(high)]),
}
