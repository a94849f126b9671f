/** @file Every optimizer, by the `kind` of its configuration. */

import { z } from 'zod'
import { adam, adamW } from './optimizers/adam.ts'
import { lamb } from './optimizers/lamb.ts'
import { lion } from './optimizers/lion.ts'
import type { Method } from './optimizers/optimizer.ts'
import { sgd } from './optimizers/sgd.ts'

export type { Method, Moment, Sweep, TensorNorms } from './optimizers/optimizer.ts'

/** Configuration of an optimizer: `{ kind: 'adamw', ... }`; every number but the kind has a default. */
export const optimizerSchema = z.discriminatedUnion('kind', [
  adamW.config,
  adam.config,
  sgd.config,
  lamb.config,
  lion.config,
])
export type OptimizerConfig = z.output<typeof optimizerSchema>

/** Slots and sweeps of a configured optimizer. */
export function methodOf(config: OptimizerConfig): Method {
  switch (config.kind) {
    case 'adamw':
      return adamW.method(config)
    case 'adam':
      return adam.method(config)
    case 'sgd':
      return sgd.method(config)
    case 'lamb':
      return lamb.method(config)
    case 'lion':
      return lion.method(config)
  }
}
