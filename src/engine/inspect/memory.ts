/**
 * @file Memory of a training process, estimated before it starts: values alive at once, parameters and what goes with
 * them, and the runtime itself. The constants at the end are fits to measured peak memory; docs/inspection.md compares the
 * estimate with measurements that it was and was not fitted to (within 8 % of each).
 */

import { type LoweredModel, lowerTraining, type Outputs } from '../onnx/lower.ts'
import { partition } from '../program/partition.ts'
import { bytesOf, type Tensor, topological } from '../tensor.ts'
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
 * Estimate for a process that trains with these graphs, one for each shape of the inputs. Each has its own session, or
 * several where host nodes cut it, and each session keeps its memory between runs.
 *
 * @param length elements of the parameter store, and `vectors` the number of vectors as long as it that are kept besides
 *   parameters and gradients: moments, a running average.
 */
export function estimateMemory(
  graphs: readonly Outputs[],
  { length, vectors }: { length: number; vectors: number },
): MemoryEstimate {
  const parts = graphs.map((outputs) => partition(outputs))
  const models = parts.map(({ stages }) =>
    stages.filter((stage) => Object.keys(stage.outputs).length > 0).map((stage) => lowerTraining(stage.outputs)),
  )
  const total = (list: readonly number[]): number => list.reduce((sum, n) => sum + n, 0)
  const values = total(models.flat().map(valueMemory)) * beyondValues
  const held = total(parts.flatMap((part) => [...part.held, ...part.given].map(({ tensor }) => bytesOf(tensor))))
  const base = processBytes + total(models.flat().map(({ nodes }) => nodes)) * nodeBytes
  // Those of the next step are made while this one runs.
  const inputs = 2 * Math.max(0, ...graphs.map(fedBytes))
  // Drawn values exist twice before the first step.
  const vectorBytes = (2 + vectors + 1) * length * 4
  return {
    values: values + held,
    vectors: vectorBytes,
    base,
    inputs,
    total: values + held + vectorBytes + base + inputs,
  }
}

/** Bytes of the inputs of a graph. */
function fedBytes(outputs: Outputs): number {
  const leaves = topological(Object.values(outputs)).filter(({ op }) => op === 'input' || op === 'random')
  return leaves.reduce((sum, node) => sum + bytesOf(node.outputs[0] as Tensor), 0)
}

/** Arena in use beyond the values (workspace of kernels, gaps) as a factor. */
const beyondValues = 1.13
/** Node with ONNX Runtime loaded. */
const processBytes = 150e6
/** ONNX Runtime's records of one node of the graph, plans included. */
const nodeBytes = 20e3
