/**
 * ConVIRT: contrastive learning of medical visual representations from paired images and text (Zhang et al., MLHC 2022).
 * Survey section 3.2, the first of the medical systems and, with CLIP, the baseline of the others.
 *
 *   v = g_v(image) , u = g_u(sentence)          g: Linear, ReLU, Linear; the text is the maximum over its tokens
 *   l_i^(v->u) = -log( exp(<v_i,u_i>/τ) / Σ_k exp(<v_i,u_k>/τ) )                                                 (2)
 *   l_i^(u->v) = -log( exp(<u_i,v_i>/τ) / Σ_k exp(<u_i,v_k>/τ) )                                                 (3)
 *   L = 1/N Σ_i [ λ l_i^(v->u) + (1-λ) l_i^(u->v) ]                                                              (4)
 *
 * <,> is the cosine, τ = 0.1 stands fixed, λ = 0.75. Each epoch takes one image and one sentence of each study at random.
 * `sameSentence` is the share of a batch whose sentence another study drew too: boilerplate makes false negatives.
 * The representation for other tasks is the one before g, `globalRaw`.
 * Differs from the paper: optimizer and schedule are the run's (`published` halves nothing on a plateau); the flip of a
 * picture swaps left and right in its sentence, which the paper does not mention.
 */

import { z } from 'zod'
import { mul, reshape } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { cosineMatrix, diagonalCrossEntropy, sameTextShare } from '../parts/contrast.ts'
import { plainPasses } from '../passes.ts'

export const convirt = objective({
  id: 'convirt',
  survey: {
    name: 'ConVIRT',
    paper: 'Zhang et al., MLHC 2022',
    table: 0,
    domain: 'chest X-ray',
    taxonomy: ['global', 'baseline'],
    tasks: ['CLS', 'ITR'],
  },
  needs: ['image', 'text'],
  losses: ['imageToText', 'textToImage'],
  config: z.strictObject({
    tau: z.number().positive().default(0.1).describe('fixed temperature'),
    lambda: z.number().min(0).max(1).default(0.75).describe('weight of the images that look for their sentence'),
  }),
  text: 'sentence',
  habits: { augment: 'convirt', projection: { kind: 'mlp' }, bertReadOut: 'max' },
  views: () => ({ count: 1, pick: 'random' }),
  passes: {
    image(context) {
      const { pixels } = context.batch
      const [b, , ...picture] = pixels.shape as [number, number, ...number[]]
      const { stages: _, ...features } = context.encodeImage(reshape(pixels, [b, ...picture])) // one view a study
      return features
    },
    text: plainPasses.text,
  },

  // A single pair has no negatives: the loss and its gradient would be exactly 0.
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  loss({ image, text, batch, config: { tau } }) {
    const logits = mul(cosineMatrix(image.global, text.global), 1 / tau) //                   <v,u>/τ [N, N]
    return {
      imageToText: diagonalCrossEntropy(logits, 1), //                                        (2)
      textToImage: diagonalCrossEntropy(logits, 0), //                                        (3)
      sameSentence: sameTextShare(batch.textKey), //                                          false negatives, watched
    }
  },
  weights: ({ lambda }) => ({ imageToText: lambda, textToImage: 1 - lambda }), //             (4)

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64 },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      model: { joint: 512 },
      train: {
        batch: 32,
        rate: 1e-4,
        optimizer: { kind: 'adam', weightDecay: 1e-6 },
        parameters: [
          { match: 'text_model.embeddings.*', freeze: true },
          ...[0, 1, 2, 3, 4, 5].map((layer) => ({ match: `text_model.encoder.layer.${layer}.*`, freeze: true })),
        ],
      },
    },
  },
})
