/** @file Affine maps and embeddings. */

import { add, concat, full, gather, type Initializer, matmul, split, type Tensor } from '../engine/index.ts'
import type { Scope } from './scope.ts'

export interface LinearOptions {
  bias?: boolean
  /** Initial weights; PyTorch's default (uniform within 1/sqrt(inputs)) if not given. */
  init?: Initializer
  /** Initial bias; zeros if `init` is given, PyTorch's default (uniform within 1/sqrt(inputs)) otherwise. */
  biasInit?: Initializer
}

/** x [..., I] -> [..., outputs] with `weight` [outputs, I] and `bias` [outputs], as torch.nn.Linear. */
export function linear(scope: Scope, x: Tensor, outputs: number, options: LinearOptions = {}): Tensor {
  const { weight, bias } = affine(scope, x.shape.at(-1) as number, outputs, options)
  const product = matmul(x, weight, { transposeB: true })
  return bias === undefined ? product : add(product, bias)
}

/**
 * Several maps of the same x [..., I], each [..., outputs] and with parameters of its own, as one product: one matrix
 * product forward and two backward instead of one and two for each.
 */
export function linears(
  x: Tensor,
  maps: readonly (LinearOptions & { scope: Scope; outputs: number })[],
): readonly Tensor[] {
  const inputs = x.shape.at(-1) as number
  const declared = maps.map(({ scope, outputs, ...options }) => affine(scope, inputs, outputs, options))
  const weight = concat(
    declared.map((map) => map.weight),
    0,
  )
  const product = matmul(x, weight, { transposeB: true })
  const biases = declared.map(({ bias }, i) => bias ?? full([maps[i]!.outputs], 0))
  const shifted = declared.every(({ bias }) => bias === undefined) ? product : add(product, concat(biases, 0))
  return split(
    shifted,
    -1,
    maps.map(({ outputs }) => outputs),
  )
}

/** The parameters of a linear layer. */
function affine(
  scope: Scope,
  inputs: number,
  outputs: number,
  { bias = true, init, biasInit }: LinearOptions,
): { weight: Tensor; bias: Tensor | undefined } {
  const uniform = { kind: 'uniform', bound: 1 / Math.sqrt(inputs) } as const
  const weight = scope.parameter('weight', [outputs, inputs], init ?? uniform)
  const first = biasInit ?? (init === undefined ? uniform : { kind: 'zeros' })
  return { weight, bias: bias ? scope.parameter('bias', [outputs], first) : undefined }
}

/**
 * Rows of `weight` [count, width] for int32 ids [...]: result [..., width], as torch.nn.Embedding (whose initial values
 * are standard normal).
 */
export function embedding(scope: Scope, ids: Tensor, count: number, width: number, sd = 1): Tensor {
  return gather(scope.parameter('weight', [count, width], { kind: 'normal', sd }), ids)
}
