/**
 * @file Stochastic gradient descent with momentum, as torch.optim.SGD computes it.
 *
 *   d = g + λ p        b = μ b + (1 - dampening) d, at the first step b = d
 *   p = p - rate · b, or with Nesterov p - rate · (d + μ b)
 */

import { z } from 'zod'
import * as op from '../ops.ts'
import { blend, type Method, optimizer, vectors } from './optimizer.ts'

export const sgd = optimizer({
  config: z
    .strictObject({
      kind: z.literal('sgd'),
      momentum: z.number().min(0).lt(1).default(0.9),
      dampening: z.number().min(0).max(1).default(0),
      nesterov: z.boolean().default(false),
      weightDecay: z.number().nonnegative().default(0).describe('times the value, added to its gradient'),
    })
    .refine(({ momentum, dampening, nesterov }) => !nesterov || (momentum > 0 && dampening === 0), {
      message: 'Nesterov needs momentum and no dampening',
      path: ['nesterov'],
    }),
  method({ momentum, dampening, nesterov, weightDecay }): Method {
    const { p, g, b: b0, rate } = vectors(['p', 'g', 'b'], ['clip', 'decay', 'momentum', 'fresh', 'step'])
    const d = blend(g, rate.clip, p, rate.decay)
    const b = blend(b0, rate.momentum, d, rate.fresh)
    const direction = momentum === 0 ? d : nesterov ? op.add(d, op.mul(b, rate.momentum)) : b
    const moved = op.sub(p, op.mul(direction, rate.step))
    return {
      slots: momentum === 0 ? [] : ['b'],
      sweeps: [
        {
          over: 'group',
          graph: momentum === 0 ? { 'p+': moved } : { 'p+': moved, 'b+': b },
          rates: ({ t, rate: step, clip, decay }) =>
            Float32Array.of(clip, decay ? weightDecay : 0, momentum, t === 1 ? 1 : 1 - dampening, step),
        },
      ],
    }
  },
})
