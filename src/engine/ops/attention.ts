/** @file Scaled dot-product attention on heads that lie apart. */

import { shapeError, type Tensor } from '../tensor.ts'
import { add, blocked, where } from './elementwise.ts'
import { matmul } from './products.ts'
import { softmax } from './reductions.ts'

export interface ScaledDotProductOptions {
  /** bool (true = may be seen) or additive float32; broadcasts to [..., T, S]. */
  mask?: Tensor
  /** Factor of the scores; d^-0.5 if not given. */
  scale?: number
}

/** softmax(scale q k^T + mask) v for q [..., heads, T, d], k [..., heads, S, d], v [..., heads, S, e]: [..., heads, T, e]. */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { mask, scale }: ScaledDotProductOptions = {},
): Tensor {
  const width = q.shape.at(-1)
  if (width === undefined || width !== k.shape.at(-1) || k.shape.at(-2) !== v.shape.at(-2))
    shapeError('scaledDotProductAttention', 'needs q [..., T, d], k [..., S, d] and v [..., S, e]', q, k, v)
  const weights = attentionWeights(q, k, { masks: mask === undefined ? [] : [mask], scale })
  return matmul(weights, v)
}

/** softmax(scale q k^T + masks): [..., heads, T, S], the weights that queries give to keys. */
export function attentionWeights(
  q: Tensor,
  k: Tensor,
  { masks = [], scale = (q.shape.at(-1) as number) ** -0.5 }: { masks?: readonly Tensor[]; scale?: number | undefined },
): Tensor {
  return softmax(masks.reduce(masked, matmul(q, k, { transposeB: true, scale })))
}

function masked(scores: Tensor, mask: Tensor): Tensor {
  const seen = mask.dtype === 'bool' ? where(mask, scores, blocked) : add(scores, mask)
  if (seen.shape.length !== scores.shape.length || seen.shape.some((n, i) => n !== scores.shape[i]))
    shapeError('scaledDotProductAttention', 'the mask does not broadcast to the scores', scores, mask)
  return seen
}
