/**
 * @file Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as torch.optim computes them.
 *
 *   m = β1 m + (1 - β1) g        v = β2 v + (1 - β2) g²
 *   p = p - rate · m / (1 - β1^t) / ( √(v / (1 - β2^t)) + ε )
 *
 * Weight decay λ: Adam adds λ p to the gradient, AdamW shrinks p by (1 - rate λ) instead.
 */

import { z } from 'zod'
import * as op from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import { blend, type Moment, optimizer, vectors } from './optimizer.ts'

const beta = z.number().min(0).lt(1)

/** Decay of the two moments and the floor of the denominator. */
export const adamNumbers = {
  beta1: beta.default(0.9).describe('decay of the mean gradient'),
  beta2: beta.default(0.98).describe('decay of the mean squared gradient'),
  epsilon: z.number().positive().default(1e-6).describe('added to the denominator'),
}

interface Numbers {
  beta1: number
  beta2: number
  epsilon: number
}

/** Names of the elements of {@link adamRates}. */
export const adamRateNames = ['clip', 'beta1', 'fresh1', 'beta2', 'fresh2', 'step', 'root', 'epsilon'] as const

/** Numbers of one step that both and LAMB need; `step` scales m, `root` scales √v. */
export function adamRates({ beta1, beta2, epsilon }: Numbers, { t, clip }: Moment, rate: number): number[] {
  const bias1 = 1 - beta1 ** t
  return [clip, beta1, 1 - beta1, beta2, 1 - beta2, rate / bias1, 1 / Math.sqrt(1 - beta2 ** t), epsilon]
}

/** The new moments, and the step they make. */
export function adamStep(
  g: Tensor,
  m0: Tensor,
  v0: Tensor,
  rate: Record<(typeof adamRateNames)[number], Tensor>,
): { m: Tensor; v: Tensor; step: Tensor } {
  const m = blend(m0, rate.beta1, g, rate.fresh1)
  const v = blend(v0, rate.beta2, op.square(g), rate.fresh2)
  const step = op.div(op.mul(m, rate.step), op.add(op.mul(op.sqrt(v), rate.root), rate.epsilon))
  return { m, v, step }
}

export const adamW = optimizer({
  config: z.strictObject({
    kind: z.literal('adamw'),
    weightDecay: z
      .number()
      .nonnegative()
      .default(0.1)
      .describe('share that a decayed value loses a step, over the rate'),
    ...adamNumbers,
  }),
  method(config) {
    const { p, g, m: m0, v: v0, rate } = vectors(['p', 'g', 'm', 'v'], [...adamRateNames, 'keep'])
    const { m, v, step } = adamStep(op.mul(g, rate.clip), m0, v0, rate)
    return {
      slots: ['m', 'v'],
      sweeps: [
        {
          over: 'group',
          graph: { 'p+': op.sub(op.mul(p, rate.keep), step), 'm+': m, 'v+': v },
          rates: (moment) =>
            Float32Array.of(
              ...adamRates(config, moment, moment.rate),
              1 - (moment.decay ? moment.rate * config.weightDecay : 0),
            ),
        },
      ],
    }
  },
})

export const adam = optimizer({
  config: z.strictObject({
    kind: z.literal('adam'),
    weightDecay: z.number().nonnegative().default(0).describe('times the value, added to its gradient'),
    ...adamNumbers,
    beta2: beta.default(0.999).describe('decay of the mean squared gradient'),
    epsilon: z.number().positive().default(1e-8).describe('added to the denominator'),
  }),
  method(config) {
    const { p, g, m: m0, v: v0, rate } = vectors(['p', 'g', 'm', 'v'], [...adamRateNames, 'decay'])
    const { m, v, step } = adamStep(blend(g, rate.clip, p, rate.decay), m0, v0, rate)
    return {
      slots: ['m', 'v'],
      sweeps: [
        {
          over: 'group',
          graph: { 'p+': op.sub(p, step), 'm+': m, 'v+': v },
          rates: (moment) =>
            Float32Array.of(...adamRates(config, moment, moment.rate), moment.decay ? config.weightDecay : 0),
        },
      ],
    }
  },
})
