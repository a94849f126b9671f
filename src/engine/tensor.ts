/**
 * @file Symbolic tensors: values of a static graph in single-assignment form.
 * A tensor knows its dtype, its shape and the node that makes it; a graph is whatever its outputs reach.
 */

import { VesaliusError } from '../core/errors.ts'
import type { PrimitiveName, Primitives } from './primitives.ts'

export type { ConvWindow, PoolWindow, PrimitiveName, Primitives, Window } from './primitives.ts'

export type DType = 'float32' | 'int32' | 'bool'
export type Shape = readonly number[]

/** Contents of a constant, by dtype: booleans are bytes 0 and 1. */
export type TensorData = Float32Array | Int32Array | Uint8Array

/** One application of a primitive. */
export interface Node<Name extends PrimitiveName = PrimitiveName> {
  readonly op: Name
  readonly inputs: readonly Tensor[]
  readonly attributes: Primitives[Name]
  readonly outputs: readonly Tensor[]
  /** The node whose derivative this one is a part of. Set by `gradients`; for reports and messages, never for values. */
  derivativeOf?: Node
}

/** A symbolic value. Not data: data exist only where a graph is run. */
export interface Tensor {
  readonly dtype: DType
  readonly shape: Shape
  readonly node: Node
}

/** "float32 [8, 77, 64]", for messages. */
export function describe(x: Tensor): string {
  return `${x.dtype} [${x.shape.join(', ')}]`
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1)
}

/** Bytes of one element. */
export const elementBytes = { float32: 4, int32: 4, bool: 1 } as const

/** Bytes of a value. */
export function bytesOf({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): number {
  return sizeOf(shape) * elementBytes[dtype]
}

/** Throws where the line is written, with the operation and both shapes. */
export function shapeError(op: string, problem: string, ...operands: Tensor[]): never {
  throw new VesaliusError('SHAPE_MISMATCH', `${op}: ${problem} (${operands.map(describe).join(' and ')}).`)
}

/** Makes a node with one output of the given type. */
export function node<Name extends PrimitiveName>(
  op: Name,
  inputs: readonly Tensor[],
  attributes: Primitives[Name],
  shape: Shape,
  dtype: DType = 'float32',
): Tensor {
  return nodes(op, inputs, attributes, [{ shape, dtype }])[0] as Tensor
}

/** Makes a node with several outputs. */
export function nodes<Name extends PrimitiveName>(
  op: Name,
  inputs: readonly Tensor[],
  attributes: Primitives[Name],
  results: readonly { shape: Shape; dtype: DType }[],
): readonly Tensor[] {
  for (const { shape } of results) {
    const wrong = shape.findIndex((n) => !Number.isInteger(n) || n < 0)
    if (wrong >= 0) shapeError(op, `axis ${wrong} of the result would have ${shape[wrong]} elements`, ...inputs)
  }
  const outputs: Tensor[] = []
  const made: Node<Name> = { op, inputs, attributes, outputs }
  for (const { shape, dtype } of results) outputs.push({ dtype, shape, node: made as unknown as Node })
  return outputs
}

/** All nodes that the outputs need, every node after its inputs. Iterative: graphs are deep. */
export function topological(outputs: readonly Tensor[]): Node[] {
  const order: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  const stack: Node[] = outputs.map((x) => x.node).reverse()
  while (stack.length > 0) {
    const current = stack[stack.length - 1] as Node
    const seen = state.get(current)
    if (seen === undefined) {
      state.set(current, 'open')
      for (let i = current.inputs.length - 1; i >= 0; i--) {
        const producer = (current.inputs[i] as Tensor).node
        if (!state.has(producer)) stack.push(producer)
      }
    } else {
      stack.pop()
      if (seen === 'open') {
        state.set(current, 'done')
        order.push(current)
      }
    }
  }
  return order
}
