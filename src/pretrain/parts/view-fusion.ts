/** @file Several views of a study as one set of features (building block B18 of the method sheets). */

import { mul, reshape, sigmoid, type Tensor, transpose } from '../../engine/index.ts'
import { linear, type Scope } from '../../nn/index.ts'

/**
 * Regions of A views [B, A, P, D], each cell opened by a gate of its view that looks at the same cell of all views
 * (Zhou et al. 2022a): `fused` [B, A P, D] and the gates [B, A, P]. Parameters: `gate.*`.
 */
export function gatedViews(scope: Scope, views: Tensor): { fused: Tensor; gates: Tensor } {
  const [b, a, p, d] = views.shape as [number, number, number, number]
  const side = reshape(transpose(views, [0, 2, 1, 3]), [b, p, a * d]) //                       views of a cell side by side
  const gates = transpose(sigmoid(linear(scope.in('gate'), side, a)), [0, 2, 1]) //            [B, A, P]
  return { fused: reshape(mul(views, reshape(gates, [b, a, p, 1])), [b, a * p, d]), gates }
}
