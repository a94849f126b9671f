/**
 * LoVT: joint learning of localized representations from medical images and reports (Müller et al., ECCV 2022).
 * Survey section 3.2. Aligns image regions with the sentences that they attend to, and sentences with their regions.
 *
 *   z_S [P, D], z_R [S, D]     heads of regions and of sentences (maximum over a sentence's tokens)
 *   g_S, g_R [D]               heads of both pooled by attention; its weights w say how much a region or sentence counts
 *   ẑ_S [P, D], ẑ_R [S, D]     sentences seen by each region, regions seen by each sentence
 *   L_g   = 0.75 CE rows + 0.25 CE columns of cos(g_S, g_R) / 0.1
 *   L_loc = 1/B Σ_b Σ_k sg(w_bk) [ -Σ_l u_kl ℓ_kl + LSE_l ℓ_kl ] ,  ℓ_kl = cos(z_k, ẑ_l) / 0.3 , and with ℓ transposed
 *   L     = L_g + 0.375 (four local terms)
 *
 * u is the identity for sentences; for regions it falls with the distance on the grid, u_kl ∝ exp(-d_kl) [d_kl <= 0.5].
 * Differs from the released code: the query of the pooling is the mean of the real sentences (the code divides by the
 * padded length), and batch normalisation sees real sentences only: padding changes nothing. What regions and sentences
 * see is normalised on each side by itself (the code has one layer that sees both in turn).
 */

import { z } from 'zod'
import { add, div, stopGradient, type Tensor } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { sharedCrossAttention } from '../parts/cross-attention.ts'
import { type LocalTerm, localContrast, nearCells } from '../parts/local-contrast.ts'
import { poolSentences } from '../parts/pooling.ts'
import { rowNorm } from '../parts/projection-head.ts'
import { globalHead, localHead } from '../parts/set-heads.ts'

export const lovt = objective({
  id: 'lovt',
  survey: {
    name: 'LoVT',
    paper: 'Müller et al., ECCV 2022',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['DET', 'SEG'],
  },
  needs: ['image', 'report'],
  losses: ['global', 'regionsToReport', 'reportToRegions', 'sentencesToImage', 'imageToSentences'],
  config: z.strictObject({
    width: z.number().int().positive().default(512).describe('D of all heads'),
    hidden: z.number().int().positive().default(2048).describe('of all heads'),
    heads: z.number().int().positive().default(8).describe('of the attention that pools'),
    globalTemperature: z.number().positive().default(0.1),
    localTemperature: z.number().positive().default(0.3),
    imageToText: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .describe('weight of image to report; the other way has the rest'),
    localWeight: z.number().nonnegative().default(0.375).describe('of each of the four local terms'),
    reach: z
      .number()
      .nonnegative()
      .default(0.5)
      .describe('how far positives of a region lie, in diagonals of the grid'),
    weighted: z.boolean().default(true).describe('regions and sentences count as much as the pooling looks at them'),
    most: z.number().int().positive().default(32).describe('sentences of a report'),
  }),
  sentences: ({ most }) => ({ encode: 'joint', most, leastWords: 1, order: 'swap' }),
  refuse: (batch) => (batch < 2 ? 'a batch of one study has no negatives' : undefined),

  passes: {
    image({ batch, modules, encodeImage, config }) {
      const { regionsRaw, grid } = encodeImage(batch.pixels) //                                [B, P, Dv]
      const own = modules.in('image')
      const local = localHead(own, regionsRaw, config) //                                      z_S [B, P, D]
      return { local, ...globalHead(own, regionsRaw, config), grid } //                        g_S [B, D], w [B, P]
    },
    text({ batch, modules, encodeText, config }) {
      const { tokensRaw } = encodeText(batch.ids, batch.mask)
      const most = batch.sentenceMask.shape[1] as number
      const { sentences, sentenceMask: mask } = poolSentences(tokensRaw, batch.sentenceIndex, most, 'max') // [B, S, Dt]
      const own = modules.in('text')
      const local = localHead(own, sentences, { ...config, mask }) //                          z_R [B, S, D]
      return { local, ...globalHead(own, sentences, { ...config, mask }), mask } //            g_R [B, D], w [B, S]
    },
  },

  loss({ image, text, modules, config }) {
    const { mask } = text
    const seen = sharedCrossAttention(modules.in('alignment'), image.local, text.local, mask)
    const byRegions = rowNorm(modules.in('alignment', 'norm_regions'), seen.a) //                      ẑ_S [B, P, D]
    const bySentences = rowNorm(modules.in('alignment', 'norm_sentences'), seen.b, mask) //              ẑ_R [B, S, D]
    const counts = (weights: Tensor): Tensor | undefined => (config.weighted ? stopGradient(weights) : undefined)
    const temperature = config.localTemperature
    const regions = localContrast(image.local, byRegions, {
      temperature,
      positives: nearCells(image.grid, config.reach),
      weights: counts(image.weights),
    })
    const sentences = localContrast(text.local, bySentences, { temperature, weights: counts(text.weights), mask })
    const loss = ({ alignment, prior }: LocalTerm): Tensor => add(alignment, prior)
    const logits = div(cosineMatrix(image.global, text.global), config.globalTemperature)
    return {
      global: contrastive(logits, { imageToText: config.imageToText }),
      regionsToReport: loss(regions.forward),
      reportToRegions: loss(regions.backward),
      sentencesToImage: loss(sentences.forward),
      imageToSentences: loss(sentences.backward),
    }
  },
  weights: ({ localWeight }) => ({
    global: 1,
    regionsToReport: localWeight,
    reportToRegions: localWeight,
    sentencesToImage: localWeight,
    imageToSentences: localWeight,
  }),

  similarity: ({ image, text }) => ({ global: cosineMatrix(image.global, text.global) }),
  pictures: {
    sentences({ image, text, modules }) {
      const { weightsB } = sharedCrossAttention(modules.in('alignment'), image.local, text.local, text.mask)
      return { maps: weightsB, grid: image.grid }
    },
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, config: { width: 32, hidden: 64, heads: 4, most: 6 } },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'convirt' },
      train: {
        batch: 32,
        epochs: 100,
        accumulate: 16,
        rate: 1e-4,
        optimizer: { kind: 'adamw', weightDecay: 1e-6 },
        parameters: [
          { match: 'text_model.embeddings*', freeze: true },
          ...Array.from({ length: 6 }, (_, i) => ({ match: `text_model.encoder.layer.${i}.*`, freeze: true })),
        ],
      },
    },
  },
})
