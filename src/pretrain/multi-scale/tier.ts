/**
 * TIER: text-image entropy regularization for medical CLIP-style models (Palepu and Beam, MLHC 2023). Survey section 3.2.
 * CLIP, and a penalty for tokens that are like many patches and patches that are like many tokens.
 *
 *   c_kp  = cos(t_k, v_p)                                 every token, every patch of the matched pair; no temperature
 *   H_tok = mean_k H( softmax_p c_k. ) ,  H_pat = mean_p H( softmax_k c_.p )
 *   L     = L_CLIP(vg, tg) + λ_tok H_tok + λ_pat H_pat ,  vg = mean of the projected patches
 *
 * Zero-shot: cos(image, mean of prompts for a finding) - cos(image, mean of its denial and of sentences without findings);
 * prompt set `tier`. The authors draw both λ thirty times from 0 .. 0.5 and keep the best after an epoch each:
 * tools/lambda-search.js.
 *
 * Tokens go through the projection of the global text vector. With both λ at 0 this is CLIP, to the bit.
 * Differs from the released code: padding is no token. With cosines in -1..1 an entropy over P patches cannot fall far
 * (3.417 of ln 49 = 3.892): expect blobs, not cells.
 */

import { z } from 'zod'
import { l2Normalize, matmul, mean, mul, swapAxes } from '../../engine/index.ts'
import type { ImageFeatures } from '../../models/features.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { similarityEntropy } from '../parts/similarity-entropy.ts'

export const tier = objective({
  id: 'tier',
  survey: {
    name: 'TIER',
    paper: 'Palepu and Beam, MLHC 2023',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS', 'ZSC'],
  },
  needs: ['image', 'text'],
  text: 'impression',
  losses: ['contrastive', 'tokenEntropy', 'patchEntropy'],
  config: z.strictObject({
    tokenWeight: z.number().nonnegative().default(0.1).describe("λ of a token's spread over patches"),
    patchWeight: z.number().nonnegative().default(0.2).describe("λ of a patch's spread over tokens"),
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  passes: {
    image({ batch, encodeImage }): ImageFeatures {
      const { stages: _, ...image } = encodeImage(batch.pixels)
      return { ...image, global: mean(image.regions, 1) } //                                   vg
    },
  },

  loss({ image, text, scale }) {
    const similar = matmul(l2Normalize(text.tokens), l2Normalize(image.regions), { transposeB: true }) // c [B, T, P]
    return {
      contrastive: contrastive(mul(cosineMatrix(image.global, text.global), scale)),
      tokenEntropy: similarityEntropy(similar, text.tokenMask, undefined),
      patchEntropy: similarityEntropy(swapAxes(similar, 1, 2), undefined, text.tokenMask),
    }
  },
  weights: ({ tokenWeight, patchWeight }) => ({ contrastive: 1, tokenEntropy: tokenWeight, patchEntropy: patchWeight }),

  // With the mean as read-out the served image vector is the mean of the projected patches.
  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, overrides: { model: { image: { readOut: 'mean' } } } },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'tier' },
      model: { joint: 128, projection: { kind: 'mlp' }, text: { readOut: 'cls' } },
      train: {
        batch: 32,
        epochs: 50,
        rate: 1e-4,
        optimizer: { kind: 'adam', weightDecay: 1e-6 },
        parameters: [
          { match: 'text_model.embeddings*', freeze: true },
          ...Array.from({ length: 8 }, (_, i) => ({ match: `text_model.encoder.layer.${i}.*`, freeze: true })),
        ],
      },
    },
  },
})
