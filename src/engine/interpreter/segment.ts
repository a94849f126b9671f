/** @file Reference evaluation of a segment's mark: its results as they are. */

import type { Segments } from '../primitives.ts'
import type { Rules } from './site.ts'

export const segment: Rules<keyof Segments> = {
  segment: ({ x, attributes: { results } }) => x.slice(0, results),
}
