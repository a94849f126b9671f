/** @file A host node that changes nothing: to look at values in the middle of a step, and to cut a graph for tests. */

import { type HostRule, type HostValue, hostNode } from '../host.ts'
import type { Tensor } from '../tensor.ts'

/** x itself, shown to `look` on its way; its gradient passes through a tap of its own, shown to `lookBack`. */
export function tap(
  name: string,
  x: Tensor,
  look: (value: HostValue) => void = () => {},
  lookBack: (gradient: HostValue) => void = () => {},
): Tensor {
  const rule: HostRule = {
    name,
    forward([value]) {
      look(value as HostValue)
      return [(value as HostValue).data]
    },
    backward: ({ gs: [g] }) => [g === undefined ? null : tap(`${name} gradient`, g, lookBack)],
  }
  return hostNode(rule, [x], [x])[0] as Tensor
}
