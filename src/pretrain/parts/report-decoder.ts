/** @file A causal decoder that tells a report from image features (building block B15 of the method sheets). */

import { add, cast, gather, gelu, matmul, slice, type Tensor } from '../../engine/index.ts'
import { decoder, dropout, layerNorm, linear, type Scope } from '../../nn/index.ts'
import { countedErrors, wordErrors } from './words-to-fill.ts'

export interface ReportDecoderOptions {
  width: number
  layers: number
  heads: number
  /** Of the position-wise network. */
  hidden: number
  dropout: number
  vocabulary: number
  /** Longest report, tokens. */
  context: number
}

/**
 * Scores of the next word at each place, [B, T, V], from image features `memory` [B, M, C] and words `ids` int32 [B, T] with
 * `mask` int32 [B, T]: place t sees words up to t. Post-norm layers; the same table makes words into vectors and vectors into
 * scores (VirTex, Desai and Johnson 2021). With `at` [B, P, T], one 1 a row, scores of those places alone, [B, P, V].
 * Parameters: `memory.*`, `words`, `positions`, `norm.*`, `layers.*`, `bias`.
 */
export function tellReport(
  scope: Scope,
  memory: Tensor,
  ids: Tensor,
  mask: Tensor,
  options: ReportDecoderOptions,
  at?: Tensor,
): Tensor {
  const { width, layers, heads, hidden, vocabulary, context } = options
  const t = ids.shape[1] as number
  const init = { kind: 'normal', sd: 0.02 } as const
  const words = scope.parameter('words', [vocabulary, width], init)
  const positions = scope.parameter('positions', [context, width], init)
  const embedded = layerNorm(scope.in('norm'), add(gather(words, ids), slice(positions, 0, 0, t)), 1e-8)
  const states = decoder(
    scope,
    dropout(scope, embedded, options.dropout),
    linear(scope.in('memory'), memory, width, { init, biasInit: { kind: 'zeros' } }),
    { layers, heads, hidden, activation: gelu, dropout: options.dropout, causal: true, tokenMask: mask },
  )
  const wanted = at === undefined ? states : matmul(at, states)
  return add(matmul(wanted, words, { transposeB: true }), scope.parameter('bias', [vocabulary], { kind: 'zeros' }))
}

/** -log p of each next word, summed over a text's real ones, [B], and how many there are, [B]. */
export function nextWordErrors(scores: Tensor, ids: Tensor, mask: Tensor): { error: Tensor; count: Tensor } {
  const t = ids.shape[1] as number
  const errors = wordErrors(slice(scores, 1, 0, t - 1), slice(ids, 1, 1, t))
  return countedErrors(errors, cast(slice(mask, 1, 1, t), 'bool'))
}
