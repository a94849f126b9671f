/** @file The heads of regions or sentences in LoVT and its kin (Müller et al. 2022a, 2022b). */

import type { Tensor } from '../../engine/index.ts'
import type { Scope } from '../../nn/index.ts'
import { meanQueryPool } from './mean-query-pool.ts'
import { projectionHead } from './projection-head.ts'

export interface SetHeadOptions {
  width: number
  hidden: number
  /** Of the attention that pools. */
  heads: number
  /** int32 [B, N]; all rows are real if absent. */
  mask?: Tensor | undefined
}

/** Rows x [B, N, C] pooled by attention and projected, [B, D], and how much each row counted, [B, N]. Parameters: `pool.*`, `global.*`. */
export function globalHead(scope: Scope, x: Tensor, options: SetHeadOptions): { global: Tensor; weights: Tensor } {
  const { width: outputs, hidden, heads, mask } = options
  const { pooled, weights } = meanQueryPool(scope.in('pool'), x, { heads, mask })
  return { global: projectionHead(scope.in('global'), pooled, { hidden, outputs }), weights }
}

/** Rows x [B, N, C] projected one by one, [B, N, D]. Parameters: `local.*`. */
export function localHead(scope: Scope, x: Tensor, { width: outputs, hidden, mask }: SetHeadOptions): Tensor {
  return projectionHead(scope.in('local'), x, { hidden, outputs, mask })
}
