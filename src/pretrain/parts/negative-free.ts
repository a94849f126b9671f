/** @file Alignment without negatives (building block B10 of the method sheets; Chen and He 2021). */

import { add, cosineSimilarity, mean, mul, relu, stopGradient, type Tensor } from '../../engine/index.ts'
import { mlp, type Scope } from '../../nn/index.ts'

/** -1/2 mean[ cos(h(x), sg(y)) + cos(h(y), sg(x)) ] over rows [..., D], h one predictor with half the width inside. */
export function siameseLoss(scope: Scope, x: Tensor, y: Tensor): Tensor {
  const hidden = Math.floor((x.shape.at(-1) as number) / 2)
  const predict = (z: Tensor): Tensor => mlp(scope, z, { hidden, activation: relu })
  const one = cosineSimilarity(predict(x), stopGradient(y))
  const other = cosineSimilarity(predict(y), stopGradient(x))
  return mul(mean(add(one, other)), -0.5)
}
