/** @file Views of a study in spaces of their own kind, and what they have in common (building block B18; Lei et al. 2023). */

import {
  add,
  argMax,
  batchGather,
  cast,
  constant,
  div,
  equal,
  l2Normalize,
  maximum,
  mul,
  reshape,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from '../../engine/index.ts'
import { viewKinds } from '../inputs.ts'

/** float32 [B, A] for each kind of view in their order: 1 where a real view is of it. */
export function viewsOfKind(mask: Tensor, kind: Tensor): Tensor[] {
  const real = cast(mask, 'float32')
  return viewKinds.map((_, i) => mul(real, cast(equal(kind, constant(Int32Array.of(i), [])), 'float32')))
}

/** Of each view's features by the head of every kind, [B, A, ...], those by the head of its own kind. */
export function ownHead(byKind: readonly Tensor[], kinds: readonly Tensor[]): Tensor {
  const terms = byKind.map((x, i) => {
    const shape = [...(kinds[i] as Tensor).shape, ...x.shape.slice(2).map(() => 1)]
    return mul(x, reshape(kinds[i] as Tensor, shape))
  })
  return terms.reduce((a, b) => add(a, b))
}

/**
 * One embedding of a study, [B, D], from those of its views in a common space x [B, A, D]: directions are averaged within a
 * kind, then over the kinds there are, and brought to length 1. It does not depend on how many views of a kind there are,
 * nor on their order. 0 where there is no view.
 */
export function studyEmbedding(x: Tensor, kinds: readonly Tensor[]): Tensor {
  const directions = l2Normalize(x)
  const means = kinds.map((weights) => {
    const total = sum(mul(directions, unsqueeze(weights, -1)), 1) //                           [B, D]
    const count = sum(weights, 1, true)
    return { direction: l2Normalize(div(total, maximum(count, 1))), there: cast(cast(count, 'bool'), 'float32') }
  })
  const all = means.map(({ direction, there }) => mul(direction, there)).reduce((a, b) => add(a, b))
  const count = means.map(({ there }) => there).reduce((a, b) => add(a, b)) //                 [B, 1]
  return l2Normalize(div(all, maximum(count, 1)))
}

/**
 * Pictures [B, A, ...] with a real view of the study in the places of missing ones, so that batch statistics are those of
 * real pictures only. What becomes of these places must be masked out all the same.
 */
export function fillViews(pixels: Tensor, mask: Tensor): Tensor {
  const [b, a, ...picture] = pixels.shape as [number, number, ...number[]]
  const first = reshape(argMax(mask, 1), [b, 1]) //                                            [B, 1]
  const flat = reshape(pixels, [b, a, -1])
  const filled = where(unsqueeze(cast(mask, 'bool'), -1), flat, batchGather(flat, first))
  return reshape(filled, [b, a, ...picture])
}
