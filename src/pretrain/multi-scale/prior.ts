/**
 * PRIOR: prototype representation joint learning from medical images and reports (Cheng et al., ICCV 2023). Survey section
 * 3.2. Aligns regions and sentences in three stages; sentences become prototypes of a bank, and each side is rebuilt from
 * the other.
 *
 *   v [P, D], f [S, D]      regions, means of a sentence's tokens;  q = softmax((f E' + gumbel)/0.9) E    prototypes
 *   c_v, c_s                what regions see of sentences and sentences of regions, by sigmoids instead of a softmax
 *   L_g    = (CE rows + CE columns)/2 of exp(ls) cos(vg, tg)        tg pooled by attention over sentences
 *   L_v    = -1/2 mean[ cos(h(v), sg(c_v)) + cos(h(c_v), sg(v)) ]   no negatives: fields of regions overlap
 *   L_s    = (CE rows + CE columns)/2 of exp(ls') cos(f_k, c_s,l)   within one report
 *   L_bank = mean|q - f| ,  L_img = mean|x̂ - x| ,  x̂ from [v with half of its channels dropped; c_v]
 *   L_spg  = mean|r - q| ,  r predictions of 16 queries matched to the prototypes, filled up with zeros
 *   L_kl   = KL( softmax(f E') || softmax(r E') ) ,  L_gpa = L_g between reports of predicted and of true prototypes
 *
 * Stage 1: L_g + L_v + L_s of sentences. Stage 2: the same of prototypes (q for f), + 10 L_bank.
 * Stage 3: 10 L_g + L_v + L_s + L_img + 10 L_spg + L_kl + L_gpa + 10 L_bank. Stages are shares of the run.
 * Differs from the released code: features keep space and channels apart; predictions are put into the order of the targets
 * (the code uses the inverse); the prototype decoder is not causal, as the paper says; no Gumbel noise in validation; L_kl
 * reads the sentences' own logits; padding is masked everywhere. Optimiser and rate go through the stages without a break.
 * vg and the sentences use the model's own projections; an exported model serves sentences without bank and pooling.
 * From the folder of the run, `similarity` has both, and classes are told as in the release: softmax of global logits, and
 * half of that of the mean attention between regions and the prompt's prototypes.
 */

import { z } from 'zod'
import {
  abs,
  add,
  broadcast,
  cast,
  concat,
  div,
  exp,
  gelu,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  sub,
  sum,
  swapAxes,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'
import { decoder, linear, type Scope } from '../../nn/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix } from '../parts/contrast.ts'
import { crossAttention } from '../parts/cross-attention.ts'
import { doublings, drawPicture } from '../parts/image-decoder.ts'
import { localContrast } from '../parts/local-contrast.ts'
import { meanQueryPool } from '../parts/mean-query-pool.ts'
import { siameseLoss } from '../parts/negative-free.ts'
import { poolSentences } from '../parts/pooling.ts'
import {
  bankLogits,
  bankPerplexity,
  bankVectors,
  maskedDistance,
  maskedDivergence,
  readBank,
} from '../parts/prototype-bank.ts'
import { matchedTo, toCount } from '../parts/set-matching.ts'

/** Gumbel noise while training. */
function gumbel(scope: Scope, name: string, shape: readonly number[]): Tensor | undefined {
  return scope.training ? scope.random(name, shape, { kind: 'gumbel' }) : undefined
}

/** A report [B, D] from its sentences or their prototypes [B, S, D]. */
function pooledReport(modules: Scope, rows: Tensor, real: Tensor, heads: number): Tensor {
  return meanQueryPool(modules.in('report'), rows, { heads, mask: real }).pooled
}

export const prior = objective({
  id: 'prior',
  survey: {
    name: 'PRIOR',
    paper: 'Cheng et al., ICCV 2023',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS', 'SEG', 'DET', 'ZSC', 'ITR'],
  },
  needs: ['image', 'report'],
  losses: [
    'sentenceGlobal',
    'sentenceRegions',
    'sentenceSentences',
    'global',
    'regions',
    'sentences',
    'bank',
    'image',
    'prototypes',
    'divergence',
    'predictedGlobal',
  ],
  config: z.strictObject({
    stages: z
      .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
      .default([0.2, 0.5])
      .describe('shares of the run after which stages 1 and 2 end'),
    bank: z.number().int().positive().default(512).describe('vectors of the bank'),
    temperature: z.number().positive().default(0.9).describe('of the mixture of the bank'),
    localScale: z.number().default(Math.log(100)).describe("initial ls', learned"),
    heads: z.number().int().positive().default(8).describe('of the attention that pools sentences'),
    queries: z.number().int().positive().default(16).describe('prototypes that are predicted'),
    decoderLayers: z.number().int().positive().default(8).describe('of the prototype decoder'),
    decoderHeads: z.number().int().positive().default(12),
    decoderHidden: z.number().int().positive().default(3072),
    dropped: z.number().min(0).lt(1).default(0.5).describe('share of channels of v that the image decoder misses'),
    most: z.number().int().positive().default(16).describe('sentences of a report'),
  }),
  sentences: ({ most }) => ({ encode: 'joint', most, leastWords: 3, order: 'shuffle' }),
  refuse(batch, model) {
    if (batch < 2) return 'a batch of one study has no negatives'
    if (model === undefined || model.image.kind === 'vit') return undefined
    const side = model.image.size / 32
    const even = doublings(side, model.image.size) !== undefined && Number.isInteger(side)
    return even ? undefined : `pictures of ${model.image.size} pixels are not drawn by doubling a grid`
  },

  passes: {
    image({ batch, model, modules, encodeImage, config }) {
      const { global, regionsRaw, grid } = encodeImage(batch.pixels)
      const regions = linear(modules.in('local_image'), regionsRaw, model.joint) //           v [B, P, D]
      const [b, , d] = regions.shape as [number, number, number]
      const whole = modules.training && config.dropped > 0
      const kept = whole
        ? modules.random('dropped_channels', [b, 1, d], { kind: 'bernoulli', keep: 1 - config.dropped })
        : 1
      return { global, regions, dropped: mul(regions, whole ? div(kept, 1 - config.dropped) : 1), grid }
    },
    text({ batch, model, modules, encodeText, config }) {
      const { tokens } = encodeText(batch.ids, batch.mask)
      const most = batch.sentenceMask.shape[1] as number
      const { sentences, sentenceMask: mask } = poolSentences(tokens, batch.sentenceIndex, most, 'mean') // f [B, S, D]
      const bank = bankVectors(modules.in('bank'), config.bank, model.joint) //                E [K, D]
      const logits = bankLogits(sentences, bank) //                                            [B, S, K]
      const noise = gumbel(modules, 'gumbel', logits.shape)
      const { prototypes, weights } = readBank(logits, bank, { temperature: config.temperature, noise }) // q [B, S, D]
      const predicted = gumbel(modules, 'gumbel_predicted', [logits.shape[0] as number, config.queries, config.bank])
      return { sentences, prototypes, logits, weights, mask, ...(predicted === undefined ? {} : { noise: predicted }) }
    },
  },

  loss({ image, text, batch, model, scale, modules, config }) {
    const { mask } = text
    const d = model.joint
    const localScale = exp(neg(modules.parameter('local_scale', [], { kind: 'constant', value: config.localScale })))
    const pool = (rows: Tensor, real: Tensor): Tensor => pooledReport(modules, rows, real, config.heads) // tg [B, D]
    const nce = (a: Tensor, b: Tensor): Tensor => contrastive(mul(cosineMatrix(a, b), scale))
    const aligned = (sentences: Tensor) => {
      const seen = crossAttention(modules.in('local'), image.regions, sentences, mask, 'sigmoid') // c_v, c_s
      const within = localContrast(sentences, seen.b, { temperature: localScale, mask })
      const both = [within.forward, within.backward].flatMap(({ alignment, prior: spread }) => [alignment, spread])
      return {
        seen,
        report: pool(sentences, mask),
        global: nce(image.global, pool(sentences, mask)), //                                   L_g
        regions: siameseLoss(modules.in('predictor'), image.regions, seen.a), //               L_v
        sentences: mul(
          both.reduce((sum, x) => add(sum, x)),
          0.5,
        ), //                     L_s
      }
    }
    const first = aligned(text.sentences)
    const then = aligned(text.prototypes)

    const { size, channels } = model.image
    const drawn = drawPicture(modules.in('image_decoder'), concat([image.dropped, then.seen.a], 2), {
      grid: image.grid,
      size,
      channels,
    })

    const { queries: count } = config
    const [b] = image.regions.shape as [number]
    const queries = modules.parameter('queries', [1, count, d], { kind: 'normal', sd: 1 })
    const { decoderLayers: layers, decoderHeads: heads, decoderHidden: hidden } = config
    const block = { layers, heads, hidden, activation: gelu }
    const told = decoder(modules.in('sentence_decoder'), broadcast(queries, [b, count, d]), image.regions, block) // [B, 16, D]
    const slots = cast(reshape(toCount(unsqueeze(cast(mask, 'float32'), -1), count), [b, count]), 'int32')
    const targets = mul(toCount(text.prototypes, count), unsqueeze(cast(slots, 'float32'), -1))
    const matched = matchedTo(targets, told) //                                                r [B, 16, D]
    const bank = bankVectors(modules.in('bank'), config.bank, d)
    const near = bankLogits(matched, bank)
    const again = readBank(near, bank, { temperature: config.temperature, noise: text.noise }).prototypes
    return {
      sentenceGlobal: first.global,
      sentenceRegions: first.regions,
      sentenceSentences: first.sentences,
      global: then.global,
      regions: then.regions,
      sentences: then.sentences,
      bank: maskedDistance(text.prototypes, text.sentences, mask),
      image: mean(abs(sub(drawn, batch.pixels))),
      prototypes: mean(abs(sub(matched, targets))), //                                         L_spg
      divergence: maskedDivergence(toCount(text.logits, count), near, slots), //               L_kl
      predictedGlobal: nce(pool(again, slots), then.report), //                                L_gpa
      bankPerplexity: bankPerplexity(text.weights, mask),
    }
  },
  weights({ stages: [one, two] }, step, total = step) {
    const share = total === 0 ? 1 : step / total
    if (share < one) return stage({ sentenceGlobal: 1, sentenceRegions: 1, sentenceSentences: 1 })
    if (share < two) return stage({ global: 1, regions: 1, sentences: 1, bank: 10 })
    const rebuilt = { image: 1, prototypes: 10, divergence: 1, predictedGlobal: 1 }
    return stage({ global: 10, regions: 1, sentences: 1, bank: 10, ...rebuilt })
  },

  similarity({ image, text, modules, config }) {
    const report = pooledReport(modules, text.prototypes, text.mask, config.heads) //          tg [B, D]
    return { global: cosineMatrix(image.global, report) }
  },
  zeroShot: {
    shares: { global: 1, attention: 0.5 },
    scores({ image, text, modules, scale, config }) {
      const report = pooledReport(modules, text.prototypes, text.mask, config.heads)
      const [b, p, d] = image.regions.shape as [number, number, number]
      const s = text.mask.shape[1] as number
      // All images with all texts: their regions and prototypes as if of one study.
      const [regions, prototypes] = [reshape(image.regions, [1, b * p, d]), reshape(text.prototypes, [1, b * s, d])]
      const { weightsA, weightsB } = crossAttention(
        modules.in('local'),
        regions,
        prototypes,
        reshape(text.mask, [1, b * s]),
        'sigmoid',
      )
      const seen = reshape(add(weightsA, swapAxes(weightsB, 1, 2)), [b, p, b, s]) //             0 where s is not real
      const count = maximum(sum(cast(text.mask, 'float32'), -1), 1) //                           [B]
      return {
        global: mul(cosineMatrix(image.global, report), scale),
        attention: div(sum(mean(seen, 1), 2), mul(count, 2)), //                                [B, B]
      }
    },
  },
  pictures: {
    sentences({ image, text, modules }) {
      const { weightsB } = crossAttention(modules.in('local'), image.regions, text.prototypes, text.mask, 'sigmoid')
      return { maps: weightsB, grid: image.grid }
    },
    rebuilt({ image, text, model, modules }) {
      const seen = crossAttention(modules.in('local'), image.regions, text.prototypes, text.mask, 'sigmoid')
      const { size, channels } = model.image
      const features = concat([image.dropped, seen.a], 2)
      return { drawn: drawPicture(modules.in('image_decoder'), features, { grid: image.grid, size, channels }) }
    },
  },

  tiny: {
    image: 'resnet-tiny',
    text: 'bert-tiny',
    size: 64,
    config: { bank: 24, heads: 4, queries: 6, decoderLayers: 1, decoderHeads: 4, decoderHidden: 64, most: 6 },
  },
  published: {
    image: 'resnet-50',
    text: 'bert-base',
    size: 224,
    overrides: {
      data: { augment: 'prior' },
      model: { joint: 768, logitScale: Math.log(100) },
      train: { batch: 588, epochs: 100, rate: 1e-5, optimizer: { kind: 'adamw', weightDecay: 1e-6 } },
    },
  },
})

/** Weights of a stage: of what is not named 0. */
function stage(weights: Readonly<Record<string, number>>): Record<string, number> {
  return { ...Object.fromEntries(prior.losses.map((name) => [name, 0])), ...weights }
}
