/**
 * @file The contract of an optimizer: which buffers it keeps, and one or more sweeps over flat vectors as element-wise
 * graphs. It computes nothing itself and holds no state; what changes from step to step comes in the vector `rates`.
 */

import type { z } from 'zod'
import type { Outputs } from '../onnx/lower.ts'
import * as op from '../ops.ts'
import type { Tensor } from '../tensor.ts'

/** What a sweep may depend on, besides the vectors. */
export interface Moment {
  /** 1 at the first step in which these values are trained. */
  t: number
  /** Learning rate of these values at this step. */
  rate: number
  /** Factor of the gradient: below 1 where its global norm was too long. */
  clip: number
  /** Whether weight decay applies to these values. */
  decay: boolean
}

/** Euclidean norms of one tensor before a sweep: its values, and what the vector `g` holds at its place. */
export interface TensorNorms {
  p: number
  g: number
}

/**
 * One walk over the vectors. The graph reads `p` (parameters), `g` (gradients), its slots and `rates`, and writes some of
 * them in place: output `p+` over `p`, and so on. A sweep over groups has one `rates` for all values that share a learning
 * rate; a sweep over tensors has one for each tensor, and knows its norms.
 */
export type Sweep = { graph: Outputs } & (
  | { over: 'group'; rates(moment: Moment): Float32Array }
  | { over: 'tensor'; rates(moment: Moment, norms: TensorNorms): Float32Array }
)

/** An optimizer with its numbers filled in. */
export interface Method {
  /** State vectors as long as the trained parameters, zero before the first step. */
  slots: readonly string[]
  sweeps: readonly Sweep[]
}

/** An optimizer as its file declares it. */
export interface Optimizer<Schema extends z.ZodType = z.ZodType> {
  /** Its numbers, with `kind` for the name. */
  config: Schema
  method(config: z.output<Schema>): Method
}

/** Declares an optimizer; the type parameter is found from its schema. */
export function optimizer<Schema extends z.ZodType>(declaration: Optimizer<Schema>): Optimizer<Schema> {
  return declaration
}

/**
 * Symbolic vectors of a sweep by name, and the elements of `rates`, each [1], by name in the given order. The lowering
 * leaves the vectors' length open.
 */
export function vectors<V extends string, R extends string>(
  names: readonly V[],
  rates: readonly R[],
): Record<V, Tensor> & { rate: Record<R, Tensor> } {
  const all = op.input('rates', [rates.length])
  const rate = Object.fromEntries(rates.map((name, i) => [name, op.slice(all, 0, i, i + 1)])) as Record<R, Tensor>
  const long = Object.fromEntries(names.map((name) => [name, op.input(name, [2])])) as Record<V, Tensor>
  return { ...long, rate }
}

/** x a + y b, the step of every running mean. */
export function blend(x: Tensor, a: Tensor, y: Tensor, b: Tensor): Tensor {
  return op.add(op.mul(x, a), op.mul(y, b))
}
