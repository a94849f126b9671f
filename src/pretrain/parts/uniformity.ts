/** @file Spreading the positions of one study (building block B13 of the method sheets; Wang and Isola 2020, Müller et al. 2022a). */

import {
  constant,
  div,
  l2Normalize,
  maskedLogSumExp,
  matmul,
  mean,
  mul,
  reshape,
  sub,
  type Tensor,
} from '../../engine/index.ts'

/** bool [1, P, P]: pairs of different positions. */
function others(p: number): Tensor {
  return constant(
    Uint8Array.from({ length: p * p }, (_, i) => (i % (p + 1) === 0 ? 0 : 1)),
    [1, p, p],
  )
}

/**
 * log mean over pairs of different positions of exp(-t |ẑ_k - ẑ_l|²), ẑ = z / |z|, of each study z [B, P, D], mean over
 * studies; []. 0 where all positions coincide, -2 t P / (P - 1) at least.
 */
export function gaussianUniformity(z: Tensor, t: number): Tensor {
  const [b, p] = z.shape as [number, number]
  if (p === 1) return mean(mul(z, 0))
  const unit = l2Normalize(z)
  const cosines = matmul(unit, unit, { transposeB: true }) //                                  |ẑ_k - ẑ_l|² = 2 - 2 cos
  const exponents = mul(sub(cosines, 1), 2 * t)
  const total = maskedLogSumExp(reshape(exponents, [b, p * p]), reshape(others(p), [1, p * p])) //           [B]
  return mean(sub(total, Math.log(p * (p - 1))))
}

/** mean over positions of log Σ_{l≠k} exp(cos(z_k, z_l) / τ), mean over studies z [B, P, D]; []. */
export function neighbourSpread(z: Tensor, temperature: number): Tensor {
  const p = z.shape[1] as number
  if (p === 1) return mean(mul(z, 0))
  const unit = l2Normalize(z)
  const scores = div(matmul(unit, unit, { transposeB: true }), temperature)
  return mean(maskedLogSumExp(scores, others(p)))
}
