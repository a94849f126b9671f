/**
 * Breaking with fixed set pathology recognition through report-guided contrastive training (Seibold et al., MICCAI 2022).
 * Survey section 3.2. Every sentence of a report is encoded by itself and aligned with the image, beside the report.
 *
 *   L_global = 1/2 CE rows + 1/2 CE columns of Φ(I_i, R_j)/τ ,   R = aggregate of the sentences of a report
 *   L_is     = -1/B Σ_i 1/n_i Σ_{k in i} log( e_ik / (e_ik + Σ_{m not in i} e_im) ) ,   e_ik = exp(Φ(I_i, s_k)/τ)
 *   L_si     = -1/M Σ_k log softmax_j( Φ(I_j, s_k)/τ )[own(k)]
 *   L        = L_global + (L_is + L_si) / 2
 *
 * The other sentences of a study are positives of its image, hence in no denominator. Studies without a report speak by
 * templates of their labels.
 * Reconstruction from the abstract and the survey: no code was released. Sentences that another report says word for word
 * are no negatives of it (`maskSame`), which reports of normal studies need.
 */

import { z } from 'zod'
import {
  and,
  any,
  blocked,
  cast,
  constant,
  div,
  equal,
  l2Normalize,
  logSoftmax,
  maskedLogSumExp,
  matmul,
  maximum,
  mul,
  neg,
  not,
  reshape,
  softplus,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from '../../engine/index.ts'
import { objective } from '../objective.ts'
import { contrastive, cosineMatrix, diagonal } from '../parts/contrast.ts'
import { meanQueryPool } from '../parts/mean-query-pool.ts'
import { poolMasked } from '../parts/pooling.ts'

export const seibold2022 = objective({
  id: 'seibold-2022',
  survey: {
    name: 'Seibold et al.',
    paper: 'Seibold et al., MICCAI 2022',
    table: 2,
    domain: 'chest X-ray',
    taxonomy: ['multi-scale'],
    tasks: ['CLS'],
  },
  needs: ['image', 'sentences'],
  losses: ['global', 'imageToSentence', 'sentenceToImage'],
  config: z.strictObject({
    aggregate: z.enum(['mean', 'attention']).default('mean').describe('of the sentences of a report'),
    heads: z.number().int().positive().default(8).describe('of the attention, which divide the joint width'),
    most: z.number().int().positive().default(8).describe('sentences of a report a step'),
    maskSame: z.boolean().default(true).describe('sentences that a report itself says are no negatives of its image'),
    present: z.string().default('There is {label}.').describe('sentence of a label, for studies without a report'),
    absent: z.string().default('There is no {label}.'),
  }),
  sentences: ({ most, present, absent }) => ({
    encode: 'apart',
    most,
    leastWords: 1,
    order: 'shuffle',
    fromLabels: { present, absent },
  }),
  refuse: (batch) => (batch < 2 ? 'a batch of one study has no negatives' : undefined),

  passes: {
    sentences({ batch, encodeText, config, modules }) {
      const [b, s, t] = batch.sentenceIds.shape as [number, number, number]
      const mask = batch.sentenceMask
      const flat = (x: Tensor): Tensor => reshape(x, [b * s, t])
      const { global } = encodeText(flat(batch.sentenceIds), flat(batch.sentenceTokenMask))
      const each = reshape(global, [b, s, -1]) //                                             s [B, S, D]
      const report =
        config.aggregate === 'mean'
          ? poolMasked(each, mask, 'mean')
          : meanQueryPool(modules.in('aggregate'), each, { heads: config.heads, mask }).pooled
      return { each, report, mask, keys: batch.sentenceKey }
    },
  },

  loss({ image, sentences: { each, report, mask, keys }, scale, config }) {
    const [b, s, d] = each.shape as [number, number, number]
    const own = same(b, s) //                                                                 bool [B, B, S]: k in i
    const real = cast(mask, 'bool') //                                                        bool [B, S]
    const spoken = saidBy(keys, real) //                                                      bool [B, B, S]: i says m
    const foreign = config.maskSame ? and(not(own), not(spoken)) : not(own)

    const flat = reshape(l2Normalize(each), [b * s, d])
    const cosines = matmul(l2Normalize(image.global), flat, { transposeB: true })
    const logits = mul(reshape(cosines, [b, b, s]), scale) //                                 Φ(I_i, s_k)/τ [B, B, S]

    // log(e_ik / (e_ik + rest_i)) = -softplus(log rest_i - l_ik)
    const rest = maskedLogSumExp(reshape(logits, [b, b * s]), reshape(and(foreign, unsqueeze(real, 0)), [b, b * s]))
    const positives = ownLogits(logits) //                                                    l_ik, k in i [B, S]
    const each1 = where(real, softplus(sub(unsqueeze(rest, 1), positives)), 0)
    const counts = maximum(sum(cast(real, 'float32'), 1), 1) //                               n_i
    const imageToSentence = mul(sum(div(sum(each1, 1), counts)), 1 / b)

    const rivals = config.maskSame ? where(and(spoken, not(own)), blocked, logits) : logits
    const right = ownLogits(logSoftmax(rivals, 0)) //                                         [B, S]
    const all = maximum(sum(cast(real, 'float32')), 1) //                                     M
    const sentenceToImage = neg(div(sum(where(real, right, 0)), all))
    return {
      global: contrastive(mul(cosineMatrix(image.global, report), scale)),
      imageToSentence,
      sentenceToImage,
    }
  },
  weights: () => ({ global: 1, imageToSentence: 0.5, sentenceToImage: 0.5 }),

  tiny: { image: 'resnet-tiny', text: 'bert-tiny', size: 64, config: { aggregate: 'attention', heads: 4, most: 4 } },
  published: {
    image: 'vit-base',
    text: 'clip-text-base',
    size: 224,
    overrides: { model: { joint: 512 }, train: { batch: 64, rate: 1e-5 } },
  },
})

/** bool [B, B, S]: whether sentence k of study j belongs to study i. */
function same(b: number, s: number): Tensor {
  const bytes = Uint8Array.from({ length: b * b * s }, (_, at) => {
    const [i, j] = [Math.floor(at / (b * s)), Math.floor(at / s) % b]
    return i === j ? 1 : 0
  })
  return constant(bytes, [b, b, s])
}

/** bool [B, B, S]: whether study i says sentence k of study j, word for word. */
function saidBy(keys: Tensor, real: Tensor): Tensor {
  const [b, s] = keys.shape as [number, number]
  const alike = equal(reshape(keys, [b, 1, 1, s]), reshape(keys, [1, b, s, 1])) //            [B, B, S, S']
  return any(and(alike, reshape(real, [b, 1, 1, s])), -1)
}

/** Of values [B, B, S] those of a study's own sentences: [B, S]. */
function ownLogits(values: Tensor): Tensor {
  const b = values.shape[0] as number
  return sum(mul(values, unsqueeze(diagonal(b), -1)), 0)
}
