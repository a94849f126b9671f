/** @file Memories of host nodes as named buffers of a training state. */

import { VesaliusError } from '../core/errors.ts'
import type { HostStates } from './scope.ts'

const prefix = (name: string): string => `host ${name} `

/** Copies of everything the memories hold, as `host NAME KEY`. */
export function hostBuffers(states: HostStates): Record<string, Float32Array> {
  const entries = [...states].flatMap(([name, state]) =>
    Object.entries(state.values()).map(([key, data]) => [prefix(name) + key, data] as const),
  )
  return Object.fromEntries(entries)
}

/** Gives every memory back what {@link hostBuffers} wrote. */
export function restoreHosts(states: HostStates, buffers: Readonly<Record<string, Float32Array>>): void {
  for (const [name, state] of states) {
    const own = Object.entries(buffers).filter(([buffer]) => buffer.startsWith(prefix(name)))
    if (own.length === 0) {
      throw new VesaliusError('CHECKPOINT_INVALID', `The state to go on from has nothing of the memory "${name}".`, {
        hint: 'It was saved by a run of another objective or configuration.',
      })
    }
    state.restore(Object.fromEntries(own.map(([buffer, data]) => [buffer.slice(prefix(name).length), data])))
  }
}
