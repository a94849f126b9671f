/**
 * @file Lion (Chen et al., NeurIPS 2023, algorithm 2): the sign of a blend of momentum and gradient. One buffer instead of
 * AdamW's two; rates 3 to 10 times smaller and decay 3 to 10 times larger than AdamW's.
 *
 *   p = p (1 - rate λ) - rate · sign( β1 m + (1 - β1) g )        m = β2 m + (1 - β2) g
 */

import { z } from 'zod'
import * as op from '../ops.ts'
import { blend, optimizer, vectors } from './optimizer.ts'

export const lion = optimizer({
  config: z.strictObject({
    kind: z.literal('lion'),
    weightDecay: z
      .number()
      .nonnegative()
      .default(0.3)
      .describe('share that a decayed value loses a step, over the rate'),
    beta1: z.number().min(0).lt(1).default(0.9).describe('share of the momentum in the sign'),
    beta2: z.number().min(0).lt(1).default(0.99).describe('decay of the momentum'),
  }),
  method({ weightDecay, beta1, beta2 }) {
    const names = ['clip', 'beta1', 'fresh1', 'beta2', 'fresh2', 'keep', 'step'] as const
    const { p, g: g0, m, rate } = vectors(['p', 'g', 'm'], names)
    const g = op.mul(g0, rate.clip)
    const direction = op.sign(blend(m, rate.beta1, g, rate.fresh1))
    return {
      slots: ['m'],
      sweeps: [
        {
          over: 'group',
          graph: {
            'p+': op.sub(op.mul(p, rate.keep), op.mul(direction, rate.step)),
            'm+': blend(m, rate.beta2, g, rate.fresh2),
          },
          rates: ({ rate: step, clip, decay }) =>
            Float32Array.of(clip, beta1, 1 - beta1, beta2, 1 - beta2, 1 - (decay ? step * weightDecay : 0), step),
        },
      ],
    }
  },
})
