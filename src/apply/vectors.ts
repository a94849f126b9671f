/** @file Unit vectors and cosines of rows, outside the engine. */

import { VesaliusError } from '../core/errors.ts'

/**
 * Rows of [N, D] divided by their Euclidean norm, in place. A row shorter than 1e-12 has no direction: an error that
 * names it with `nameOf`.
 */
export function normalizeRows(rows: Float32Array, width: number, nameOf: (row: number) => string): Float32Array {
  for (let start = 0, row = 0; start < rows.length; start += width, row++) {
    let total = 0
    for (let i = start; i < start + width; i++) total += (rows[i] as number) ** 2
    const norm = Math.sqrt(total)
    if (!(norm > 1e-12)) {
      throw new VesaliusError('NOT_FINITE', `The embedding of ${nameOf(row)} has no direction (norm ${norm}).`, {
        where: nameOf(row),
      })
    }
    for (let i = start; i < start + width; i++) rows[i] = (rows[i] as number) / norm
  }
  return rows
}

/** All products of rows: a [N, D] and b [M, D] -> [N, M]. */
export function products(a: Float32Array, b: Float32Array, width: number): Float32Array {
  const [n, m] = [a.length / width, b.length / width]
  const out = new Float32Array(n * m)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let total = 0
      for (let d = 0; d < width; d++) total += (a[i * width + d] as number) * (b[j * width + d] as number)
      out[i * m + j] = total
    }
  }
  return out
}

/** Parts one after the other. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}
