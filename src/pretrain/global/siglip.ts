/**
 * SigLIP: sigmoid loss for language image pre-training (Zhai et al., ICCV 2023). A second base line beside CLIP: every
 * pair is a question of its own, so that nothing is normalised over the batch.
 *
 *   L = -1/N Σ_i Σ_j log σ( y_ij (t cos(I_i, T_j) + b) ) ,   y_ij = 1 on the diagonal, else -1
 *
 * t = exp(logit_scale) and the bias b are learned; the paper starts at t = 10 and b = -10, so that the many negatives do
 * not decide the first steps. Differs from the paper: nothing in the loss; t is kept at 100 at most.
 */

import { z } from 'zod'
import { add, logSigmoid, mul, neg, sub, sum } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { cosineMatrix, diagonal } from '../parts/contrast.ts'

export const siglip = objective({
  id: 'siglip',
  survey: {
    name: 'SigLIP',
    paper: 'Zhai et al., ICCV 2023',
    table: 0,
    domain: 'natural images',
    taxonomy: ['global', 'baseline'],
    tasks: ['ZSC', 'ITR'],
  },
  needs: ['image', 'text'],
  losses: ['sigmoid'],
  config: z.strictObject({
    bias: z.number().default(-10).describe('initial value of the learned bias'),
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  loss({ image, text, scale, config, modules }) {
    const n = image.global.shape[0] as number
    const bias = modules.parameter('bias', [], { kind: 'constant', value: config.bias })
    const logits = add(mul(cosineMatrix(image.global, text.global), scale), bias) //          [N, N]
    const sign = sub(mul(diagonal(n), 2), 1) //                                               y
    return { sigmoid: mul(neg(sum(logSigmoid(mul(logits, sign)))), 1 / n) }
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, overrides: { model: { logitScale: Math.log(10) } } },
  published: {
    image: 'vit-base',
    text: 'bert-base',
    size: 224,
    overrides: { model: { logitScale: Math.log(10), joint: 768 }, train: { rate: 1e-3, batch: 16384 } },
  },
})
