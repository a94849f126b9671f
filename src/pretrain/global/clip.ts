/**
 * CLIP: learning transferable visual models from natural language supervision (Radford et al., ICML 2021).
 * Survey section 2.1, equations (1) to (4). The baseline of everything else.
 *
 *   L_img = -1/N Σ_i log( exp(Φ(I_i, T_i)/τ) / Σ_j exp(Φ(I_i, T_j)/τ) )       each image finds its text      (1)
 *   L_txt = -1/N Σ_i log( exp(Φ(T_i, I_i)/τ) / Σ_j exp(Φ(T_i, I_j)/τ) )       each text finds its image      (2)
 *   L     = (L_img + L_txt) / 2                                                                             (3)
 *
 * Φ is the cosine, 1/τ = exp(logit_scale) is learned and kept at 100 at most. Equation (4), inference, is zero-shot
 * classification and lives with the other applications.
 * Differs from the paper: nothing in the loss. Negatives are those of the batch on this machine.
 */

import { z } from 'zod'
import { add, mul } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { cosineMatrix, diagonalCrossEntropy } from '../parts/contrast.ts'

export const clip = objective({
  id: 'clip',
  survey: {
    name: 'CLIP',
    paper: 'Radford et al., ICML 2021',
    table: 0,
    domain: 'natural images',
    taxonomy: ['global', 'baseline'],
    tasks: ['ZSC', 'ITR'],
  },
  needs: ['image', 'text'],
  losses: ['contrastive'],
  config: z.strictObject({}),

  // A single pair has no negatives: the loss and its gradient would be exactly 0.
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  loss({ image, text, scale }) {
    const logits = mul(cosineMatrix(image.global, text.global), scale) //                     Φ/τ [N, N]
    const imageToText = diagonalCrossEntropy(logits, 1) //                                    L_img (1)
    const textToImage = diagonalCrossEntropy(logits, 0) //                                    L_txt (2)
    return { contrastive: mul(add(imageToText, textToImage), 0.5) } //                        L     (3)
  },
})
