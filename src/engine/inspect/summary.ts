/** @file What a graph is made of: nodes by kind, parameters by module, arithmetic, and what the backward pass keeps. */

import type { Outputs } from '../onnx/lower.ts'
import { bytesOf, type Node, type Primitives, sizeOf, type Tensor, topological } from '../tensor.ts'
import { origins } from './origin.ts'

/**
 * Floating-point operations of a product or convolution, a multiplication and an addition counted as two: 2 m n k for
 * matrices. Everything else counts as nothing: it waits for memory, not for arithmetic.
 */
export function flopsOf({ op, inputs, outputs, attributes }: Node): number {
  const result = sizeOf((outputs[0] as Tensor).shape)
  const size = (i: number): number => sizeOf((inputs[i] as Tensor).shape)
  if (op === 'matmul') {
    const { transposeA } = attributes as Primitives['matmul']
    return 2 * result * ((inputs[0] as Tensor).shape.at(transposeA ? -2 : -1) as number)
  }
  // A convolution multiplies every output with one filter: weight [O, ...], so size / O a channel, whatever the groups.
  if (!op.startsWith('conv')) return 0
  const filter = (weight: Tensor): number => sizeOf(weight.shape) / (weight.shape[0] as number)
  if (op.endsWith('InputGradient')) return 2 * size(0) * filter(inputs[1] as Tensor)
  if (op.endsWith('WeightGradient')) return 2 * size(1) * filter(outputs[0] as Tensor)
  return 2 * result * filter(inputs[1] as Tensor)
}

export interface GraphSummary {
  nodes: number
  /** Nodes by primitive, most first. */
  kinds: { kind: string; forward: number; backward: number }[]
  /** Elements of parameters. */
  parameters: number
  /** By module, in the order of the model. */
  modules: { module: string; parameters: number; forwardFlops: number; backwardFlops: number }[]
  forwardFlops: number
  backwardFlops: number
  /** Bytes of values of the forward pass that the backward pass reads; reshaped views of one value count once. */
  keptBytes: number
}

/** Summary of a training graph; `depth` parts of the module paths are kept. */
export function summarize(outputs: Outputs, depth = 2): GraphSummary {
  const order = topological(Object.values(outputs))
  const origin = origins(order)
  const kinds = new Map<string, { kind: string; forward: number; backward: number }>()
  const modules = new Map<string, GraphSummary['modules'][number]>()
  const total = { parameters: 0, forwardFlops: 0, backwardFlops: 0 }
  const kept = new Set<Tensor>()
  for (const node of order) {
    const { module, pass } = origin.get(node)!
    const kind = kinds.get(node.op) ?? { kind: node.op, forward: 0, backward: 0 }
    kind[pass]++
    kinds.set(node.op, kind)
    const path = module.split('.').slice(0, depth).join('.') || '(no module)'
    const row = modules.get(path) ?? { module: path, parameters: 0, forwardFlops: 0, backwardFlops: 0 }
    modules.set(path, row)
    const flops = flopsOf(node)
    const parameters = node.op === 'parameter' ? sizeOf((node.outputs[0] as Tensor).shape) : 0
    row.parameters += parameters
    total.parameters += parameters
    row[`${pass}Flops`] += flops
    total[`${pass}Flops`] += flops
    if (pass === 'forward') continue
    for (const x of node.inputs) {
      const source = stored(x)
      if (source.node.derivativeOf === undefined && source.node.inputs.length > 0) kept.add(source)
    }
  }
  return {
    nodes: order.length,
    kinds: [...kinds.values()].sort((a, b) => b.forward + b.backward - a.forward - a.backward),
    modules: [...modules.values()],
    ...total,
    keptBytes: [...kept].reduce((sum, x) => sum + bytesOf(x), 0),
  }
}

/** The value whose memory this one shares. */
function stored(x: Tensor): Tensor {
  let found = x
  while (found.node.op === 'reshape' || found.node.op === 'stopGradient') found = found.node.inputs[0] as Tensor
  return found
}
