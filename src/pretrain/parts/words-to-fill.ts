/** @file Words hidden and filled in, and words told one after the other (building block B15 of the method sheets). */

import {
  add,
  and,
  cast,
  constant,
  div,
  equal,
  gelu,
  greaterEqual,
  less,
  logSoftmax,
  matmul,
  maximum,
  min,
  mul,
  neg,
  or,
  squeeze,
  sum,
  type Tensor,
  takeAlongAxis,
  unsqueeze,
  where,
} from '../../engine/index.ts'
import { layerNorm, linear, type Scope } from '../../nn/index.ts'

/** int32 scalar. */
const whole = (value: number): Tensor => constant(Int32Array.of(value), [])

/**
 * bool [B, T]: tokens of hidden words. Each word of `wordIndex` int32 [B, T] is hidden with probability `share`, all its
 * pieces together, anew at every step; at least one word a text, special tokens and padding never. Under validation the draws are
 * those of one step, always the same.
 */
export function hideWords(scope: Scope, wordIndex: Tensor, share: number, name = 'hidden_words'): Tensor {
  const chance = scope.random(name, wordIndex.shape, { kind: 'uniform' }) //                   one a word
  const real = greaterEqual(wordIndex, whole(0))
  const drawn = where(real, takeAlongAxis(chance, where(real, wordIndex, whole(0)), 1), 2) //   2: never
  const least = equal(drawn, min(drawn, 1, true))
  return and(real, or(less(drawn, share), least))
}

/** `ids` int32 [B, T] with `token` in the place of what is hidden. */
export const covered = (ids: Tensor, hidden: Tensor, token: number): Tensor => where(hidden, whole(token), ids)

/**
 * Scores of all words, [B, T, V], from states [B, T, W] as BERT's head: linear, GELU, layer norm, then the word embeddings
 * [V, W] themselves and a bias. Parameters: `transform.*`, `norm.*`, `bias`.
 */
export function wordScores(scope: Scope, states: Tensor, embeddings: Tensor): Tensor {
  const [vocabulary, width] = embeddings.shape as [number, number]
  const turned = layerNorm(scope.in('norm'), gelu(linear(scope.in('transform'), states, width)), 1e-12)
  const bias = scope.parameter('bias', [vocabulary], { kind: 'zeros' })
  return add(matmul(turned, embeddings, { transposeB: true }), bias)
}

/** -log p of the right word at each place, [B, T], from scores [B, T, V] and ids int32 [B, T]. */
export function wordErrors(scores: Tensor, ids: Tensor): Tensor {
  return neg(squeeze(takeAlongAxis(logSoftmax(scores), unsqueeze(ids, -1), -1), -1))
}

/** Sums [B] of `errors` [B, T] over the places of `counted` bool [B, T], and how many they are, [B]. */
export function countedErrors(errors: Tensor, counted: Tensor): { error: Tensor; count: Tensor } {
  const weights = cast(counted, 'float32')
  return { error: sum(mul(errors, weights), 1), count: sum(weights, 1) }
}

/** Mean over all counted places of a batch, from sums [B] and counts [B]; 0 where nothing was counted. */
export function meanOverCounted({ error, count }: { error: Tensor; count: Tensor }): Tensor {
  return div(sum(error), maximum(sum(count), 1))
}
