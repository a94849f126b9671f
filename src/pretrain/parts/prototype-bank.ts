/** @file A bank of learned vectors that stand for what sentences say (building block B16 of the method sheets; Cheng et al. 2023). */

import {
  abs,
  add,
  cast,
  div,
  exp,
  log,
  logSoftmax,
  matmul,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  softmax,
  sub,
  sum,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'
import type { Scope } from '../../nn/index.ts'

/** The K vectors of the bank, [K, D]. Parameter: `weight`. */
export function bankVectors(scope: Scope, count: number, width: number): Tensor {
  return scope.parameter('weight', [count, width], { kind: 'normal', sd: 1 })
}

/** How near rows x [..., D] are to each vector of the bank [K, D]: [..., K]. */
export const bankLogits = (x: Tensor, bank: Tensor): Tensor => matmul(x, bank, { transposeB: true })

/**
 * Prototypes of rows by their logits [..., K]: a mixture of the bank's vectors with weights softmax((logits + noise) / τ),
 * Gumbel noise while training and none otherwise (Jang et al. 2017). Weights too, [..., K].
 */
export function readBank(
  logits: Tensor,
  bank: Tensor,
  { temperature, noise }: { temperature: number; noise?: Tensor | undefined },
): { prototypes: Tensor; weights: Tensor } {
  const weights = noise === undefined ? softmax(logits) : softmax(div(add(logits, noise), temperature))
  return { prototypes: matmul(weights, bank), weights }
}

/** Mean of |a - b| over real rows [B, N, D], `mask` int32 [B, N]; []. */
export function maskedDistance(a: Tensor, b: Tensor, mask: Tensor): Tensor {
  const real = cast(mask, 'float32')
  return div(sum(mul(mean(abs(sub(a, b)), -1), real)), maximum(sum(real), 1))
}

/** KL( softmax(target) || softmax(logits) ), sum over K, mean over real rows [B, N, K], `mask` int32 [B, N]; []. */
export function maskedDivergence(target: Tensor, logits: Tensor, mask: Tensor): Tensor {
  const wanted = logSoftmax(target)
  const each = sum(mul(exp(wanted), sub(wanted, logSoftmax(logits))), -1) //                   [B, N]
  const real = cast(mask, 'float32')
  return div(sum(mul(each, real)), maximum(sum(real), 1))
}

/** Perplexity of the bank's use by (real) rows: exp of the entropy of the mean weights, 1 .. K; []. */
export function bankPerplexity(weights: Tensor, mask?: Tensor): Tensor {
  const k = weights.shape.at(-1) as number
  const rows = (x: Tensor): Tensor => reshape(x, [-1, k])
  const used = mask === undefined ? mean(rows(weights), 0) : meanOfReal(mask) //                [K]
  function meanOfReal(marks: Tensor): Tensor {
    const real = unsqueeze(cast(marks, 'float32'), -1)
    return div(sum(rows(mul(weights, real)), 0), maximum(sum(real), 1))
  }
  return exp(neg(sum(mul(used, log(add(used, 1e-9))))))
}
