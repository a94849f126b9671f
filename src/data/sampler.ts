/** @file Data order as a pure function of (seed, step): a run can be continued in mid-epoch from the step alone. */

import { random } from '../core/random.ts'

export interface Sampler {
  /** Whole batches an epoch; what is left over is dropped. */
  stepsPerEpoch: number
  /** The studies of step 0, 1, ...: their places 0..n-1, and the epoch they are drawn in. */
  batchAt(step: number): { epoch: number; indices: number[] }
}

/** Order of n studies in an epoch. */
export function orderOf(seed: number, epoch: number, n: number): number[] {
  return random(seed, 'order', epoch).shuffle(Array.from({ length: n }, (_, i) => i))
}

/** Shuffled epochs of n studies in batches; n must be at least one batch. */
export function sampler({ n, batch, seed }: { n: number; batch: number; seed: number }): Sampler {
  const stepsPerEpoch = Math.floor(n / batch)
  let held: { epoch: number; order: number[] } | undefined
  return {
    stepsPerEpoch,
    batchAt(step) {
      const epoch = Math.floor(step / stepsPerEpoch)
      if (held?.epoch !== epoch) held = { epoch, order: orderOf(seed, epoch, n) }
      const start = (step % stepsPerEpoch) * batch
      return { epoch, indices: held.order.slice(start, start + batch) }
    },
  }
}
