/**
 * @file LAMB (You et al., ICLR 2020, algorithm 2): AdamW's direction, its length made proportional to that of the tensor.
 *
 *   u = m / (1 - β1^t) / ( √(v / (1 - β2^t)) + ε ) + λ p
 *   p = p - rate · ( ‖p‖ / ‖u‖ ) · u        a ratio with a norm of 0 is 1
 *
 * As in timm, tensors without weight decay (gains, biases) have the ratio 1 unless `alwaysAdapt`. The first sweep leaves u
 * where the gradients were; the second applies it tensor by tensor.
 */

import { z } from 'zod'
import * as op from '../ops.ts'
import { adamNumbers, adamRateNames, adamRates, adamStep } from './adam.ts'
import { type Method, optimizer, vectors } from './optimizer.ts'

export const lamb = optimizer({
  config: z.strictObject({
    kind: z.literal('lamb'),
    weightDecay: z.number().nonnegative().default(0.01).describe('times the value, added to the direction'),
    ...adamNumbers,
    beta2: z.number().min(0).lt(1).default(0.999).describe('decay of the mean squared gradient'),
    alwaysAdapt: z.boolean().default(false).describe('a trust ratio for values without weight decay too'),
    trustClip: z.boolean().default(false).describe('trust ratios above 1 count as 1'),
  }),
  method(config): Method {
    const { weightDecay, alwaysAdapt, trustClip } = config
    const first = vectors(['p', 'g', 'm', 'v'], [...adamRateNames, 'decay'])
    const { m, v, step } = adamStep(op.mul(first.g, first.rate.clip), first.m, first.v, first.rate)
    const second = vectors(['p', 'g'], ['step'])
    return {
      slots: ['m', 'v'],
      sweeps: [
        {
          over: 'group',
          graph: { 'g+': op.add(step, op.mul(first.p, first.rate.decay)), 'm+': m, 'v+': v },
          rates: (moment) => Float32Array.of(...adamRates(config, moment, 1), moment.decay ? weightDecay : 0),
        },
        {
          over: 'tensor',
          graph: { 'p+': op.sub(second.p, op.mul(second.g, second.rate.step)) },
          rates({ rate, decay }, norms) {
            const adapts = alwaysAdapt || (decay && weightDecay > 0)
            const ratio = adapts && norms.p > 0 && norms.g > 0 ? norms.p / norms.g : 1
            return Float32Array.of(rate * (trustClip ? Math.min(ratio, 1) : ratio))
          },
        },
      ],
    }
  },
})
