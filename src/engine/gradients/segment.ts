/** @file Derivative of a segment's mark as such: the identity. Recomputation is in recompute.ts and gradients.ts. */

import type { Segments } from '../primitives.ts'
import type { Rules } from './site.ts'

export const segment: Rules<keyof Segments> = {
  segment: ({ x, gs }) => x.map((_, i) => gs[i] ?? null),
}
