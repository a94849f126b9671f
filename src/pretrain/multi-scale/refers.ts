/**
 * REFERS: generalized radiograph representation learning via cross-supervision between images and free-text radiology
 * reports (Zhou et al., Nature Machine Intelligence 2022). Survey section 3.2. A report supervises the views of its study
 * twice: it is told from them, and it is found among others.
 *
 *   f_a = patches_a + class token_a               view a of three drawn with replacement, one shared tower
 *   g_a = sigmoid( Linear_a [f_1; f_2; f_3] )     gate of each cell of each view
 *   F   = [g_1 f_1; g_2 f_2; g_3 f_3]             what the report is told from
 *   L_gen = -1/n Σ log p( y_{k+1} | y_<=k, F )    causal decoder, words in and out share their table
 *   L_con = 0.75 CE rows + 0.25 CE columns of cos(V, U) / 0.1 ,   V = class tokens side by side, U = linear(report)
 *   L     = L_gen + L_con
 *
 * Differs from the released code: the text-to-image half of L_con has its gradient (the code turns it into a plain number);
 * the decoder's vocabulary is that of the run's tokenizer; one coin a study flips all views and its words.
 */

import { z } from 'zod'
import { add, div, reshape, type Tensor, unsqueeze } from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { nextWordErrors, tellReport } from '../parts/report-decoder.ts'
import { gatedViews } from '../parts/view-fusion.ts'
import { meanOverCounted } from '../parts/words-to-fill.ts'

/** Cosine of all views V [B, A D] of each study with each report U [B, A D], a linear map of [B, Wt]. */
function studiesWithReports(modules: Scope, views: Tensor, report: Tensor): Tensor {
  return cosineMatrix(views, linear(modules.in('report'), report, views.shape[1] as number))
}

export const refers = objective({
  id: 'refers',
  survey: {
    name: 'REFERS',
    paper: 'Zhou et al., Nature Machine Intelligence 2022',
    table: 0,
    domain: 'chest X-ray',
    taxonomy: ['global', 'baseline'],
    tasks: ['CLS'],
  },
  needs: ['image', 'text'],
  text: 'report',
  losses: ['generation', 'contrast'],
  config: z.strictObject({
    views: z.number().int().positive().default(3).describe('slots a study, each an image drawn with replacement'),
    temperature: z.number().positive().default(0.1),
    imageToText: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .describe('weight of study to report; the other way has the rest'),
    width: z.number().int().positive().default(1024).describe('of the decoder'),
    layers: z.number().int().positive().default(1).describe('of the decoder'),
    heads: z.number().int().positive().default(16).describe('of the decoder'),
    hidden: z.number().int().positive().default(4096).describe("of the decoder's position-wise network"),
    dropout: z.number().min(0).lt(1).default(0.1).describe('in the decoder'),
    gates: z.boolean().default(true).describe('whether cells of views are gated; false: all open'),
  }),
  views: ({ views }) => ({ count: views, pick: 'replacement' }),
  refuse: (batch) => (batch < 2 ? 'a batch of one study has no negatives' : undefined),

  passes: {
    study({ batch, model, modules, encodeImage, config }) {
      const { pixels, ids, mask } = batch
      const [b, a, ...picture] = pixels.shape as [number, number, ...number[]]
      const { regionsRaw, globalRaw } = encodeImage(reshape(pixels, [b * a, ...picture])) //   [B A, P, D], [B A, D]
      const [, p, d] = regionsRaw.shape as [number, number, number]
      const views = reshape(add(regionsRaw, unsqueeze(globalRaw, 1)), [b, a, p, d]) //         f_a
      const { fused, gates } = gatedViews(modules.in('fusion'), views)
      const memory = config.gates ? fused : reshape(views, [b, a * p, d]) //                   F [B, A P, D]
      const { width, layers, heads, hidden, dropout } = config
      const { vocabulary, context } = model.text
      const options = { width, layers, heads, hidden, dropout, vocabulary, context }
      const scores = tellReport(modules.in('decoder'), memory, ids, mask, options)
      return { ...nextWordErrors(scores, ids, mask), gates, views: reshape(globalRaw, [b, a * d]) } // V [B, A D]
    },
  },

  loss({ study, text, modules, config: { temperature, imageToText } }) {
    const logits = div(studiesWithReports(modules, study.views, text.globalRaw), temperature)
    return { generation: meanOverCounted(study), contrast: contrastive(logits, { imageToText }) }
  },

  similarity: ({ study, text, modules }) => ({ contrast: studiesWithReports(modules, study.views, text.globalRaw) }),

  tiny: { image: 'vit-tiny', text: 'bert-tiny', size: 48, config: { width: 64, heads: 4, hidden: 128 } },
  published: {
    image: 'vit-base',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'refers' },
      tokenizer: { vocabulary: 10000 },
      train: {
        batch: 32,
        rate: 3e-3,
        schedule: { kind: 'cosine', warmup: 0.1 },
        optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
        clipNorm: 10,
        parameters: [{ match: 'text_model*', rate: 0.1 }],
      },
    },
  },
})
