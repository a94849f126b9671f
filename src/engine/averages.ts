/** @file Running average of parameters, and sums of gradients over several batches, as sweeps over vectors. */

import { z } from 'zod'
import type { Outputs } from './onnx/lower.ts'
import * as op from './ops.ts'
import { blend, vectors } from './optimizers/optimizer.ts'

/** Exponential moving average of the parameters (Polyak averaging), kept beside them and used instead of them. */
export const averageSchema = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.999).describe('share of the old average that a step keeps'),
  warmup: z
    .boolean()
    .default(true)
    .describe('begin with a short memory: decay at most 1 - (1 + t)^-power at step t, as in timm'),
  power: z
    .number()
    .positive()
    .default(2 / 3)
    .describe('of that bound; 2/3 for a million steps and more, 3/4 for fewer'),
})
export type AverageConfig = z.output<typeof averageSchema>

/** Share of the old average that step t = 1, 2, ... keeps. */
export function averageDecay({ decay, warmup, power }: AverageConfig, t: number): number {
  return warmup ? Math.min(decay, 1 - (1 + t) ** -power) : decay
}

/** average = average + (p - average) fresh; `rates` is [fresh] = [1 - decay]. */
export function averageSweep(): Outputs {
  const { average, p, rate } = vectors(['average', 'p'], ['fresh'])
  return { 'average+': op.add(average, op.mul(op.sub(p, average), rate.fresh)) }
}

/** Mean of the gradients of k batches, one after the other; `rates` is [1 / k, 1]. */
export function meanSweeps(): { first: Outputs; next: Outputs; last: Outputs } {
  const { g, sum, rate } = vectors(['g', 'sum'], ['share', 'one'])
  const added = blend(g, rate.share, sum, rate.one)
  return { first: { 'sum+': op.mul(g, rate.share) }, next: { 'sum+': added }, last: { 'g+': added } }
}
