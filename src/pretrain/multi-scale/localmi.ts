/**
 * LocalMI: multimodal representation learning via maximization of local mutual information (Liao et al., MICCAI 2021).
 * Survey section 3.2. Maximises the mutual information of a sentence and the image cell that tells most about it.
 *
 *   f_ij = max_n f(v_in, s_j)                        learned critic on cell n of image i and sentence j
 *   DV:       L = ( LSE_neg f - ln n_neg ) - mean_pos f                                        Donsker and Varadhan
 *   InfoNCE:  L =   LSE_neg f - mean_pos f           as released: one pooled sum without the positives
 *   rows:     L = - mean_i log( exp f_ii / Σ_j exp f_ij )                                      as in the paper
 *
 * neg are all B (B - 1) pairs of different studies (a batch holds a study once). One random sentence a step.
 * Differs from the released code, which holds the global variant only (`local: false`, the critic on pooled features). The maximum is taken on
 * wrong pairs too, so that f is one critic and the bound stays one. Cells are those of the last stage, with the stride of 32
 * pixels of the paper's local block, so that the pooled feature that is probed is trained.
 */

import { z } from 'zod'
import { dropout } from '../../nn/index.ts'
import { objective } from '../objective.ts'
import { asCell, bestCellCritic, boundLoss } from '../parts/mutual-information.ts'

export const localmi = objective({
  id: 'localmi',
  survey: {
    name: 'LocalMI',
    paper: 'Liao et al., MICCAI 2021',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS'],
  },
  needs: ['image', 'text'],
  text: 'sentence',
  losses: ['information'],
  config: z.strictObject({
    local: z.boolean().default(true).describe('the best cell of the image; false: the pooled image, as released'),
    bound: z.enum(['dv', 'infonce', 'infonce-rows']).default('infonce').describe('of the mutual information'),
    hidden: z
      .tuple([z.number().int().positive(), z.number().int().positive()])
      .default([1024, 512])
      .describe('of the critic'),
    dropout: z.number().min(0).lt(1).default(0.1).describe('of the sentence vector'),
    chunk: z.number().int().positive().default(8).describe('sentences looked at together; less needs less memory'),
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one study has no negatives' : undefined),

  passes: {
    text({ batch, modules, encodeText, config }) {
      const { globalRaw } = encodeText(batch.ids, batch.mask)
      return { sentence: dropout(modules, globalRaw, config.dropout) } //                      s [B, Dt]
    },
  },

  loss({ image, text, modules, config: { local, bound, hidden, chunk } }) {
    const cells = local ? image.regionsRaw : asCell(image.globalRaw) //                        v [B, P, Dv]
    return {
      information: boundLoss(bestCellCritic(modules.in('critic'), cells, text.sentence, { hidden, chunk }), bound),
    }
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, config: { hidden: [64, 32] } },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 256,
    overrides: {
      data: { augment: 'localmi' },
      train: {
        batch: 8,
        rate: 5e-4,
        optimizer: { kind: 'adamw', weightDecay: 0 },
        parameters: [{ match: 'text_model*', rate: 0.04 }],
      },
    },
  },
})
