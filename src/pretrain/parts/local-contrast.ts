/** @file Contrast whose classes are the positions of one study (building block B9 of the method sheets; Müller et al. 2022b). */

import {
  blocked,
  cast,
  constant,
  div,
  l2Normalize,
  logSumExp,
  matmul,
  maximum,
  mean,
  mul,
  sum,
  swapAxes,
  type Tensor,
  unsqueeze,
  where,
} from '../../engine/index.ts'

export interface LocalContrastOptions {
  temperature: number | Tensor
  /** Positives of each position, [N, N]; rows are brought to sum 1 over what is real. The identity if absent. */
  positives?: Tensor | undefined
  /** How much each position counts, [B, N]; brought to sum 1 over what is real. Evenly if absent. */
  weights?: Tensor | undefined
  /** int32 [B, N]; all positions are real if absent. */
  mask?: Tensor | undefined
  /** How much each study counts, [B]; evenly if absent. A batch in which none counts has a loss of 0. */
  studies?: Tensor | undefined
}

/** The two parts of a direction, whose sum is its loss: pulling positives together, spreading the others. */
export interface LocalTerm {
  alignment: Tensor
  prior: Tensor
}

/**
 * z [B, N, D] against its counterparts ẑ [B, N, D], with ℓ_kl = cos(z_k, ẑ_l) / τ:
 * alignment -Σ_l u_kl ℓ_kl and prior log Σ_l exp ℓ_kl of each position k, weighted over k, mean over studies. `forward`
 * takes positions of z as rows, `backward` those of ẑ.
 */
export function localContrast(
  z: Tensor,
  counterpart: Tensor,
  { temperature, positives, weights, mask, studies }: LocalContrastOptions,
): { forward: LocalTerm; backward: LocalTerm } {
  const [, n] = z.shape as [number, number]
  const real = mask === undefined ? undefined : cast(mask, 'float32') //                       [B, N]
  const cosines = matmul(l2Normalize(z), l2Normalize(counterpart), { transposeB: true })
  const scores = div(cosines, temperature) //                                                  ℓ [B, N, N]
  const each = share(weights, real, n) //                                                      [B, N] or [1, N]
  const targets = share(positives ?? identity(n), real === undefined ? undefined : unsqueeze(real, 1), n)
  const direction = (logits: Tensor): LocalTerm => {
    const seen = mask === undefined ? logits : where(unsqueeze(cast(mask, 'bool'), 1), logits, blocked)
    const weighted = (values: Tensor): Tensor => overStudies(sum(mul(each, values), 1), studies)
    return { alignment: weighted(mul(sum(mul(targets, logits), -1), -1)), prior: weighted(logSumExp(seen)) }
  }
  return { forward: direction(scores), backward: direction(swapAxes(scores, 1, 2)) }
}

/** Mean of values [B] over studies that count so much. */
function overStudies(values: Tensor, studies: Tensor | undefined): Tensor {
  return studies === undefined ? mean(values) : div(sum(mul(values, studies)), maximum(sum(studies), 1e-12))
}

/** Shares along the last axis that sum to 1 over what is real; 0 where nothing is. */
function share(values: Tensor | undefined, real: Tensor | undefined, n: number): Tensor {
  const all = values ?? constant(new Float32Array(n).fill(1), [1, n])
  const counted = real === undefined ? all : mul(all, real)
  return div(counted, maximum(sum(counted, -1, true), 1e-12))
}

function identity(n: number): Tensor {
  return constant(
    Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  )
}

/**
 * Positives of a grid's cells [P, P]: exp(-distance) up to `reach`, 0 beyond, distance in diagonals of the grid; rows are
 * not yet shares.
 */
export function nearCells([rows, columns]: readonly [number, number], reach: number): Tensor {
  const n = rows * columns
  const diagonal = Math.hypot(rows, columns)
  const values = Float32Array.from({ length: n * n }, (_, at) => {
    const [k, l] = [Math.floor(at / n), at % n]
    const down = Math.floor(k / columns) - Math.floor(l / columns)
    const distance = Math.hypot(down, (k % columns) - (l % columns)) / diagonal
    return distance <= reach ? Math.exp(-distance) : 0
  })
  return constant(values, [n, n])
}
