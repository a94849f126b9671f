/** @file Affine maps and embeddings. */

import { add, gather, type Initializer, matmul, type Tensor } from '../engine/index.ts'
import type { Scope } from './scope.ts'

export interface LinearOptions {
  bias?: boolean
  /** Initial weights; PyTorch's default (uniform within 1/sqrt(inputs)) if not given. */
  init?: Initializer
  /** Initial bias; zeros if `init` is given, PyTorch's default (uniform within 1/sqrt(inputs)) otherwise. */
  biasInit?: Initializer
}

/** x [..., I] -> [..., outputs] with `weight` [outputs, I] and `bias` [outputs], as torch.nn.Linear. */
export function linear(
  scope: Scope,
  x: Tensor,
  outputs: number,
  { bias = true, init, biasInit }: LinearOptions = {},
): Tensor {
  const inputs = x.shape.at(-1) as number
  const uniform = { kind: 'uniform', bound: 1 / Math.sqrt(inputs) } as const
  const weight = scope.parameter('weight', [outputs, inputs], init ?? uniform)
  const product = matmul(x, weight, { transposeB: true })
  if (!bias) return product
  const first = biasInit ?? (init === undefined ? uniform : { kind: 'zeros' })
  return add(product, scope.parameter('bias', [outputs], first))
}

/**
 * Rows of `weight` [count, width] for int32 ids [...]: result [..., width], as torch.nn.Embedding (whose initial values
 * are standard normal).
 */
export function embedding(scope: Scope, ids: Tensor, count: number, width: number, sd = 1): Tensor {
  return gather(scope.parameter('weight', [count, width], { kind: 'normal', sd }), ids)
}
