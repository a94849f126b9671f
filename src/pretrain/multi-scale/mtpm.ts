/**
 * MTPM: multi-task paired masking with alignment modeling for medical vision-language pre-training (Zhang et al., IEEE TMM
 * 2023; the paper calls its network MPMA). Survey section 3.2, beside PRIOR. Image and report are both masked in one step;
 * what is left of them is aligned, and each is filled in again, the report by looking at the image through a memory.
 *
 *   v [K, D], t [T, D]   visible patches, tokens of the masked report;  vg, tg of the same masked inputs
 *   L_mim = 1/n Σ_{p hidden} mean_d ( x̂_pd - x_pd )²
 *   r     = softmax_topk( q M' / √d ) M ,   ṽ = v + r_v ,   t̃ = t + r_t          one memory M for both
 *   o     = LN( t̃ + CrossAttn( t̃, ṽ, ṽ ) )
 *   L_mrm = -1/n Σ_{i hidden} log p( y_i | words that are left, visible patches ) ,   logits from o
 *   L_ga  = (CE rows + CE columns)/2 of cos(vg, tg) / τ
 *   L_la  = mean of CE rows and CE columns, within a study, of cos(t_i, c_k) / τ' and of cos(v_p, c_q) / τ' ,
 *           c_i = softmax_p( Q(t_i) K(v_p)' / √D ) V(v) ,   c_p the same of tokens
 *   L     = L_mim + L_mrm + α L_ga + β L_la
 *
 * Reconstruction from the abstract and the survey: no code was released. Masking ratios and the light decoder of pixels are
 * those of MAE and MRM, size and reach of the memory those of the cross-modal memory that the paper builds on (2048 slots,
 * the best 32); α = β = 1. Words are hidden whole. `slots: 0` leaves the memory out.
 */

import { z } from 'zod'
import { add, cast, constant, div, greaterEqual, mul, sum, type Tensor } from '../../engine/index.ts'
import { layerNorm, linear, multiHeadAttention } from '../../nn/index.ts'
import { objective, type PassContext } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { crossAttention } from '../parts/cross-attention.ts'
import { localContrast } from '../parts/local-contrast.ts'
import { decodePixels, hiddenPatches, overHidden, patchErrors, rebuiltPicture } from '../parts/masked-image.ts'
import { readSlots } from '../parts/memory-slots.ts'
import { poolMasked } from '../parts/pooling.ts'
import { bankPerplexity } from '../parts/prototype-bank.ts'
import { countedErrors, covered, hideWords, meanOverCounted, wordErrors, wordScores } from '../parts/words-to-fill.ts'

interface Masking {
  hiddenPatches: number
  decoderWidth: number
  decoderLayers: number
  decoderHeads: number
}

/** Patches x̂ [B, P, side² C] of `side` pixels, predicted from v [B, K, D], those that are not hidden. */
function predictPixels({
  batch: { pixels },
  model,
  modules,
  encodeImage,
  config,
}: Pick<PassContext<Masking>, 'batch' | 'model' | 'modules' | 'encodeImage' | 'config'>) {
  const side = model.image.kind === 'vit' ? model.image.patch : 1
  const image = encodeImage(pixels, { masked: config.hiddenPatches, always: true })
  const predicted = decodePixels(modules.in('decoder'), image, {
    width: config.decoderWidth,
    layers: config.decoderLayers,
    heads: config.decoderHeads,
    outputs: side ** 2 * model.image.channels,
  })
  return { image, predicted, side }
}

export const mtpm = objective({
  id: 'mtpm',
  survey: {
    name: 'MTPM',
    paper: 'Zhang et al., IEEE TMM 2023',
    table: 0,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS', 'SEG', 'ITR', 'VQA'],
  },
  needs: ['image', 'text'],
  text: 'report',
  losses: ['image', 'report', 'global', 'local'],
  config: z.strictObject({
    hiddenPatches: z.number().gt(0).lt(1).default(0.75).describe('share of patches left out'),
    hiddenWords: z.number().gt(0).lt(1).default(0.5).describe('share of words replaced by [MASK]'),
    slots: z.number().int().nonnegative().default(2048).describe('vectors of the memory; 0: no memory'),
    top: z.number().int().positive().default(32).describe('slots that a token or patch reads, its best ones'),
    heads: z.number().int().positive().default(12).describe('of tokens that look at patches'),
    globalTemperature: z.number().positive().default(0.07).describe('τ'),
    localTemperature: z.number().positive().default(0.1).describe("τ'"),
    globalWeight: z.number().nonnegative().default(1).describe('α'),
    localWeight: z.number().nonnegative().default(1).describe('β'),
    decoderWidth: z.number().int().positive().default(512),
    decoderLayers: z.number().int().positive().default(8),
    decoderHeads: z.number().int().positive().default(16),
    normalised: z.boolean().default(false).describe('pixels of each patch brought to mean 0 and variance 1'),
  }),
  refuse(batch, model) {
    if (model !== undefined && model.image.kind !== 'vit')
      return 'a residual net cannot leave out patches: take a vision transformer (--image vit-tiny)'
    return batch < 2 ? 'a batch of one study has no negatives' : undefined
  },

  passes: {
    pair({ special, encodeText, wordEmbeddings, ...context }) {
      const { batch, model, modules, config } = context
      const { image, predicted, side } = predictPixels(context) //                            v [B, K, D], x̂ [B, P, side² C]
      const hidden = hiddenPatches(image) //                                                  [B, P]
      const pixelError = overHidden(patchErrors(predicted, batch.pixels, side, config.normalised), hidden)

      const words = hideWords(modules, batch.wordIndex, config.hiddenWords) //                bool [B, T]
      const text = encodeText(covered(batch.ids, words, special?.mask ?? 0), batch.mask) //   t [B, T, D]

      const width = model.text.width
      const patches = linear(modules.in('patches'), image.regionsRaw, width) //               [B, K, Wt]
      const { slots, top, heads } = config
      const recall = (x: Tensor): { recalled: Tensor; use?: Tensor } => {
        if (slots === 0) return { recalled: x }
        const { read, weights } = readSlots(modules.in('memory'), x, { slots, top })
        return { recalled: add(x, read), use: weights }
      }
      const [seen, told] = [recall(patches), recall(text.tokensRaw)] //                       ṽ, t̃
      const { output } = multiHeadAttention(modules.in('fusion'), told.recalled, { heads, key: seen.recalled })
      const fused = layerNorm(modules.in('fusion', 'norm'), add(told.recalled, output), 1e-12) // o [B, T, Wt]
      const scores = wordScores(modules.in('words'), fused, wordEmbeddings())
      const { error: wordError, count: wordCount } = countedErrors(wordErrors(scores, batch.ids), words)
      const real = cast(greaterEqual(batch.wordIndex, constant(Int32Array.of(0), [])), 'int32') // no [CLS], [SEP], padding
      return {
        pixelError,
        pixelCount: sum(hidden, 1),
        wordError,
        wordCount,
        vg: image.global,
        tg: text.global,
        regions: image.regions,
        tokens: text.tokens,
        real,
        ...(told.use === undefined ? {} : { memoryUse: poolMasked(told.use, real, 'mean') }), // [B, slots]
      }
    },
  },

  loss({ pair, modules, config }) {
    const { regions: v, tokens: t, real } = pair
    const seen = crossAttention(modules.in('alignment'), v, t, real, 'softmax') //            c_p, c_i
    const temperature = config.localTemperature
    const [byTokens, byPatches] = [
      localContrast(t, seen.b, { temperature, mask: real }),
      localContrast(v, seen.a, { temperature }),
    ]
    const four = [byTokens.forward, byTokens.backward, byPatches.forward, byPatches.backward]
    const used = pair.memoryUse
    return {
      image: div(sum(pair.pixelError), sum(pair.pixelCount)), //                              L_mim
      report: meanOverCounted({ error: pair.wordError, count: pair.wordCount }), //           L_mrm
      global: contrastive(div(cosineMatrix(pair.vg, pair.tg), config.globalTemperature)), //  L_ga
      local: mul(
        four.map(({ alignment, prior }) => add(alignment, prior)).reduce((a, b) => add(a, b)),
        0.25,
      ), // L_la
      ...(used === undefined ? {} : { memoryPerplexity: bankPerplexity(used) }),
    }
  },
  weights: ({ globalWeight, localWeight }) => ({ image: 1, report: 1, global: globalWeight, local: localWeight }),

  pictures: {
    rebuilt(context) {
      const { image, predicted, side } = predictPixels(context)
      return rebuiltPicture(predicted, context.batch.pixels, { image, side, normalised: context.config.normalised })
    },
  },

  tiny: {
    image: 'vit-tiny',
    text: 'bert-tiny',
    size: 48,
    config: { slots: 16, top: 4, heads: 4, decoderWidth: 64, decoderLayers: 1, decoderHeads: 4 },
  },
  published: {
    image: 'vit-base',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'mrm' },
      train: {
        batch: 256,
        epochs: 200,
        rate: 1.5e-4,
        schedule: { kind: 'cosine', warmup: 0.2 },
        optimizer: { kind: 'adamw', beta2: 0.95, weightDecay: 0.05 },
      },
    },
  },
})
