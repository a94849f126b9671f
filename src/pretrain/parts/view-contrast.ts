/** @file Views of studies contrasted with the texts of a batch, views that are missing left out (building block B18). */

import {
  add,
  and,
  broadcast,
  cast,
  constant,
  div,
  equal,
  logSoftmax,
  maskedLogSumExp,
  maximum,
  mul,
  neg,
  or,
  reshape,
  sub,
  sum,
  swapAxes,
  type Tensor,
  unsqueeze,
} from '../../engine/index.ts'

/** bool [B A, B A]: views of `other` studies, or a view it`self`; bool [B A, B]: a view and its `text`. */
function belongs(b: number, a: number, what: 'other' | 'self' | 'text'): Tensor {
  const columns = what === 'text' ? b : b * a
  const bytes = Uint8Array.from({ length: b * a * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    const study = Math.floor(row / a)
    if (what === 'self') return row === column ? 1 : 0
    return (what === 'text') === (study === (what === 'text' ? column : Math.floor(column / a))) ? 1 : 0
  })
  return constant(bytes, [b * a, columns])
}

/**
 * Of logits [B A, B] of every view with every text the mean of both directions, over real views (`mask` int32 [B, A]); []. A
 * view looks for its text among all texts; a text looks for each view of its study among the views of that kind (`kind`
 * int32 [B, A]) of other studies.
 */
export function contrastViews(logits: Tensor, mask: Tensor, kind: Tensor): Tensor {
  const [b, a] = mask.shape as [number, number]
  const real = reshape(cast(mask, 'float32'), [b * a])
  const overViews = (values: Tensor): Tensor => div(sum(mul(values, real)), maximum(sum(real), 1))
  const own = cast(belongs(b, a, 'text'), 'float32')
  const positives = sum(mul(logits, own), 1) //                                                [B A]
  const toText = neg(sum(mul(logSoftmax(logits, 1), own), 1))

  const ofText = broadcast(reshape(swapAxes(logits, 0, 1), [b, 1, b * a]), [b, a, b * a]) //   views by a view's own text
  const kinds = reshape(kind, [b * a])
  const alike = and(equal(unsqueeze(kinds, 1), unsqueeze(kinds, 0)), unsqueeze(cast(real, 'bool'), 0))
  const rivals = or(and(alike, belongs(b, a, 'other')), belongs(b, a, 'self'))
  const toView = sub(maskedLogSumExp(reshape(ofText, [b * a, b * a]), rivals), positives)
  return mul(add(overViews(toText), overViews(toView)), 0.5)
}
