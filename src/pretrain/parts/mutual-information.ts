/**
 * @file Mutual information by a learned critic (building block B11 of the method sheets; Belghazi et al. 2018, van den
 * Oord et al. 2018, Liao et al. 2021): the critic, and bounds from its values on all pairs of a batch.
 */

import {
  add,
  concat,
  constant,
  logSoftmax,
  maskedLogSumExp,
  matmul,
  max,
  mul,
  neg,
  recomputed,
  relu,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'
import { linear, type Scope, uniformByFanIn } from '../../nn/index.ts'
import { diagonal } from './contrast.ts'

export interface CriticOptions {
  /** Widths of the two hidden layers. */
  hidden: readonly [number, number]
  /** Texts looked at together; what lies in between is computed again for the gradient. */
  chunk: number
}

/**
 * f_ij = max_n f(v_in, s_j), [B, B]: a perceptron on the pair of any cell of image v [B, P, C] and text s [B, D], of which
 * the best cell counts, for wrong pairs as for right ones, so that f_ij is a critic itself. Its first layer is that of the
 * joined pair, applied to both parts on their own and added; a bias of the last would cancel in every bound.
 */
export function bestCellCritic(scope: Scope, v: Tensor, s: Tensor, { hidden, chunk }: CriticOptions): Tensor {
  const [b, p, c] = v.shape as [number, number, number]
  const d = s.shape[1] as number
  const [wide, narrow] = hidden
  const first = scope.in('fc1')
  const shape = [wide, c + d]
  const weight = first.parameter('weight', shape, uniformByFanIn(shape))
  const bias = first.parameter('bias', [wide], uniformByFanIn(shape))
  const cells = add(matmul(v, slice(weight, 1, 0, c), { transposeB: true }), bias) //          [B, P, H]
  const texts = matmul(s, slice(weight, 1, c, c + d), { transposeB: true }) //                 [B, H]
  const some = (left: Tensor, right: Tensor): Tensor => {
    const n = right.shape[0] as number
    const joined = relu(add(reshape(left, [b, 1, p, wide]), reshape(right, [1, n, 1, wide])))
    const value = linear(scope.in('fc3'), relu(linear(scope.in('fc2'), joined, narrow)), 1, { bias: false }) // [B, n, P, 1]
    return max(reshape(value, [b, n, p]), -1)
  }
  const columns: Tensor[] = []
  for (let from = 0; from < b; from += chunk) {
    const part = slice(texts, 0, from, Math.min(b, from + chunk))
    columns.push(b > chunk ? recomputed(some, cells, part) : some(cells, part))
  }
  return concat(columns, 1)
}

/** Bounds as losses to minimise: `dv` and `infonce` of the released code, `infonce-rows` of the paper. */
export type Bound = 'dv' | 'infonce' | 'infonce-rows'

/** Minus a lower bound of the mutual information, from critic values [B, B], matched pairs on the diagonal; [].  */
export function boundLoss(values: Tensor, bound: Bound): Tensor {
  const n = values.shape[0] as number
  const positives = mul(sum(mul(values, diagonal(n))), 1 / n) //                               mean over matched pairs
  if (bound === 'infonce-rows') return mul(neg(sum(mul(logSoftmax(values, 1), diagonal(n)))), 1 / n)
  const wrong = constant(
    Uint8Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 0 : 1)),
    [n * n],
  )
  const negatives = maskedLogSumExp(reshape(values, [n * n]), wrong)
  return sub(bound === 'dv' ? sub(negatives, Math.log(n * (n - 1))) : negatives, positives)
}

/** One cell for the global variant: x [B, C] as [B, 1, C]. */
export const asCell = (x: Tensor): Tensor => unsqueeze(x, 1)
