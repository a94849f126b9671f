/** @file From a tower's own features to the joint space: bias-free linear as in CLIP, or a perceptron as in ConVIRT. */

import { type Initializer, relu, type Tensor } from '../engine/index.ts'
import { linear, type Scope } from '../nn/index.ts'
import type { ModelConfig } from './config.ts'

/** x [..., W] -> [..., D]; `init` are the initial weights of a linear projection. */
export type Project = (x: Tensor, init: Initializer) => Tensor

/** The projection of a tower. A perceptron has the keys of torch.nn.Sequential: 0 and 2. */
export function projection(scope: Scope, { joint, projection: chosen }: ModelConfig): Project {
  if (chosen.kind === 'linear') return (x, init) => linear(scope, x, joint, { bias: false, init })
  return (x) => linear(scope.in(2), relu(linear(scope.in(0), x, chosen.hidden ?? joint)), joint)
}
