/**
 * @file A learned memory that features of any modality read, so that they meet in what they find there (building block B16
 * of the method sheets; cross-modal memory networks, Chen et al. 2021).
 */

import { blocked, greaterEqual, kthValue, matmul, softmax, type Tensor, unsqueeze, where } from '../../engine/index.ts'
import type { Scope } from '../../nn/index.ts'

/**
 * Rows x [B, N, d] read the memory M [slots, d]: `read` = softmax over the `top` best of x M' / √d, times M, [B, N, d], and
 * how much each slot was read, `weights` [B, N, slots], 0 for all but the best. The same scope is the same memory.
 * Parameter: `slots`.
 */
export function readSlots(
  scope: Scope,
  x: Tensor,
  { slots, top }: { slots: number; top: number },
): { read: Tensor; weights: Tensor } {
  const d = x.shape.at(-1) as number
  const memory = scope.parameter('slots', [slots, d], { kind: 'normal', sd: 1 })
  const scores = matmul(x, memory, { transposeB: true, scale: d ** -0.5 }) //                 [B, N, slots]
  const least = unsqueeze(kthValue(scores, slots - Math.min(top, slots)), -1)
  const weights = softmax(where(greaterEqual(scores, least), scores, blocked))
  return { read: matmul(weights, memory), weights }
}
