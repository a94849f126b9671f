/**
 * @file What happens between the gradients of a step and the next step: mean over batches, norm, clipping, the optimizer's
 * sweeps, bounds, the running average of the parameters. All vectors are buffers beside the runtime; here are only their
 * names and places.
 */

import {
  type AverageConfig,
  activeGroups,
  averageDecay,
  averageSweep,
  type Entry,
  type Group,
  type Layout,
  meanSweeps,
  methodOf,
  type OptimizerConfig,
  type Outputs,
  type Runtime,
  type Sweep,
  type Sweeper,
  type SweepRange,
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
  /** Keeps a running average of the trained parameters. */
  average?: AverageConfig | undefined
  /** Steps will be made of several batches. */
  accumulates?: boolean | undefined
}

export interface Update {
  /** Names of the buffers that belong to the state, besides `parameters`; each is as long as the trained parameters. */
  readonly slots: readonly string[]
  /** Takes the gradients of batch i of k into the mean; after the last one `gradients` holds it. Returns seconds. */
  accumulate(i: number, k: number): Promise<number>
  /** Clips the values where asked, and measures the whole gradient before its norm is clipped. */
  measure(): Promise<number>
  /** Moves the parameters by what lies in `gradients`, which need not survive it; returns the seconds it took. */
  apply(step: number, rate: number, gradientNorm: number): Promise<number>
  /** Puts the state at its beginning, for the present parameters. */
  reset(): Promise<void>
  dispose(): Promise<void>
}

const averageBuffer = 'average'
const bufferOf: (vector: string) => string = (vector) =>
  vector === 'p' ? 'parameters' : vector === 'g' ? 'gradients' : `optimizer.${vector}`

/** Makes the buffers `parameters` and `gradients` and those of the optimizer, all zero, and loads its sweeps. */
export async function openUpdate(runtime: Runtime, layout: Layout, options: UpdateOptions): Promise<Update> {
  const { optimizer, clipValue, bounds = {}, average, accumulates } = options
  const { trained } = layout
  const method = methodOf(optimizer)
  const slots = method.slots.map(bufferOf)
  const others = [...(average ? [averageBuffer] : []), ...(accumulates ? ['sum of gradients'] : [])]
  const long = ['gradients', ...slots, ...others].map((name) => [name, trained] as const)
  await runtime.allocateTogether({ parameters: layout.length, ...Object.fromEntries(long) })

  const loaded: Sweeper[] = []
  const load = async (graph: Outputs): Promise<Sweeper> => {
    const sweeper = await runtime.loadSweep(graph)
    loaded.push(sweeper)
    return sweeper
  }
  const vectors = Object.fromEntries(['p', 'g', ...method.slots].map((name) => [name, bufferOf(name)]))
  const sweeps: { sweep: Sweep; sweeper: Sweeper }[] = []
  for (const sweep of method.sweeps) sweeps.push({ sweep, sweeper: await load(sweep.graph) })
  const averaging = average && { config: average, sweeper: await load(averageSweep()) }
  const mean = meanSweeps()
  const means = accumulates && {
    first: await load(mean.first),
    next: await load(mean.next),
    last: await load(mean.last),
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
    const ranges = activeEntries(layout, step).map(async ({ offset: start, size, group }) => {
      const end = start + size
      const [p, g] = await Promise.all([runtime.norm('parameters', start, end), runtime.norm('gradients', start, end)])
      return { start, end, constants: sweep.rates(momentOf(group as Group), { p, g }) }
    })
    return Promise.all(ranges)
  }

  return {
    slots: [...slots, ...(average ? [averageBuffer] : [])],
    async accumulate(i, k) {
      if (k === 1 || !means) return 0
      const sweeper = i === 0 ? means.first : i + 1 < k ? means.next : means.last
      const ranges = [{ start: 0, end: trained, constants: Float32Array.of(1 / k, 1) }]
      return (await sweeper.sweep({ buffers: { g: 'gradients', sum: 'sum of gradients' }, ranges })).seconds
    },
    async measure() {
      if (clipValue !== undefined) await runtime.clamp('gradients', 0, trained, -clipValue, clipValue)
      return runtime.norm('gradients', 0, trained)
    },
    async apply(step, rate, gradientNorm) {
      const clip = clipFactor(options, gradientNorm)
      let seconds = 0
      for (const { sweep, sweeper } of sweeps) {
        const ranges = await rangesOf(sweep, step, rate, clip)
        seconds += (await sweeper.sweep({ buffers: vectors, ranges })).seconds
      }
      for (const [name, { low, high }] of Object.entries(bounds)) {
        const entry = layout.byName.get(name)
        if (entry !== undefined) await runtime.clamp('parameters', entry.offset, entry.offset + entry.size, low, high)
      }
      if (averaging) {
        const fresh = Float32Array.of(1 - averageDecay(averaging.config, step + 1))
        const ranges = [{ start: 0, end: trained, constants: fresh }]
        const buffers = { p: 'parameters', average: averageBuffer }
        seconds += (await averaging.sweeper.sweep({ buffers, ranges })).seconds
      }
      return seconds
    },
    async reset() {
      for (const name of slots) await runtime.write(name, 0, new Float32Array(trained))
      if (average) await runtime.write(averageBuffer, 0, await runtime.read('parameters', 0, trained))
    },
    async dispose() {
      for (const sweeper of loaded) await sweeper.dispose()
    },
  }
}

/** By how much a gradient of this norm is scaled down, as torch.nn.utils.clip_grad_norm_. */
export function clipFactor({ clipNorm = Number.POSITIVE_INFINITY }: UpdateOptions, gradientNorm: number): number {
  return Math.min(1, clipNorm / (gradientNorm + 1e-6))
}

/** The parameters that step number `step` (0, 1, ...) trains. */
export function activeEntries(layout: Layout, step: number): readonly Entry[] {
  const groups = activeGroups(layout, step)
  return layout.entries.filter(({ group }) => group !== undefined && groups.includes(group))
}
