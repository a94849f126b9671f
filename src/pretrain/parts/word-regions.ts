/**
 * @file Words that look at regions, for every image and every text of a batch (building blocks B6 and B8 of the method
 * sheets; Huang et al. 2021).
 */

import {
  blocked,
  cast,
  concat,
  cosineSimilarity,
  div,
  log,
  maskedLogSumExp,
  matmul,
  max,
  maximum,
  mul,
  recomputed,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from '../../engine/index.ts'

export interface AttentionForm {
  /** Sharpness of a word's attention over regions. */
  tau1: number
  /** `double`: softmax over words first, then over regions of tau1 times that (released code); `single`: dots / tau1 (paper). */
  attention: 'double' | 'single'
}

/**
 * Attention of words over regions, [..., W, P], from their products [..., W, P]; each row sums to 1. `real` bool
 * [..., W] marks words: others are no rivals in the softmax over words.
 */
function attentionMaps(dots: Tensor, real: Tensor, { tau1, attention }: AttentionForm): Tensor {
  if (attention === 'single') return softmax(div(dots, tau1))
  return softmax(mul(softmax(where(unsqueeze(real, -1), dots, blocked), -2), tau1))
}

/** Maps [B, W, P] of each text's words over the regions of its own image: v [B, P, D], t [B, W, D], `mask` int32 [B, W]. */
export function wordMaps(v: Tensor, t: Tensor, mask: Tensor, form: AttentionForm): Tensor {
  return attentionMaps(matmul(t, v, { transposeB: true }), cast(mask, 'bool'), form)
}

export interface MatchOptions extends AttentionForm {
  /** Sharpness of the aggregation over words. */
  tau2: number
  /** `sum` and `mean` stand inside the logarithm; `max` takes tau2 times the best cosine. */
  aggregate: 'sum' | 'mean' | 'max'
  /**
   * Texts looked at together. What lies in between is computed again for the gradient, so that for one size of chunk the
   * memory grows linearly with the batch.
   */
  chunk: number
}

/**
 * How well image i matches text j, [I, J]: log Σ_w exp(τ2 cos(c_w, t_w)), for regions v [I, P, D], words t [J, W, D] and
 * `mask` int32 [J, W]. Wrong pairs have attention of their own, or the loss would leak the pairing.
 */
export function matchWords(v: Tensor, t: Tensor, mask: Tensor, options: MatchOptions): Tensor {
  const texts = t.shape[0] as number
  const columns: Tensor[] = []
  for (let from = 0; from < texts; from += options.chunk) {
    const to = Math.min(texts, from + options.chunk)
    const real = cast(slice(mask, 0, from, to), 'bool')
    const some = (regions: Tensor, words: Tensor): Tensor => matchSome(regions, words, real, options)
    const words = slice(t, 0, from, to)
    columns.push(texts > options.chunk ? recomputed(some, v, words) : some(v, words))
  }
  return concat(columns, 1)
}

/** The same of few texts: words t [C, W, D], `real` bool [C, W] -> [I, C]. */
function matchSome(v: Tensor, t: Tensor, real: Tensor, { tau2, aggregate, ...form }: MatchOptions): Tensor {
  const [i, p, d] = v.shape as [number, number, number]
  const [c, w] = t.shape as [number, number]
  const dots = matmul(reshape(t, [c * w, d]), v, { transposeB: true }) //                      [I, C W, P]
  const maps = attentionMaps(reshape(dots, [i, c, w, p]), real, form)
  const contexts = reshape(matmul(reshape(maps, [i, c * w, p]), v), [i, c, w, d]) //           c_w
  const cosines = mul(cosineSimilarity(contexts, t), tau2) //                                  [I, C, W]
  if (aggregate === 'max') return max(where(real, cosines, blocked), -1)
  const total = maskedLogSumExp(cosines, real) //                                              [I, C]
  if (aggregate === 'sum') return total
  const words = maximum(sum(cast(real, 'float32'), -1), 1) //                                  [C]
  return sub(total, log(words))
}
