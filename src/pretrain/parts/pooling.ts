/** @file Pooling of tokens into words and sentences, and of anything under a mask (building block B4 of the method sheets). */

import {
  add,
  blocked,
  cast,
  constant,
  div,
  equal,
  greater,
  less,
  matmul,
  max,
  maximum,
  oneHot,
  range,
  reshape,
  shapeError,
  sub,
  sum,
  swapAxes,
  type Tensor,
  unsqueeze,
  where,
} from '../../engine/index.ts'

export type Pooling = 'sum' | 'mean' | 'max'

/** Pooled rows and which of them are real. */
export interface Pooled {
  /** [B, N, D]; zeros where nothing was pooled. */
  pooled: Tensor
  /** int32 [B, N]. */
  mask: Tensor
}

/**
 * Tokens x [B, T, D] that have the same `index` int32 [B, T] (0 .. N-1; anything else is left out), pooled into N rows.
 */
export function poolByIndex(x: Tensor, index: Tensor, count: number, how: Pooling): Pooled {
  const [b, t] = x.shape
  if (x.shape.length !== 3 || index.shape.length !== 2 || index.shape[0] !== b || index.shape[1] !== t)
    shapeError('poolByIndex', 'needs tokens [B, T, D] and an index [B, T]', x, index)
  const member = oneHot(index, count) //                                                       [B, T, N]
  const sizes = sum(member, 1) //                                                              [B, N]
  const some = greater(sizes, 0)
  const mask = cast(some, 'int32')
  if (how === 'max') {
    const each = where(greater(unsqueeze(swapAxes(member, 1, 2), -1), 0), unsqueeze(x, 1), blocked) // [B, N, T, D]
    return { pooled: where(unsqueeze(some, -1), max(each, 2), 0), mask }
  }
  const total = matmul(member, x, { transposeA: true }) //                                     [B, N, D]
  return { pooled: how === 'sum' ? total : div(total, unsqueeze(maximum(sizes, 1), -1)), mask }
}

/** Sub-words x [B, T, D] merged into words: at most as many as tokens, so W = T. `wordIndex` int32 [B, T]. */
export function mergeWords(x: Tensor, wordIndex: Tensor, how: Pooling): { words: Tensor; wordMask: Tensor } {
  const { pooled, mask } = poolByIndex(x, wordIndex, x.shape[1] as number, how)
  return { words: pooled, wordMask: mask }
}

/** A `wordIndex` int32 [B, T] in which the start token is word 0 and the others follow: so GLoRIA counts [CLS]. */
export function startAsWord(wordIndex: Tensor): Tensor {
  const t = wordIndex.shape[1] as number
  const first = equal(range(t), zero())
  const shifted = where(less(wordIndex, zero()), wordIndex, add(wordIndex, constant(Int32Array.of(1), [])))
  return where(first, zero(), shifted)
}

const zero = (): Tensor => constant(Int32Array.of(0), [])

/** Tokens x [B, T, D] pooled into `count` sentences. `sentenceIndex` int32 [B, T]. */
export function poolSentences(
  x: Tensor,
  sentenceIndex: Tensor,
  count: number,
  how: Pooling,
): { sentences: Tensor; sentenceMask: Tensor } {
  const { pooled, mask } = poolByIndex(x, sentenceIndex, count, how)
  return { sentences: pooled, sentenceMask: mask }
}

/** Rows x [B, N, D] pooled over N where `mask` int32 [B, N] is 1: [B, D]. Zeros where it is 1 nowhere. */
export function poolMasked(x: Tensor, mask: Tensor, how: Pooling): Tensor {
  const [b, , d] = x.shape as [number, number, number]
  const index = sub(mask, constant(Int32Array.of(1), [])) //                                 0 where real, -1 elsewhere
  return reshape(poolByIndex(x, index, 1, how).pooled, [b, d])
}
