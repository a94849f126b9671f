/**
 * @file A report put together anew from the features of its items (building block B20 of the method sheets; Pan et al.
 * 2023).
 */

import {
  add,
  and,
  cast,
  cumulativeSum,
  div,
  equal,
  floor,
  less,
  matmul,
  maximum,
  mul,
  range,
  reshape,
  safeRoot,
  square,
  sub,
  sum,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'
import type { Scope } from '../../nn/index.ts'

/**
 * Weights of a bootstrap of each report's items, [B, K]: as often as an item is drawn in n_i draws with replacement from the
 * n_i real ones, divided by n_i. `mask` int32 [B, K]. Drawn anew at each step, for every study by itself.
 */
export function bootstrapWeights(scope: Scope, mask: Tensor, name = 'drawn_items'): Tensor {
  const [b, k] = mask.shape as [number, number]
  const real = cast(mask, 'float32')
  const count = sum(real, 1, true) //                                                          n_i [B, 1]
  const place = sub(cumulativeSum(real, 1), 1) //                                              of a real item among them
  const chance = scope.random(name, [b, k], { kind: 'uniform' })
  const drawn = floor(mul(chance, count)) //                                                   [B, draws]
  const counted = less(cast(range(k), 'float32'), count) //                                    n_i draws [B, draws]
  const hits = equal(unsqueeze(drawn, 2), unsqueeze(place, 1)) //                              [B, draws, K]
  const times = sum(cast(and(hits, unsqueeze(counted, 2)), 'float32'), 1)
  return div(mul(times, real), maximum(count, 1))
}

/** Equal weights of each report's real items, [B, K]. */
export function evenWeights(mask: Tensor): Tensor {
  const real = cast(mask, 'float32')
  return div(real, maximum(sum(real, 1, true), 1))
}

/** Items U [B, K, D] added with weights [B, K]: [B, D]. */
export function weighItems(items: Tensor, weights: Tensor): Tensor {
  const [b, , d] = items.shape as [number, number, number]
  return reshape(matmul(unsqueeze(weights, 1), items), [b, d])
}

/**
 * Standard deviation of each report's real items in every dimension, [B, D], dividing by their number; 0 for one item, with
 * derivative 0.
 */
export function itemSpread(items: Tensor, mask: Tensor): Tensor {
  const even = evenWeights(mask)
  const centred = sub(items, unsqueeze(weighItems(items, even), 1))
  return safeRoot(weighItems(square(centred), even))
}

/** A normal draw about what the items say: `about` [B, D] + α spread ∘ ε, ε by itself for every study and dimension. */
export function drawReport(scope: Scope, about: Tensor, spread: Tensor, alpha: number, name = 'report_noise'): Tensor {
  const noise = scope.random(name, about.shape, { kind: 'normal' })
  return add(about, mul(mul(spread, noise), alpha))
}
