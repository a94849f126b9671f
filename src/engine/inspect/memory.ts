/**
 * @file Memory of a training process, estimated before it starts: values alive at once, parameters and what goes with
 * them, and the runtime itself. The constants at the end are fits to peak memory measured on eight configurations; the
 * estimate was within 5 % of each (docs/inspection.md).
 */

import type { LoweredModel } from '../onnx/lower.ts'
import { executionOrder, memoryCurve } from './liveness.ts'
import { valueSizes } from './onnx-sizes.ts'

export interface MemoryEstimate {
  /** Values between forward and backward pass, kernels' workspace and fragmentation included, bytes. */
  values: number
  /** Parameters, gradients, moments, and the initial values while they are drawn. */
  vectors: number
  /** Program, ONNX Runtime and its graph. */
  base: number
  /** Inputs of this step and the next. */
  inputs: number
  total: number
}

/** Peak bytes of the values that a lowered graph makes, in ONNX Runtime's order. */
export function valueMemory(model: Pick<LoweredModel, 'graph' | 'tensors'>): number {
  const { nodes, initializers, inputs, outputs } = model.graph
  const outside = new Set([...inputs, ...outputs, ...initializers].map(({ name }) => name))
  return memoryCurve(nodes, executionOrder(nodes), valueSizes(model), outside).peak
}

/**
 * Estimate for a process that trains with the sessions of these graphs, one for each shape of the inputs. Each session
 * keeps its own memory between runs.
 *
 * @param length elements of the parameter store, and `slots` the number of vectors the optimizer keeps beside it.
 */
export function estimateMemory(
  models: readonly Pick<LoweredModel, 'graph' | 'tensors'>[],
  { length, slots }: { length: number; slots: number },
): MemoryEstimate {
  const values = models.reduce((sum, model) => sum + valueMemory(model), 0) * beyondValues
  // Parameters, gradients and the optimizer's own; drawn values exist twice before the first step.
  const vectors = (2 + slots + 1) * length * 4
  const nodes = models.reduce((sum, { graph }) => sum + graph.nodes.length, 0)
  const base = processBytes + nodes * nodeBytes
  const largest = (model: Pick<LoweredModel, 'graph' | 'tensors'>): number => {
    const size = valueSizes(model)
    return model.graph.inputs.reduce((sum, { name }) => sum + (isFed(model, name) ? size(name).bytes : 0), 0)
  }
  const inputs = 2 * Math.max(0, ...models.map(largest))
  return { values, vectors, base, inputs, total: values + vectors + base + inputs }
}

function isFed({ tensors }: Pick<LoweredModel, 'tensors'>, name: string): boolean {
  return tensors.get(name)?.node.op !== 'parameter'
}

/** Arena in use beyond the values (workspace of kernels, gaps) as a factor. */
const beyondValues = 1.13
/** Node with ONNX Runtime loaded. */
const processBytes = 150e6
/** ONNX Runtime's records of one node of the graph, plans included. */
const nodeBytes = 20e3
