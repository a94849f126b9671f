/** @file Reference evaluation of activations. */

import type { Activations } from '../primitives.ts'
import { erf } from './elementwise.ts'
import { type Rules, zip } from './site.ts'

export const activations: Rules<keyof Activations> = {
  positive: zip((a) => Number(a! > 0)),
  relu: zip((a) => Math.max(a!, 0)),
  gelu: zip((a) => 0.5 * a! * (1 + erf(a! * Math.SQRT1_2))),
  quickGelu: zip((a) => a! / (1 + Math.exp(-1.702 * a!))),
  silu: zip((a) => a! / (1 + Math.exp(-a!))),
  softplus: zip((a) => Math.max(a!, 0) + Math.log1p(Math.exp(-Math.abs(a!)))),
  leakyRelu: (site) => zip((a) => (a! > 0 ? a! : site.attributes.slope * a!))(site),
  elu: (site) => zip((a) => (a! > 0 ? a! : site.attributes.alpha * Math.expm1(a!)))(site),
  clip: (site) => zip((a) => Math.min(Math.max(a!, site.attributes.low), site.attributes.high))(site),
}
