/**
 * The role of local alignment and uniformity in image-text contrastive learning on medical images (Müller et al., NeurIPS
 * workshop 2022). Survey section 3.2. LoVT's local loss is an alignment and a prior on how positions are spread; the paper
 * drops the alignment and spreads the regions of each image.
 *
 *   L = L_global + μ L_uni ,   L_global as LoVT: 0.75 CE rows + 0.25 CE columns of cos / 0.1
 *   gaussian: L_uni = 1/B Σ_b log( 1/(P (P - 1)) Σ_{k≠l} exp(-t |ẑ_bk - ẑ_bl|²) )
 *   lse:      L_uni = 1/B Σ_b 1/P Σ_k log Σ_{l≠k} exp( cos(z_bk, z_bl) / τ' )
 *   cross:    LoVT's own prior, log Σ_l exp( cos(z_k, ẑ_l) / τ' ) over what regions see of the report
 *
 * `alignment` adds LoVT's other half, -Σ_l u_kl cos(z_k, ẑ_l)/τ': with `prior: cross` both are LoVT's region loss.
 * Reconstruction from the abstract and LoVT's code: names of the variants, t and μ are not the paper's own.
 */

import { z } from 'zod'
import { div, scalar, type Tensor } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { sharedCrossAttention } from '../parts/cross-attention.ts'
import { localContrast, nearCells } from '../parts/local-contrast.ts'
import { poolSentences } from '../parts/pooling.ts'
import { rowNorm } from '../parts/projection-head.ts'
import { globalHead, localHead } from '../parts/set-heads.ts'
import { gaussianUniformity, neighbourSpread } from '../parts/uniformity.ts'

/** Whether a setting looks from regions at sentences. */
const crosses = ({ alignment, prior }: { alignment: boolean; prior: string }): boolean => alignment || prior === 'cross'

export const mueller2022a = objective({
  id: 'mueller-2022a',
  survey: {
    name: 'Müller et al.',
    paper: 'Müller et al., NeurIPS workshop 2022',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['DET', 'SEG'],
  },
  needs: ['image', 'report'],
  losses: ['global', 'alignment', 'prior'],
  config: z.strictObject({
    alignment: z.boolean().default(false).describe('local alignment of regions with what they see of the report'),
    prior: z.enum(['none', 'cross', 'lse', 'gaussian']).default('gaussian').describe('what spreads regions'),
    priorWeight: z.number().nonnegative().default(0.375).describe('μ'),
    alignmentWeight: z.number().nonnegative().default(0.375),
    t: z.number().positive().default(2).describe('of the Gaussian'),
    width: z.number().int().positive().default(512).describe('D of all heads'),
    hidden: z.number().int().positive().default(2048).describe('of all heads'),
    heads: z.number().int().positive().default(8).describe('of the attention that pools'),
    globalTemperature: z.number().positive().default(0.1),
    localTemperature: z.number().positive().default(0.3).describe("τ'"),
    imageToText: z.number().min(0).max(1).default(0.75),
    reach: z
      .number()
      .nonnegative()
      .default(0.5)
      .describe('how far positives of a region lie, in diagonals of the grid'),
    most: z.number().int().positive().default(32).describe('sentences of a report'),
  }),
  sentences: ({ most }) => ({ encode: 'joint', most, leastWords: 1, order: 'swap' }),
  refuse: (batch) => (batch < 2 ? 'a batch of one study has no negatives' : undefined),

  passes: {
    image({ batch, modules, encodeImage, config }) {
      const { regionsRaw, grid } = encodeImage(batch.pixels)
      const own = modules.in('image')
      const { global } = globalHead(own, regionsRaw, config)
      return {
        global,
        local: config.prior === 'none' && !config.alignment ? regionsRaw : localHead(own, regionsRaw, config),
        grid,
      }
    },
    text({ batch, modules, encodeText, config }) {
      const { tokensRaw } = encodeText(batch.ids, batch.mask)
      const most = batch.sentenceMask.shape[1] as number
      const { sentences, sentenceMask: mask } = poolSentences(tokensRaw, batch.sentenceIndex, most, 'max')
      const own = modules.in('text')
      const { global } = globalHead(own, sentences, { ...config, mask })
      return { global, mask, local: crosses(config) ? localHead(own, sentences, { ...config, mask }) : sentences }
    },
  },

  loss({ image, text, modules, config }) {
    const logits = div(cosineMatrix(image.global, text.global), config.globalTemperature)
    const global = contrastive(logits, { imageToText: config.imageToText })
    const regions = crosses(config) ? regionTerms() : undefined
    const none = scalar(0)
    function regionTerms() {
      const seen = sharedCrossAttention(modules.in('alignment'), image.local, text.local, text.mask)
      const counterpart = rowNorm(modules.in('alignment', 'norm_regions'), seen.a)
      const positives = nearCells(image.grid, config.reach)
      return localContrast(image.local, counterpart, { temperature: config.localTemperature, positives }).forward
    }
    const priors: Record<typeof config.prior, () => Tensor> = {
      none: () => none,
      cross: () => regions?.prior ?? none,
      lse: () => neighbourSpread(image.local, config.localTemperature),
      gaussian: () => gaussianUniformity(image.local, config.t),
    }
    return {
      global,
      alignment: config.alignment && regions !== undefined ? regions.alignment : none,
      prior: priors[config.prior](),
      uniformity: gaussianUniformity(image.local, config.t), //                                a measure, whatever is trained
    }
  },
  weights: ({ priorWeight, alignmentWeight }) => ({ global: 1, alignment: alignmentWeight, prior: priorWeight }),

  similarity: ({ image, text }) => ({ global: cosineMatrix(image.global, text.global) }),

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
