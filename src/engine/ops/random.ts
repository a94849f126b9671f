/** @file Random leaves: values that a graph takes from outside, drawn for (seed, step, name) at each run. */

import { checkDistribution, type Distribution } from '../random-leaves.ts'
import { node, type Shape, type Tensor } from '../tensor.ts'
import { add, stopGradient } from './elementwise.ts'
import { argMax } from './reductions.ts'

/** A random leaf. Two leaves of one name would be the same numbers: give each its own. */
export function randomLeaf(name: string, shape: Shape, distribution: Distribution): Tensor {
  checkDistribution(name, distribution, shape)
  const dtype = distribution.kind === 'choice' ? 'int32' : 'float32'
  return node('random', [], { name, distribution }, shape, dtype)
}

/** Gumbel-max (Maddison et al. 2014): an int32 draw from softmax(logits) along an axis (the last by default), removed. */
export function categorical(name: string, logits: Tensor, axis = -1): Tensor {
  return gumbelMax(logits, randomLeaf(name, logits.shape, { kind: 'gumbel' }), axis)
}

/** The same with Gumbel noise at hand, of the logits' shape or broadcasting against it. No gradient flows. */
export function gumbelMax(logits: Tensor, noise: Tensor, axis = -1): Tensor {
  return argMax(stopGradient(add(logits, noise)), axis)
}
