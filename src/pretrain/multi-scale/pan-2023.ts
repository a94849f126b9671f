/**
 * Enhancing automatic placenta analysis through distributional feature recomposition in vision-language contrastive learning
 * (Pan et al., MICCAI 2023). Survey section 3.2. A report is a set of items whose weight nobody knows: their features are
 * put together anew at each step, so that no item can always dominate.
 *
 *   U_i [K_i, D]        features of the items of report i, each encoded by itself; the text tower stands still
 *   PFR:  u_i = Σ_k w_ik U_ik ,   w_i = multinomial(K_i; 1/K_i) / K_i       a bootstrap of the items; E[u_i] = μ_i
 *   DFR:  ũ_i = u_i + α σ_i ∘ ε ,   ε ~ N(0, I) ,   σ_i = std_k U_ik          the significance of each is itself random
 *   L     = 0.75 CE rows + 0.25 CE columns of sim(v_i, ũ_j) / τ               v image, sim as Pan et al. 2022, or cosine
 *
 * Without PFR u_i is the mean μ_i, without DFR ũ_i is u_i; in validation both are μ_i. Items are the sentences of the
 * report (a list of diagnoses, in the paper), or its captions. One item has σ = 0 and is itself.
 * Reconstruction from the abstract and the authors' follow-up code, which draws items with replacement, holds each item's
 * BERT features apart, and projects them by a learned matrix: so here μ and σ are those of projected items. A frozen tower
 * is not in the step: each item is encoded once in a run.
 */

import { z } from 'zod'
import { div, reshape, type Tensor } from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { negLogCosh } from '../parts/neg-log-cosh.ts'
import { bootstrapWeights, drawReport, evenWeights, itemSpread, weighItems } from '../parts/recomposition.ts'

export const pan2023 = objective({
  id: 'pan-2023',
  survey: {
    name: 'Pan et al. 2023',
    paper: 'Pan et al., MICCAI 2023',
    table: 2,
    domain: 'placenta',
    taxonomy: ['multi-scale'],
    tasks: ['CLS'],
  },
  needs: ['image', 'text'],
  habits: { augment: 'placenta' },
  losses: ['contrastive'],
  config: z.strictObject({
    pfr: z.boolean().default(true).describe('pathology report feature recomposition: items drawn with replacement'),
    dfr: z.boolean().default(true).describe('distributional feature recomposition: a draw about them'),
    alpha: z.number().nonnegative().default(1).describe('α, spread of that draw in standard deviations of the items'),
    most: z.number().int().positive().default(16).describe('items of a report'),
    frozenText: z
      .boolean()
      .default(true)
      .describe('the text tower stands still and encodes each item once; its projection learns'),
    similarity: z.enum(['neg-log-cosh', 'cosine']).default('neg-log-cosh'),
    s: z.number().positive().optional().describe('sharpness inside NegLogCosh; sqrt(D) if absent'),
    temperature: z.number().positive().default(0.1),
    imageToText: z.number().min(0).max(1).default(0.75),
    chunk: z.number().int().positive().default(8).describe('texts compared at once; less needs less memory'),
  }),
  sentences: ({ most, frozenText }) => ({
    encode: frozenText ? 'once' : 'apart',
    most,
    leastWords: 1,
    order: 'shuffle',
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one pair has no negatives' : undefined),

  passes: {
    report({ batch, encodeText, projectText, modules, config: { pfr, dfr, alpha, frozenText } }) {
      const mask = batch.sentenceMask //                                                       K_i of [B, K]
      const live = (): Tensor => {
        const [b, s, t] = batch.sentenceIds.shape as [number, number, number]
        const flat = (x: Tensor): Tensor => reshape(x, [b * s, t])
        return reshape(encodeText(flat(batch.sentenceIds), flat(batch.sentenceTokenMask)).global, [b, s, -1])
      }
      const items = frozenText ? projectText(batch.sentenceFeatures) : live() //               U [B, K, D]
      const weights = pfr && modules.training ? bootstrapWeights(modules, mask) : evenWeights(mask)
      const about = weighItems(items, weights) //                                              u [B, D]
      if (!dfr || !modules.training) return { global: about }
      return { global: drawReport(modules, about, itemSpread(items, mask), alpha) } //         ũ [B, D]
    },
  },

  loss({ image, report, config: { similarity, s, temperature, imageToText, chunk } }) {
    const sharpness = s ?? Math.sqrt(image.global.shape[1] as number)
    const similar =
      similarity === 'cosine'
        ? cosineMatrix(image.global, report.global)
        : negLogCosh(image.global, report.global, { sharpness, chunk }) //                     [B, B]
    return { contrastive: contrastive(div(similar, temperature), { imageToText }) }
  },

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, config: { most: 6 } },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      model: { joint: 768 },
      train: { batch: 32, rate: 1e-4, optimizer: { kind: 'adam', weightDecay: 1e-6 } },
    },
  },
})
