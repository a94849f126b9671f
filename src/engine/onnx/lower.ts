/**
 * @file Lowering: a traced graph -> an ONNX model. Two ways from the same trace:
 *   training  parameters are inputs (they change every step, and are never copied);
 *   serving   parameters are constants (pre-packed by the runtime) and the batch axis is free.
 * One table maps each primitive to standard ONNX operators, or ONNX Runtime's fused ones where they are faster.
 */

import { VesaliusError } from '../../core/errors.ts'
import { nodeLabel, origins } from '../inspect/origin.ts'
import type { PrimitiveName, Primitives } from '../primitives.ts'
import type { Distribution } from '../random-leaves.ts'
import { type Node, type Shape, sizeOf, type Tensor, topological } from '../tensor.ts'
import { type Dim, type Emitter, end } from './emitter.ts'
import { bytesOf, encodeModel, type OnnxGraph, type OnnxInitializer, type OnnxNode, type OnnxValue } from './proto.ts'
import { activations } from './rules/activations.ts'
import { custom } from './rules/custom.ts'
import { elementwise } from './rules/elementwise.ts'
import { host } from './rules/host.ts'
import { indexing } from './rules/indexing.ts'
import { norm } from './rules/norm.ts'
import { pooling } from './rules/pooling.ts'
import { products } from './rules/products.ts'
import { reductions } from './rules/reductions.ts'
import { sampling } from './rules/sampling.ts'
import { segment } from './rules/segment.ts'
import { shape } from './rules/shape.ts'
import type { Rules } from './rules/site.ts'
import { sorting } from './rules/sorting.ts'
import { windows } from './rules/windows.ts'
import { type Target, webgpuEmitter } from './webgpu.ts'

const leaf = (): never => {
  throw new Error('Leaves are named before lowering.')
}

const rules: Rules<PrimitiveName> = {
  input: leaf,
  parameter: leaf,
  random: leaf,
  constant({ e, node, attributes: { data } }) {
    const [{ dtype, shape }] = node.outputs as [Tensor]
    return e.initializer({ name: '', dtype, shape, bytes: bytesOf(data) })
  },
  ...elementwise,
  ...activations,
  ...reductions,
  ...shape,
  ...indexing,
  ...sorting,
  ...products,
  ...windows,
  ...pooling,
  ...sampling,
  ...norm,
  ...custom,
  ...host,
  ...segment,
}

/** Named results of a trace. */
export type Outputs = Readonly<Record<string, Tensor>>

/** An input to be drawn with `drawRandom` before each run. */
export interface RandomInput {
  name: string
  shape: Shape
  distribution: Distribution
}

export interface LoweredModel {
  /** Serialised ModelProto. */
  bytes: Uint8Array
  inputs: readonly OnnxValue[]
  /** Those of the inputs that are random. */
  randoms: readonly RandomInput[]
  outputs: readonly OnnxValue[]
  nodes: number
  /** What `bytes` hold, and the tensor of each value that is one: for estimates of memory. */
  graph: OnnxGraph
  tensors: ReadonlyMap<string, Tensor>
}

/** For which kernels the model is written, see {@link targetOf}; those of the CPU if not given. */
export interface LoweringOptions {
  target?: Target
}

/** Lowers for training: static shapes, parameters are inputs named as in the store. */
export function lowerTraining(outputs: Outputs, options: LoweringOptions = {}): LoweredModel {
  return lower(outputs, (t) => t.shape, undefined, options)
}

/** Lowers an element-wise graph over vectors whose common length is left open (optimizer updates). */
export function lowerVectors(outputs: Outputs, options: LoweringOptions = {}): LoweredModel {
  return lower(outputs, (t) => t.shape, undefined, { ...options, openVectors: true })
}

/**
 * Lowers for serving: parameters become constants and the batch axis is free. `trace` is called with two batch sizes;
 * what differs between the two traces is what depends on the batch.
 */
export function lowerServing(
  trace: (batch: number) => Outputs,
  parameters: ReadonlyMap<string, Float32Array>,
  options: LoweringOptions = {},
): LoweredModel {
  const [few, more] = [2, 3]
  const outputs = trace(few)
  const order = topological(Object.values(outputs))
  const twin = topological(Object.values(trace(more)))
  const partner = new Map<Tensor, Tensor>()
  order.forEach((node, i) => {
    if (node.op !== twin[i]?.op)
      throw new VesaliusError('RUNTIME_FAILED', 'The model changes its structure with the batch size.')
    if (numbersOf(node) !== numbersOf(twin[i])) {
      throw new VesaliusError('RUNTIME_FAILED', `A number in ${node.op} depends on the batch size.`, {
        hint: 'Serve each study by itself: averages and masks over the batch belong to training.',
      })
    }
    node.outputs.forEach((t, j) => {
      partner.set(t, twin[i]!.outputs[j] as Tensor)
    })
  })
  const dims = (t: Tensor): Dim[] =>
    t.shape.map((n, axis) => {
      const m = (partner.get(t) as Tensor).shape[axis] as number
      const batches = (m - n) / (more - few)
      if (batches === 0) return n
      if (!Number.isInteger(batches) || n !== batches * few) {
        throw new VesaliusError('SHAPE_MISMATCH', `An axis of ${t.node.op} is not a multiple of the batch size.`)
      }
      return { batches }
    })
  return lower(outputs, dims, parameters, options)
}

/** Primitives whose attributes are lengths of axes and nothing else. */
const lengths: ReadonlySet<PrimitiveName> = new Set(['reshape', 'broadcast', 'scatterAdd', 'addAlongAxis'])

/** The numbers of a node that its lowering writes down, where they are not lengths of axes. */
function numbersOf({ op, attributes, inputs }: Node): string {
  if (op === 'constant') return (attributes as Primitives['constant']).data.join()
  if (lengths.has(op)) return ''
  if (op !== 'slice') return JSON.stringify(attributes)
  const { starts, ends } = attributes as Primitives['slice']
  return JSON.stringify([starts, ends.map((n, axis) => (n === inputs[0]!.shape[axis] ? 'end' : n))])
}

function lower(
  outputs: Outputs,
  dims: (t: Tensor) => readonly Dim[],
  parameters: ReadonlyMap<string, Float32Array> | undefined,
  { target = 'cpu', openVectors = false }: LoweringOptions & { openVectors?: boolean },
): LoweredModel {
  const nodes: OnnxNode[] = []
  const initializers = new Map<string, OnnxInitializer>()
  const inputs: OnnxValue[] = []
  const randoms: RandomInput[] = []
  const named = new Set<string>()
  const names = new Map<Tensor, string>()
  /** Shapes of traced tensors and constants. */
  const shapes = new Map<string, Shape>()
  let count = 0
  let batchName: string | undefined
  let label = ''

  const add = (key: string, value: Omit<OnnxInitializer, 'name'>): string => {
    const known = initializers.get(key)
    if (known !== undefined) return known.name
    const name = `c/${initializers.size}`
    initializers.set(key, { ...value, name })
    shapes.set(name, value.shape)
    return name
  }
  const direct: Emitter = {
    target,
    emit: (op, xs, attributes = {}, domain = '') => {
      const name = `t/${count++}`
      nodes.push({ name: `${label}${nodes.length}`, op, domain, inputs: xs, outputs: [name], attributes })
      return name
    },
    emitMany: (op, xs, many, attributes = {}) => {
      const made = Array.from({ length: many }, () => `t/${count++}`)
      nodes.push({ name: `${label}${nodes.length}`, op, domain: '', inputs: xs, outputs: made, attributes })
      return made
    },
    ints: (values) =>
      add(`i:${values.join(',')}`, {
        dtype: 'int64',
        shape: [values.length],
        bytes: bytesOf(
          BigInt64Array.from(values, (v) => (Math.abs(v) === end ? BigInt(Math.sign(v)) * 2n ** 62n : BigInt(v))),
        ),
      }),
    floats: (value, length) =>
      add(`f:${value}:${length}`, {
        dtype: 'float32',
        shape: length === undefined ? [] : [length],
        bytes: bytesOf(new Float32Array(length ?? 1).fill(value)),
      }),
    dims: (shape) => {
      if (shape.every((n) => typeof n === 'number')) return e.ints(shape)
      const parts = shape.map((n) => {
        if (typeof n === 'number') return e.ints([n])
        return n.batches === 1 ? batch() : e.emit('Mul', [batch(), e.ints([n.batches])])
      })
      return parts.length === 1 ? (parts[0] as string) : e.emit('Concat', parts, { axis: 0 })
    },
    initializer: (value) => add(`x:${initializers.size}`, value),
  }
  const e = target === 'webgpu' ? webgpuEmitter(direct, shapes) : direct
  const batch = (): string => {
    const source = inputs.find((value) => typeof value.shape[0] === 'string')
    if (source === undefined) throw new VesaliusError('RUNTIME_FAILED', 'No input carries the batch axis.')
    batchName ??= e.emit('Slice', [e.emit('Shape', [source.name]), e.ints([0]), e.ints([1])])
    return batchName
  }
  const open = (t: Tensor): (number | string)[] =>
    dims(t).map((n, axis) => {
      if (typeof n !== 'number') return n.batches === 1 ? 'batch' : `batch${n.batches}`
      return openVectors && axis === 0 && n > 1 ? 'length' : n
    })

  const order = topological(Object.values(outputs))
  // Inputs first: the batch size may be read from any of them.
  for (const { op, attributes, outputs: made } of order) {
    if (!isNamed(op)) continue
    const [t] = made as [Tensor]
    const { name } = attributes as Primitives['input']
    if (named.has(name)) {
      throw new VesaliusError('RUNTIME_FAILED', `Two leaves of the graph are called "${name}".`, {
        hint: 'Make each input, parameter and random leaf once, and pass the tensor on.',
      })
    }
    named.add(name)
    names.set(t, name)
    shapes.set(name, t.shape)
    if (op === 'parameter' && parameters !== undefined) {
      const fixed = parameters.get(name)
      if (fixed?.length !== sizeOf(t.shape))
        throw new VesaliusError('MODEL_INVALID', `The parameter ${name} is missing or has another size.`)
      initializers.set(`p:${name}`, { name, dtype: 'float32', shape: t.shape, bytes: bytesOf(fixed) })
      continue
    }
    inputs.push({ name, dtype: t.dtype, shape: open(t) })
    if (op !== 'random') continue
    if (parameters !== undefined) {
      throw new VesaliusError('RUNTIME_FAILED', `A served model cannot draw random values ("${name}").`, {
        hint: 'Trace it with training: false, or take the values as an input.',
      })
    }
    randoms.push({ name, shape: t.shape, distribution: (attributes as Primitives['random']).distribution })
  }
  const origin = origins(order)
  for (const node of order) {
    if (isNamed(node.op)) continue
    label = nodeLabel(node, origin)
    const results = lowerNode(
      node,
      e,
      node.inputs.map((t) => names.get(t) as string),
      dims,
    )
    node.outputs.forEach((t, i) => {
      names.set(t, results[i] as string)
      shapes.set(results[i] as string, t.shape)
    })
  }
  const rename = new Map<string, string>()
  const results: OnnxValue[] = Object.entries(outputs).map(([name, t]) => {
    const made = names.get(t) as string
    // An output takes over the name of the value that is made for it; what is a leaf, or asked for twice, is copied.
    if (made.startsWith('t/') && !rename.has(made)) rename.set(made, name)
    else
      nodes.push({
        name: `output/${name}`,
        op: 'Identity',
        domain: '',
        inputs: [made],
        outputs: [name],
        attributes: {},
      })
    return { name, dtype: t.dtype, shape: open(t) }
  })
  const renamed = (list: readonly string[]): string[] => list.map((name) => rename.get(name) ?? name)
  const finished = nodes.map((n) => ({ ...n, inputs: renamed(n.inputs), outputs: renamed(n.outputs) }))
  const graph = { inputs, outputs: results, nodes: finished, initializers: [...initializers.values()] }
  const tensors = new Map([...names].map(([t, name]) => [rename.get(name) ?? name, t]))
  return { bytes: encodeModel(graph), inputs, randoms, outputs: results, nodes: nodes.length, graph, tensors }
}

/** Leaves that come from outside under their own names. */
function isNamed(op: PrimitiveName): boolean {
  return op === 'input' || op === 'parameter' || op === 'random'
}

function lowerNode<Name extends PrimitiveName>(
  node: Node<Name>,
  e: Emitter,
  x: readonly string[],
  dims: (t: Tensor) => readonly Dim[],
): readonly string[] {
  const rule = rules[node.op]
  const made = rule({
    e,
    x,
    inputs: node.inputs,
    shape: dims(node.outputs[0] as Tensor),
    dims,
    attributes: node.attributes,
    node: node as unknown as Node,
  })
  return typeof made === 'string' ? [made] : made
}

/** Static shape of a value whose axes are all known. */
export function staticShape(value: OnnxValue): Shape {
  return value.shape.map((n) => {
    if (typeof n === 'number') return n
    throw new VesaliusError('RUNTIME_FAILED', `The axis "${n}" of ${value.name} is only known at run time.`)
  })
}
