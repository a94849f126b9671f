/**
 * MRM: advancing radiograph representation learning with masked record modeling (Zhou et al., ICLR 2023). Survey section
 * 3.2. Rebuilds the image from a quarter of its patches, and the report from half of its words and these patches.
 *
 *   L_img = 1/n Σ_{p hidden} mean_d ( x̂_pd - y_pd )² ,   y patches of the picture at twice the tower's resolution
 *   L_rep = -1/n Σ_{i hidden} log p( y_i | words that are left, g ) ,   g = linear( mean of encoded visible patches )
 *   L     = L_img + L_rep
 *
 * The tower never sees a hidden patch; g is added to the embedding of every token. No contrast: zero-shot use and retrieval
 * need another objective. Half of the words are hidden, all pieces of a word together, so that the image is needed.
 * Differs from the paper: the towers are those of the run (learned positions, CLIP's activation) in place of MAE's ViT-B/16
 * with fixed waves. `over: 'all'` is the released code, whose cross-entropy covers all positions, padding too.
 */

import { z } from 'zod'
import { div, equal, interpolate, mean, sum, unsqueeze } from '../../engine/index.ts'
import { linear } from '../../nn/index.ts'
import { objective, type PassContext } from '../objective.ts'
import { decodePixels, hiddenPatches, overHidden, patchErrors, rebuiltPicture } from '../parts/masked-image.ts'
import { countedErrors, covered, hideWords, meanOverCounted, wordErrors, wordScores } from '../parts/words-to-fill.ts'

const detail = 2

interface Masking {
  hiddenPatches: number
  decoderWidth: number
  decoderLayers: number
  decoderHeads: number
}

/** Patches x̂ [B, P, d] of `side` pixels, predicted from those that are not hidden. */
function predictPixels({
  batch: { pixels },
  model,
  modules,
  encodeImage,
  config,
}: Pick<PassContext<Masking>, 'batch' | 'model' | 'modules' | 'encodeImage' | 'config'>) {
  const side = detail * (model.image.kind === 'vit' ? model.image.patch : 1)
  const small = interpolate(pixels, { scale: 1 / detail }, { mode: 'cubic', antialias: true }) // of [B, C, 2 H, 2 W]
  const image = encodeImage(small, { masked: config.hiddenPatches, always: true })
  const predicted = decodePixels(modules.in('decoder'), image, {
    width: config.decoderWidth,
    layers: config.decoderLayers,
    heads: config.decoderHeads,
    outputs: side ** 2 * model.image.channels,
  }) //                                                                                        x̂ [B, P, (2 patch)² C]
  return { image, predicted, side }
}

export const mrm = objective({
  id: 'mrm',
  survey: {
    name: 'MRM',
    paper: 'Zhou et al., ICLR 2023',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS', 'SEG'],
  },
  needs: ['image', 'text'],
  text: 'report',
  losses: ['image', 'report'],
  config: z.strictObject({
    hiddenPatches: z.number().gt(0).lt(1).default(0.75).describe('share of patches left out'),
    hiddenWords: z.number().gt(0).lt(1).default(0.5).describe('share of words replaced by [MASK]'),
    decoderWidth: z.number().int().positive().default(768),
    decoderLayers: z.number().int().positive().default(4),
    decoderHeads: z.number().int().positive().default(6),
    normalised: z.boolean().default(true).describe('pixels of each patch brought to mean 0 and variance 1'),
    over: z.enum(['hidden', 'all']).default('hidden').describe('words that the report loss covers; all: released code'),
  }),
  detail,
  refuse: (_, model) =>
    model !== undefined && model.image.kind !== 'vit'
      ? 'a residual net cannot leave out patches: take a vision transformer (--image vit-tiny)'
      : undefined,

  passes: {
    record({ special, encodeText, wordEmbeddings, ...context }) {
      const { batch, model, modules, config } = context
      const { image, predicted, side } = predictPixels(context)
      const hidden = hiddenPatches(image) //                                                   [B, P]
      const errors = patchErrors(predicted, batch.pixels, side, config.normalised)

      const conditioning = linear(modules.in('condition'), mean(image.regionsRaw, 1), model.text.width) // g [B, Wt]
      const words = hideWords(modules, batch.wordIndex, config.hiddenWords) //                 bool [B, T]
      const ids = covered(batch.ids, words, special?.mask ?? 0)
      const { tokensRaw } = encodeText(ids, batch.mask, { added: unsqueeze(conditioning, 1) })
      const scores = wordScores(modules.in('words'), tokensRaw, wordEmbeddings())
      const all = equal(batch.ids, batch.ids)
      const told = countedErrors(wordErrors(scores, batch.ids), config.over === 'all' ? all : words)
      return {
        pixelError: overHidden(errors, hidden),
        pixelCount: sum(hidden, 1),
        wordError: told.error,
        wordCount: told.count,
      }
    },
  },

  loss({ record }) {
    return {
      image: div(sum(record.pixelError), sum(record.pixelCount)), //                           L_img
      report: meanOverCounted({ error: record.wordError, count: record.wordCount }), //        L_rep
    }
  },

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
    config: { decoderWidth: 64, decoderLayers: 1, decoderHeads: 4 },
  },
  published: {
    image: 'vit-base',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'mrm', text: 'report' },
      model: { text: { width: 384, layers: 6, heads: 6, mlp: 1536, context: 100 } },
      tokenizer: { vocabulary: 30000 },
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
