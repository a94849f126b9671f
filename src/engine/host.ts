/**
 * @file Host nodes: TypeScript between two sessions of ONNX Runtime, with a derivative rule or none. All-gather, matching,
 * clustering, queues and memory banks are host nodes; a graph that has some is run by a program (program.ts).
 */

import { messageOf, VesaliusError } from '../core/errors.ts'
import { type DType, type Node, nodes, type Shape, sizeOf, type Tensor } from './tensor.ts'

/** Numbers as a host function sees them: float32 values are a Float64Array under the reference interpreter. */
export type HostData = Float32Array | Float64Array | Int32Array | Uint8Array

/** A value on its way through a host function, row-major; booleans are bytes 0 and 1. */
export interface HostValue {
  dtype: DType
  shape: Shape
  data: HostData
}

/** What a derivative rule sees: inputs, outputs, and the gradient of each output (undefined = zero). */
export interface HostSite {
  x: readonly Tensor[]
  y: readonly Tensor[]
  gs: readonly (Tensor | undefined)[]
}

/** Named memory of a host node that outlives a step: part of a checkpoint. */
export interface HostState {
  /** Copies of everything it holds. */
  values(): Readonly<Record<string, Float32Array>>
  /** Takes back what `values` gave; throws if it belongs to another configuration. */
  restore(values: Readonly<Record<string, Float32Array>>): void
}

export interface HostRule {
  /** Names the node in errors and reports. */
  name: string
  /** Computes the results, in order. Must leave its inputs and all memory as they are: a step can be run and not taken. */
  forward(inputs: readonly HostValue[]): readonly HostData[] | Promise<readonly HostData[]>
  /** Gradient of each input, in terms of the engine's operations and host nodes; null or no rule = nothing flows. */
  backward?(site: HostSite): readonly (Tensor | null)[]
  /** Remembers what this step leaves behind; called once, after the step was taken, with the inputs of `forward`. */
  commit?(inputs: readonly HostValue[]): void
  /** Results must be finite: NaN and infinity are refused where they arise. */
  finite?: boolean
}

/** Type of one result. */
export interface HostResult {
  shape: Shape
  dtype: DType
}

/** Applies a host rule to tensors; the results have the stated types, which is checked at each run. */
export function hostNode(rule: HostRule, inputs: readonly Tensor[], results: readonly HostResult[]): readonly Tensor[] {
  if (results.length === 0)
    throw new VesaliusError(
      'MODEL_INVALID',
      `The host node "${rule.name}" has no result, so nothing could ever use it.`,
    )
  return nodes('host', inputs, { rule }, results)
}

/** The rule of a host node. */
export function ruleOf(node: Node): HostRule {
  return (node as Node<'host'>).attributes.rule
}

/** Runs a host function; what it throws is told with its name, and what it returns is checked against the node. */
export function runHost(node: Node, inputs: readonly HostValue[]): readonly HostData[] | Promise<readonly HostData[]> {
  const rule = ruleOf(node)
  const failed = (cause: unknown): never => {
    if (cause instanceof VesaliusError) throw cause
    throw new VesaliusError('RUNTIME_FAILED', `The host node "${rule.name}" failed: ${messageOf(cause)}.`, { cause })
  }
  let made: ReturnType<HostRule['forward']>
  try {
    made = rule.forward(inputs)
  } catch (error) {
    return failed(error)
  }
  const checked = (results: readonly HostData[]): readonly HostData[] => {
    checkResults(rule, results, node.outputs)
    return results
  }
  return made instanceof Promise ? made.then(checked, failed) : checked(made)
}

function checkResults({ name, finite }: HostRule, results: readonly HostData[], outputs: readonly Tensor[]): void {
  const wrong = (problem: string): never => {
    throw new VesaliusError('RUNTIME_FAILED', `The host node "${name}" ${problem}.`)
  }
  if (results.length !== outputs.length) wrong(`gave ${results.length} results where ${outputs.length} were announced`)
  outputs.forEach(({ dtype, shape }, i) => {
    const data = results[i] as HostData
    const kinds = { float32: [Float32Array, Float64Array], int32: [Int32Array], bool: [Uint8Array] }[dtype]
    if (!kinds.some((kind) => data instanceof kind))
      wrong(`gave a ${data?.constructor.name} for result ${i}, which is ${dtype}`)
    if (data.length !== sizeOf(shape))
      wrong(`gave ${data.length} values for result ${i} of shape [${shape.join(', ')}]`)
    if (finite && dtype === 'float32') {
      const bad = data.findIndex((v) => !Number.isFinite(v))
      if (bad >= 0) wrong(`gave ${data[bad]} as value ${bad} of result ${i}, which must be finite`)
    }
  })
}
