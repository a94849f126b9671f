/** @file Lowering of pooling. */

import type { Pooling } from '../../primitives.ts'
import { windowAttributes } from '../convolution.ts'
import { maxPoolByStack } from '../max-pool.ts'
import { castTo, type Rules } from './site.ts'

export const pooling: Rules<keyof Pooling> = {
  maxPool({ e, x, inputs, shape, attributes }) {
    if (e.target === 'webgpu') return maxPoolByStack(e, x[0]!, inputs[0]!.shape, shape, attributes)
    const [y, positions] = e.emitMany('MaxPool', x, 2, {
      kernel_shape: attributes.kernel,
      ...windowAttributes(attributes),
    })
    return [y!, e.emit('Cast', [positions!], { to: castTo.int32 })]
  },
}
