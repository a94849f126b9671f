/**
 * Supervised reference line: the image tower alone, trained on labels by binary cross-entropy. No system of the survey:
 * it says how much of the truth this tower can learn from these pictures, and stands beside every other result.
 *
 *   L = mean over known labels of  softplus(z) - y z ,   z = W v + b  on the pooled features before the projection
 */

import { z } from 'zod'
import { linear } from '../../nn/index.ts'
import { objective } from '../objective.ts'
import { multiLabelCrossEntropy } from '../parts/labels.ts'

export const supervised = objective({
  id: 'supervised',
  survey: {
    name: 'Supervised reference',
    paper: 'reference line, no paper',
    table: 0,
    domain: 'any',
    taxonomy: ['reference'],
    tasks: ['CLS'],
  },
  needs: ['image'],
  losses: ['crossEntropy'],
  config: z.strictObject({
    findings: z.array(z.string()).min(1).describe('label names'),
    from: z
      .enum(['labels', 'truth'])
      .default('truth')
      .describe('labels: what reports say; truth: what is in the image'),
  }),
  labels: ({ findings, from }) => ({ names: findings, from }),

  loss({ image, labels, config, modules }) {
    const z = linear(modules.in('head'), image.globalRaw, config.findings.length) //          [B, K]
    return { crossEntropy: multiLabelCrossEntropy(z, labels.values, labels.known) }
  },
})
