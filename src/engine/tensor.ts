/**
 * @file Symbolic tensors: values of a static graph in single-assignment form.
 * A tensor knows its dtype, its shape and the node that makes it; a graph is whatever its outputs reach.
 */

import { VesaliusError } from '../core/errors.ts'

export type DType = 'float32' | 'int32' | 'bool'
export type Shape = readonly number[]

/** Contents of a constant, by dtype: booleans are bytes 0 and 1. */
export type TensorData = Float32Array | Int32Array | Uint8Array

type None = Record<never, never>

/** Geometry of a 2-D convolution or pooling: strides and symmetric padding in (height, width) order. */
export interface Window2d {
  strides: readonly [number, number]
  pads: readonly [number, number]
}

/**
 * Every primitive with its attributes. The tables of derivatives, of ONNX lowerings and of the reference interpreter
 * are keyed by this type, so a primitive that lacks one of them does not compile.
 */
export interface Primitives {
  input: { name: string }
  parameter: { name: string }
  constant: { data: TensorData }

  add: None
  sub: None
  mul: None
  div: None
  maximum: None
  minimum: None
  equal: None
  less: None
  and: None
  not: None
  where: None

  neg: None
  exp: None
  log: None
  sqrt: None
  square: None
  abs: None
  sign: None
  tanh: None
  sigmoid: None
  erf: None
  relu: None
  gelu: None
  quickGelu: None
  cast: { to: DType }
  stopGradient: None

  sum: { axes: readonly number[]; keep: boolean }
  reduceMax: { axes: readonly number[]; keep: boolean }
  argMax: { axis: number }
  softmax: { axis: number }
  logSoftmax: { axis: number }
  layerNorm: { epsilon: number }
  standardize: { epsilon: number }
  channelAffine: None

  matmul: { transposeA: boolean; transposeB: boolean }
  reshape: { shape: Shape }
  transpose: { order: readonly number[] }
  broadcast: { shape: Shape }
  concat: { axis: number }
  slice: { starts: readonly number[]; ends: readonly number[] }
  pad: { before: readonly number[]; after: readonly number[] }
  gather: None
  scatterAdd: { size: number }

  conv2d: Window2d
  conv2dInputGradient: Window2d & { input: Shape }
  conv2dWeightGradient: Window2d & { weight: Shape }
  maxPool2d: Window2d & { kernel: readonly [number, number] }
}

export type PrimitiveName = keyof Primitives

/** One application of a primitive. */
export interface Node<Name extends PrimitiveName = PrimitiveName> {
  readonly op: Name
  readonly inputs: readonly Tensor[]
  readonly attributes: Primitives[Name]
  readonly outputs: readonly Tensor[]
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
