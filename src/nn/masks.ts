/** @file Additive attention masks. Finite, so that a fully masked row gives an average and never NaN. */

import { blocked, cast, constant, mul, reshape, sub, type Tensor } from '../engine/index.ts'

/** Padding mask from `mask` int32 [B, T] (1 = real token): additive [B, 1, 1, T]. */
export function paddingMask(mask: Tensor): Tensor {
  const [b, t] = mask.shape as [number, number]
  return reshape(mul(sub(1, cast(mask, 'float32')), blocked), [b, 1, 1, t])
}

/** Position t sees positions up to t: additive [1, 1, T, T]. */
export function causalMask(length: number): Tensor {
  const values = new Float32Array(length * length)
  for (let i = 0; i < length; i++) values.fill(blocked, i * length + i + 1, (i + 1) * length)
  return constant(values, [1, 1, length, length])
}
