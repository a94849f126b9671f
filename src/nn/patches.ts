/** @file From pixels or voxels to tokens, and tokens left out (fewer tokens, not zeros). */

import {
  add,
  argSort,
  batchGather,
  broadcast,
  concat,
  type Initializer,
  matmul,
  reshape,
  type Shape,
  shapeError,
  slice,
  type Tensor,
  transpose,
} from '../engine/index.ts'
import { uniformByFanIn } from './initializers.ts'
import type { Scope } from './scope.ts'

/** [B, C, ...spatial] -> [B, P, C * product(patch)]: patches in row-major order, each in (channel, ...spatial) order. */
export function toPatches(x: Tensor, patch: readonly number[]): Tensor {
  const [b, c, ...spatial] = x.shape as [number, number, ...number[]]
  if (patch.length !== spatial.length || patch.some((n, i) => n < 1 || spatial[i]! % n !== 0))
    shapeError('toPatches', `patches [${patch.join(', ')}] do not tile axes 2 and later`, x)
  const grid = gridOf(x, patch)
  const cut = reshape(x, [b, c, ...grid.flatMap((n, i) => [n, patch[i]!])])
  const rank = grid.length
  const rows = grid.map((_, i) => 2 + 2 * i)
  const order = [0, ...rows, 1, ...rows.map((axis) => axis + 1)]
  const size = patch.reduce((product, n) => product * n, c)
  return reshape(transpose(cut, order.slice(0, 2 + 2 * rank)), [b, grid.reduce((product, n) => product * n, 1), size])
}

/** The inverse of {@link toPatches} in two dimensions: [B, P, C * h * w] -> [B, C, rows * h, columns * w]. */
export function fromPatches(x: Tensor, grid: readonly [number, number], patch: readonly [number, number]): Tensor {
  const [b, p, d] = x.shape as [number, number, number]
  const [[rows, columns], [h, w]] = [grid, patch]
  if (p !== rows * columns || d % (h * w) !== 0)
    shapeError('fromPatches', `${rows} x ${columns} patches of ${h} x ${w} pixels are not what it holds`, x)
  const c = d / (h * w)
  const cut = transpose(reshape(x, [b, rows, columns, c, h, w]), [0, 3, 1, 4, 2, 5])
  return reshape(cut, [b, c, rows * h, columns * w])
}

/** Patches along each spatial axis of x [B, C, ...spatial]. */
export function gridOf(x: Tensor, patch: readonly number[]): number[] {
  return patch.map((n, i) => x.shape[i + 2]! / n)
}

export interface PatchOptions {
  /** Size of a patch along each spatial axis. */
  patch: readonly number[]
  width: number
  bias?: boolean
  /** Initial weights from their shape; PyTorch's default for convolutions if not given. */
  init?: (shape: Shape) => Initializer
}

/**
 * Patch embedding x [B, C, ...spatial] -> [B, P, width], two axes or three: the convolution with stride = kernel of
 * vision transformers, as one matrix product. Parameters: `weight` [width, C, ...patch], `bias` [width].
 */
export function patchEmbedding(scope: Scope, x: Tensor, options: PatchOptions): Tensor {
  const { patch, width, bias = true, init = uniformByFanIn } = options
  const shape = [width, x.shape[1] as number, ...patch]
  const weight = reshape(scope.parameter('weight', shape, init(shape)), [width, -1])
  const product = matmul(toPatches(x, patch), weight, { transposeB: true })
  if (!bias) return product
  const first: Initializer = options.init === undefined ? uniformByFanIn(shape) : { kind: 'zeros' }
  return add(product, scope.parameter('bias', [width], first))
}

/** The rows kept [B, K, D] of x [B, P, D], for int32 `kept` [B, K]. The result is what a tower works on. */
export function keepTokens(x: Tensor, kept: Tensor): Tensor {
  if (x.shape.length !== 3 || kept.shape.length !== 2) shapeError('keepTokens', 'needs [B, P, D] and [B, K]', x, kept)
  return batchGather(x, kept)
}

/** Which tokens a random mask keeps, and how to put them back. */
export interface Kept {
  /** int32 [B, K], in random order. */
  kept: Tensor
  /** int32 [B, P]: where each token stands in [kept ..., dropped ...]. */
  restore: Tensor
  /** Tokens dropped: P - K. */
  dropped: number
}

/**
 * A fresh random choice for each item of the batch and each step: all but `share` of `tokens`, at least one (MAE, He et
 * al. 2022; FLIP, Li et al. 2023). Only while training.
 */
export function randomKeep(scope: Scope, batch: number, tokens: number, share: number, name = 'kept'): Kept {
  if (!(share >= 0 && share < 1))
    throw new RangeError(`randomKeep: the share ${share} dropped is not in 0 <= share < 1.`)
  const count = Math.max(1, Math.round(tokens * (1 - share)))
  const order = argSort(scope.random(name, [batch, tokens], { kind: 'uniform' })) // [B, P]
  return { kept: slice(order, 1, 0, count), restore: argSort(order), dropped: tokens - count }
}

/**
 * The inverse of {@link keepTokens}: tokens [B, K, D] at their places among P, and `mask` (a learned vector [D]) at all
 * others. Result [B, P, D].
 */
export function restoreTokens(x: Tensor, mask: Tensor, { restore, dropped }: Omit<Kept, 'kept'>): Tensor {
  const [b, k, d] = x.shape as [number, number, number]
  if (restore.shape[1] !== k + dropped)
    shapeError('restoreTokens', `${k} tokens and ${dropped} dropped ones do not fill the order`, x, restore)
  const filled = dropped === 0 ? x : concat([x, broadcast(reshape(mask, [1, 1, d]), [b, dropped, d])], 1)
  return batchGather(filled, restore)
}
