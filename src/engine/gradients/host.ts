/** @file Derivatives of host nodes: each brings its own. */

import type { Hosts } from '../primitives.ts'
import type { Rules } from './site.ts'

export const host: Rules<keyof Hosts> = {
  host: ({ x, y, gs, attributes: { rule } }) => rule.backward?.({ x, y, gs }) ?? x.map(() => null),
}
