/** @file Derivatives that were given with a function. */

import type { Customs } from '../primitives.ts'
import { shapeError } from '../tensor.ts'
import type { Rules } from './site.ts'

export const custom: Rules<keyof Customs> = {
  // The first input is the result of the function's own operations: nothing flows through those.
  custom({ x: [, ...x], y: [y], g, attributes: { backward } }) {
    const flows = backward({ x, y: y!, g })
    if (flows.length !== x.length)
      shapeError('customGradient', `backward gave ${flows.length} gradients for ${x.length} inputs`, ...x)
    return [null, ...flows]
  },
}
