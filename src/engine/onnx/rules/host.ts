/** @file Host nodes have no lowering: a program runs them between its sessions. */

import { VesaliusError } from '../../../core/errors.ts'
import type { Hosts } from '../../primitives.ts'
import type { Rules } from './site.ts'

export const host: Rules<keyof Hosts> = {
  host({ attributes: { rule } }) {
    throw new VesaliusError('RUNTIME_FAILED', `The host node "${rule.name}" cannot be part of a session.`, {
      hint: 'Compile the graph with compileProgram, which runs host nodes between sessions; a served model has none.',
    })
  },
}
