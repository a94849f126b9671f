/** @file Losses of labels that can hold together. */

import { abs, add, div, exp, log, maximum, mul, neg, relu, sub, sum, type Tensor } from '../../engine/index.ts'

/** Mean over the known labels of softplus(z) - y z, logits and labels [B, K]; 0 where none is known. */
export function multiLabelCrossEntropy(logits: Tensor, labels: Tensor, known: Tensor): Tensor {
  const softplus = add(relu(logits), log(add(1, exp(neg(abs(logits)))))) //                   stable for large |z|
  return div(sum(mul(sub(softplus, mul(labels, logits)), known)), maximum(sum(known), 1))
}
