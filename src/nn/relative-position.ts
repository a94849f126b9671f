/** @file Learned biases of attention that depend on how far two positions lie apart. */

import { constant, gather, type Tensor, transpose } from '../engine/index.ts'
import { truncatedNormal } from './initializers.ts'
import { embedding } from './linear.ts'
import type { Scope } from './scope.ts'

/**
 * Bias of a window's positions by their offset along each axis (Liu et al. 2021, Swin): [heads, N, N] for a window of
 * N = product of `window` positions, two axes or three. Parameter: `relative_position_bias_table`
 * [product of (2 n - 1), heads].
 */
export function windowBias(scope: Scope, window: readonly number[], heads: number): Tensor {
  const rows = window.reduce((product, n) => product * (2 * n - 1), 1)
  const table = scope.parameter('relative_position_bias_table', [rows, heads], truncatedNormal(0.02))
  return transpose(gather(table, offsetIndex(window)), [2, 0, 1])
}

/** Row of the table for each pair of positions of the window, int32 [N, N]. */
function offsetIndex(window: readonly number[]): Tensor {
  const n = window.reduce((product, length) => product * length, 1)
  const coordinates = Array.from({ length: n }, (_, i) => {
    let rest = i
    return window.map((_, axis) => {
      const below = window.slice(axis + 1).reduce((product, length) => product * length, 1)
      const at = Math.floor(rest / below)
      rest %= below
      return at
    })
  })
  const row = (i: number, j: number): number =>
    window.reduce((sum, length, axis) => {
      const offset = coordinates[i]![axis]! - coordinates[j]![axis]!
      return sum * (2 * length - 1) + offset + length - 1
    }, 0)
  return constant(
    Int32Array.from({ length: n * n }, (_, k) => row(Math.floor(k / n), k % n)),
    [n, n],
  )
}

export interface BucketOptions {
  queries: number
  keys: number
  heads: number
  buckets?: number
  /** From here on all distances share one bucket. */
  maxDistance?: number
  /** Whether positions ahead have buckets of their own (encoders); without, they all count as distance 0. */
  bidirectional?: boolean
  /** Standard deviation of fresh values. */
  sd?: number
}

/**
 * Bias by distance in buckets, exact near and logarithmic far (Raffel et al. 2020, T5): [1, heads, queries, keys].
 * T5 does not scale its scores: use it with `scale: 1` there. Parameter: `relative_attention_bias.weight`
 * [buckets, heads].
 */
export function distanceBias(scope: Scope, options: BucketOptions): Tensor {
  const { queries, keys, heads, buckets = 32, maxDistance = 128, bidirectional = true, sd = 1 } = options
  const ids = Int32Array.from({ length: queries * keys }, (_, i) =>
    bucketOf((i % keys) - Math.floor(i / keys), { buckets, maxDistance, bidirectional }),
  )
  const rows = embedding(scope.in('relative_attention_bias'), constant(ids, [1, queries, keys]), buckets, heads, sd)
  return transpose(rows, [0, 3, 1, 2])
}

/** Bucket of a key `offset` positions after the query. */
function bucketOf(
  offset: number,
  { buckets, maxDistance, bidirectional }: { buckets: number; maxDistance: number; bidirectional: boolean },
): number {
  const count = bidirectional ? buckets / 2 : buckets
  const first = bidirectional && offset > 0 ? count : 0
  const distance = bidirectional ? Math.abs(offset) : Math.max(-offset, 0)
  const exact = Math.floor(count / 2)
  if (distance < exact) return first + distance
  const far = exact + Math.floor((Math.log(distance / exact) / Math.log(maxDistance / exact)) * (count - exact))
  return first + Math.min(far, count - 1)
}
