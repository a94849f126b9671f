/**
 * GLoRIA: a multimodal global-local representation learning framework for label-efficient medical image recognition
 * (Huang et al., ICCV 2021). Survey section 3.2, Fig. 7. Contrasts each word of a text with the regions it looks at.
 *
 *   ŝ_pw = softmax_w( v_p . t_w ) ,  a_wp = softmax_p( τ1 ŝ_pw )        attention of a word over regions
 *   c_w  = Σ_p a_wp v_p                                                 what the word sees in image i
 *   Z_ij = log Σ_w exp( τ2 cos(c_w, t_w) )                              match of image i and text j
 *   L    = CE rows + CE columns of τ3 Z  +  the same of τ3 cos(vg, tg)  sums, not means
 *
 * Regions come from the third stage of the residual net (a vision transformer has none: its patches serve), the global
 * vector from the last. Words are sums of their sub-words over the last four layers, [CLS] is one of them.
 * Differs from the released code: regions, words and both global vectors are projected into the joint space without bias;
 * the global text vector is the tower's own read-out, so that the exported model serves what was trained. `attention:
 * 'single'` is the paper's form, in which τ1 divides.
 */

import { z } from 'zod'
import { mul, slice, type Tensor } from '../../engine/index.ts'
import type { ImageFeatures, TextFeatures } from '../../models/features.ts'
import { linear } from '../../nn/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { mergeWords, startAsWord } from '../parts/pooling.ts'
import { stageRegions } from '../parts/stage-regions.ts'
import { matchWords, wordMaps } from '../parts/word-regions.ts'

export const gloria = objective({
  id: 'gloria',
  survey: {
    name: 'GLoRIA',
    paper: 'Huang et al., ICCV 2021',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS', 'SEG', 'ZSC', 'ITR'],
  },
  needs: ['image', 'text'],
  text: 'impression-sentence',
  losses: ['global', 'local'],
  config: z.strictObject({
    tau1: z.number().positive().default(4).describe('sharpness of the attention over regions'),
    tau2: z.number().positive().default(5).describe('sharpness of the sum over words'),
    tau3: z.number().positive().default(10).describe('scale of both contrastive losses'),
    attention: z
      .enum(['double', 'single'])
      .default('double')
      .describe('double: released code; single: paper, tau1 divides'),
    aggregate: z
      .enum(['sum', 'mean', 'max'])
      .default('sum')
      .describe('of the words of a text; mean: length is no advantage'),
    lastLayers: z.number().int().positive().default(4).describe('layers of the text tower that are added'),
    globalWeight: z.number().nonnegative().default(1),
    localWeight: z.number().nonnegative().default(1),
    chunk: z.number().int().positive().default(8).describe('texts looked at together; less needs less memory'),
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  passes: {
    image({ batch, modules, model, encodeImage }): ImageFeatures {
      const { stages, ...image } = encodeImage(batch.pixels)
      if (stages === undefined) return image
      const { cells, grid } = stageRegions({ ...image, stages }) //                            [B, P, C]
      const regions = linear(modules.in('local'), cells, model.joint, { bias: false }) //      v [B, P, D]
      return { ...image, regions, regionsRaw: cells, grid }
    },
    text({ batch, config: { lastLayers }, encodeText }): TextFeatures {
      const text = encodeText(batch.ids, batch.mask, { lastLayers })
      return { ...text, ...mergeWords(text.tokens, startAsWord(batch.wordIndex), 'sum') } //   t [B, W, D]
    },
  },

  loss({ image, text, config: { tau3, ...config } }) {
    const match = matchWords(image.regions, text.words as Tensor, text.wordMask as Tensor, config) //   Z [B, B]
    const cosines = cosineMatrix(image.global, text.global)
    const bothWays = (logits: Tensor): Tensor => mul(contrastive(logits), 2) //                a sum of rows and columns
    return { global: bothWays(mul(cosines, tau3)), local: bothWays(mul(match, tau3)) }
  },
  weights: ({ globalWeight, localWeight }) => ({ global: globalWeight, local: localWeight }),

  similarity({ image, text, config }) {
    return {
      global: cosineMatrix(image.global, text.global),
      local: matchWords(image.regions, text.words as Tensor, text.wordMask as Tensor, config),
    }
  },
  pictures: {
    words({ image, text, config }) {
      const maps = wordMaps(image.regions, text.words as Tensor, text.wordMask as Tensor, config) //   [B, 1 + W, P]
      return { maps: slice(maps, 1, 1, maps.shape[1] as number), grid: image.grid } //          without [CLS]
    },
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, config: { lastLayers: 2 } },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'gloria', fit: 'letterbox' },
      model: { text: { readOut: 'mean' }, joint: 768 },
      train: {
        batch: 48,
        epochs: 50,
        rate: 5e-5,
        optimizer: { kind: 'adamw', beta1: 0.5, beta2: 0.999, weightDecay: 1e-6 },
        clipNorm: 0.25,
      },
    },
  },
})
