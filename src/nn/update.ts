/**
 * @file What happens between the gradients of a step and the next step: norm, clipping, the optimizer's sweeps, bounds,
 * the running average of the parameters. All vectors are buffers beside the runtime; here are only their names and places.
 */

import {
  activeGroups,
  type Entry,
  type Group,
  type Layout,
  lowerVectors,
  methodOf,
  type OptimizerConfig,
  type Runtime,
  type Session,
  type Sweep,
  type SweepRange,
  targetOf,
} from '../engine/index.ts'

/** How gradients become a step. */
export interface UpdateOptions {
  optimizer: OptimizerConfig
  /** Largest global norm of the gradient; longer ones are scaled down. Without it none is. */
  clipNorm?: number | undefined
  /** Each value of the gradient is first brought into [-clipValue, clipValue]. */
  clipValue?: number | undefined
  /** Bounds kept after each step, by parameter name. */
  bounds?: Readonly<Record<string, { low: number; high: number }>> | undefined
}

export interface Update {
  /** Names of the buffers that belong to the state, besides `parameters`; each is as long as the trained parameters. */
  readonly slots: readonly string[]
  /** Clips the values where asked, and measures the whole gradient of this step (0, 1, ...) before its norm is clipped. */
  measure(step: number): Promise<number>
  /** Moves the parameters by what lies in `gradients`; returns the seconds it took. */
  apply(step: number, rate: number, gradientNorm: number): Promise<number>
  dispose(): Promise<void>
}

/** Loads the optimizer's sweeps and makes its buffers, all zero. */
export async function openUpdate(runtime: Runtime, layout: Layout, options: UpdateOptions): Promise<Update> {
  const { optimizer, clipNorm = Number.POSITIVE_INFINITY, clipValue, bounds = {} } = options
  const method = methodOf(optimizer)
  const bufferOf = (vector: string): string =>
    vector === 'p' ? 'parameters' : vector === 'g' ? 'gradients' : `optimizer.${vector}`
  const slots = method.slots.map(bufferOf)
  for (const name of slots) await runtime.allocate(name, layout.trained)
  const loaded: { sweep: Sweep; session: Session; buffers: Record<string, string>; into: Record<string, string> }[] = []
  for (const sweep of method.sweeps) {
    const { bytes, inputs, outputs } = lowerVectors(sweep.graph, { target: targetOf(runtime.device) })
    const read = inputs.map(({ name }) => name).filter((name) => name !== 'rates')
    loaded.push({
      sweep,
      session: await runtime.load(bytes),
      buffers: Object.fromEntries(read.map((name) => [name, bufferOf(name)])),
      into: Object.fromEntries(outputs.map(({ name }) => [name, bufferOf(name.slice(0, -1))])),
    })
  }

  /** What is walked at this step, with the numbers of each part. */
  const rangesOf = async (sweep: Sweep, step: number, rate: number, clip: number): Promise<SweepRange[]> => {
    const momentOf = ({ factor, decay, frozenUntil }: Group) => ({
      t: step + 1 - frozenUntil,
      rate: rate * factor,
      clip,
      decay,
    })
    if (sweep.over === 'group')
      return activeGroups(layout, step).map((group) => ({
        start: group.start,
        end: group.end,
        constants: sweep.rates(momentOf(group)),
      }))
    const ranges: SweepRange[] = []
    for (const { offset: start, size, group } of activeEntries(layout, step)) {
      const end = start + size
      const norms = {
        p: await runtime.norm('parameters', start, end),
        g: await runtime.norm('gradients', start, end),
      }
      ranges.push({ start, end, constants: sweep.rates(momentOf(group as Group), norms) })
    }
    return ranges
  }

  return {
    slots,
    async measure() {
      if (clipValue !== undefined) await runtime.clamp('gradients', 0, layout.trained, -clipValue, clipValue)
      return runtime.norm('gradients', 0, layout.trained)
    },
    async apply(step, rate, gradientNorm) {
      const clip = Math.min(1, clipNorm / (gradientNorm + 1e-6))
      let seconds = 0
      for (const { sweep, session, buffers, into } of loaded) {
        const ranges = await rangesOf(sweep, step, rate, clip)
        seconds += (await session.sweep({ buffers, into, constants: 'rates', ranges })).seconds
      }
      for (const [name, { low, high }] of Object.entries(bounds)) {
        const entry = layout.byName.get(name)
        if (entry !== undefined) await runtime.clamp('parameters', entry.offset, entry.offset + entry.size, low, high)
      }
      return seconds
    },
    async dispose() {
      for (const { session } of loaded) await session.dispose()
    },
  }
}

/** The parameters that step number `step` (0, 1, ...) trains. */
export function activeEntries(layout: Layout, step: number): readonly Entry[] {
  const groups = activeGroups(layout, step)
  return layout.entries.filter(({ group }) => group !== undefined && groups.includes(group))
}
