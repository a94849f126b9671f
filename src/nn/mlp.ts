/** @file The position-wise networks of transformers. */

import { gelu, type Initializer, mul, type Tensor } from '../engine/index.ts'
import { dropout } from './dropout.ts'
import { linear } from './linear.ts'
import type { Scope } from './scope.ts'

export type Activation = (x: Tensor) => Tensor

export interface MlpOptions {
  /** Width of the hidden layer. */
  hidden: number
  /** Width of the result; that of x if not given. */
  outputs?: number
  activation?: Activation
  /** Share of hidden values dropped while training. */
  dropout?: number
  bias?: boolean
  init?: Initializer
  /** Names of the two layers. */
  names?: readonly [string, string]
}

/** x [..., D] -> linear -> activation -> linear, [..., outputs]. Parameters: `fc1.*`, `fc2.*` (or `names`). */
export function mlp(scope: Scope, x: Tensor, options: MlpOptions): Tensor {
  const { hidden, outputs = x.shape.at(-1) as number, activation = gelu, bias, init, names = ['fc1', 'fc2'] } = options
  const wide = activation(linear(scope.in(names[0]), x, hidden, { bias, init }))
  return linear(scope.in(names[1]), dropout(scope, wide, options.dropout ?? 0), outputs, { bias, init })
}

export interface GatedMlpOptions extends Omit<MlpOptions, 'names'> {
  /** Names of the gate, of what it opens, and of the way back. */
  names?: readonly [string, string, string]
}

/**
 * x [..., D] -> down(activation(gate(x)) * up(x)) (Shazeer 2020: SwiGLU with SiLU, GEGLU with GELU), without biases
 * unless asked. Parameters: `gate_proj.*`, `up_proj.*`, `down_proj.*` (or `names`).
 */
export function gatedMlp(scope: Scope, x: Tensor, options: GatedMlpOptions): Tensor {
  const { hidden, outputs = x.shape.at(-1) as number, activation = gelu, bias = false, init } = options
  const [gate, up, down] = options.names ?? ['gate_proj', 'up_proj', 'down_proj']
  const opened = mul(
    activation(linear(scope.in(gate), x, hidden, { bias, init })),
    linear(scope.in(up), x, hidden, { bias, init }),
  )
  return linear(scope.in(down), dropout(scope, opened, options.dropout ?? 0), outputs, { bias, init })
}
