/** @file Affine maps and embeddings. */

import { add, gather, type Initializer, matmul, type Tensor } from '../engine/index.ts'
import type { Scope } from './scope.ts'

export interface LinearOptions {
  bias?: boolean
  /** Initial weights; PyTorch's default (uniform within 1/sqrt(inputs)) if not given. */
  init?: Initializer
}

/** x [..., I] -> [..., outputs] with `weight` [outputs, I] and `bias` [outputs], as torch.nn.Linear. */
export function linear(scope: Scope, x: Tensor, outputs: number, { bias = true, init }: LinearOptions = {}): Tensor {
  const inputs = x.shape.at(-1) as number
  const bound = 1 / Math.sqrt(inputs)
  const weight = scope.parameter('weight', [outputs, inputs], init ?? { kind: 'uniform', bound })
  const product = matmul(x, weight, { transposeB: true })
  if (!bias) return product
  return add(
    product,
    scope.parameter('bias', [outputs], init === undefined ? { kind: 'uniform', bound } : { kind: 'zeros' }),
  )
}

/** Rows of `weight` [count, width] for int32 ids [...]: result [..., width]. */
export function embedding(scope: Scope, ids: Tensor, count: number, width: number, sd: number): Tensor {
  return gather(scope.parameter('weight', [count, width], { kind: 'normal', sd }), ids)
}
