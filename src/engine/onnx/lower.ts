/**
 * @file Lowering: a traced graph -> an ONNX model. Two ways from the same trace:
 *   training  parameters are inputs (they change every step, and are never copied);
 *   serving   parameters are constants (pre-packed by the runtime) and the batch axis is free.
 * One table maps each primitive to standard ONNX operators, or ONNX Runtime's fused ones where they are faster.
 */

import { VesaliusError } from '../../core/errors.ts'
import {
  type Node,
  type PrimitiveName,
  type Primitives,
  type Shape,
  sizeOf,
  type Tensor,
  topological,
} from '../tensor.ts'
import { inputGradient, weightGradient } from './convolution.ts'
import { type Dim, type Emitter, end } from './emitter.ts'
import { bytesOf, encodeModel, type OnnxInitializer, type OnnxNode, type OnnxValue } from './proto.ts'

interface Site<Name extends PrimitiveName> {
  e: Emitter
  /** Names of the inputs. */
  x: readonly string[]
  inputs: readonly Tensor[]
  /** Dimensions of the first output, with the batch left open in serving. */
  shape: readonly Dim[]
  dims: (t: Tensor) => readonly Dim[]
  attributes: Primitives[Name]
  node: Node
}

type Rule<Name extends PrimitiveName> = (site: Site<Name>) => string | readonly string[]

const microsoft = 'com.microsoft'
const plain =
  (op: string, domain?: string): Rule<PrimitiveName> =>
  ({ e, x }) =>
    e.emit(op, x, {}, domain)

const leaf = (): never => {
  throw new Error('Leaves are named before lowering.')
}

const castTo = { float32: 1, int32: 6, bool: 9 } as const

const rules: { [Name in PrimitiveName]: Rule<Name> } = {
  input: leaf,
  parameter: leaf,
  constant({ e, node, attributes: { data } }) {
    const [{ dtype, shape }] = node.outputs as [Tensor]
    return e.initializer({ name: '', dtype, shape, bytes: bytesOf(data) })
  },

  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  maximum: plain('Max'),
  minimum: plain('Min'),
  equal: plain('Equal'),
  less: plain('Less'),
  and: plain('And'),
  not: plain('Not'),
  where: plain('Where'),

  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  square: ({ e, x: [x] }) => e.emit('Mul', [x!, x!]),
  abs: plain('Abs'),
  sign: plain('Sign'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  erf: plain('Erf'),
  relu: plain('Relu'),
  gelu: plain('Gelu', microsoft),
  quickGelu: ({ e, x }) => e.emit('QuickGelu', x, { alpha: { float: 1.702 } }, microsoft),
  cast: ({ e, x, attributes: { to } }) => e.emit('Cast', x, { to: castTo[to] }),
  stopGradient: ({ x }) => x[0]!,

  sum: ({ e, x: [x], attributes: { axes, keep } }) =>
    e.emit('ReduceSum', [x!, e.ints(axes)], { keepdims: keep ? 1 : 0 }),
  reduceMax: ({ e, x: [x], attributes: { axes, keep } }) =>
    e.emit('ReduceMax', [x!, e.ints(axes)], { keepdims: keep ? 1 : 0 }),
  argMax: ({ e, x, attributes: { axis } }) =>
    e.emit('Cast', [e.emit('ArgMax', x, { axis, keepdims: 0 })], { to: castTo.int32 }),
  softmax: ({ e, x, attributes: { axis } }) => e.emit('Softmax', x, { axis }),
  logSoftmax: ({ e, x, attributes: { axis } }) => e.emit('LogSoftmax', x, { axis }),
  layerNorm: ({ e, x, attributes: { epsilon } }) =>
    e.emit('LayerNormalization', x, { axis: -1, epsilon: { float: epsilon } }),
  standardize({ e, x: [x], inputs, attributes: { epsilon } }) {
    const ones = e.floats(1, inputs[0]!.shape.at(-1))
    // Every output keeps a name: leaving out the mean would be legal ONNX but is not safe in the runtime.
    const [y, , r] = e.emitMany('LayerNormalization', [x!, ones], 3, { axis: -1, epsilon: { float: epsilon } })
    return [y!, r!]
  },
  channelAffine({ e, x: [x, a, b], inputs }) {
    const channels = inputs[1]!.shape[0] as number
    return e.emit('BatchNormalization', [x!, a!, b!, e.floats(0, channels), e.floats(1, channels)], {
      epsilon: { float: 0 },
    })
  },

  matmul({ e, x, inputs: [a], shape, attributes: { transposeA, transposeB } }) {
    // A sum of nothing: FusedMatMul would leave its output unwritten (seen in ONNX Runtime 1.30).
    if (a!.shape.at(transposeA ? -2 : -1) === 0) return e.emit('ConstantOfShape', [e.dims(shape)])
    if (!transposeA && !transposeB) return e.emit('MatMul', x)
    return e.emit('FusedMatMul', x, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 }, microsoft)
  },
  reshape: ({ e, x: [x], shape }) => e.emit('Reshape', [x!, e.dims(shape)], { allowzero: 1 }),
  transpose: ({ e, x, attributes: { order } }) => e.emit('Transpose', x, { perm: order }),
  broadcast: ({ e, x: [x], shape }) => e.emit('Expand', [x!, e.dims(shape)]),
  concat: ({ e, x, attributes: { axis } }) => e.emit('Concat', x, { axis }),
  slice({ e, x: [x], inputs, attributes: { starts, ends } }) {
    const cut = starts.flatMap((start, axis) => (start > 0 || ends[axis] !== inputs[0]!.shape[axis] ? [axis] : []))
    const stops = cut.map((axis) => (ends[axis] === inputs[0]!.shape[axis] ? end : ends[axis]!))
    return e.emit('Slice', [x!, e.ints(cut.map((axis) => starts[axis]!)), e.ints(stops), e.ints(cut)])
  },
  pad: ({ e, x: [x], attributes: { before, after } }) => e.emit('Pad', [x!, e.ints([...before, ...after])]),
  gather: ({ e, x }) => e.emit('Gather', x, { axis: 0 }),
  scatterAdd({ e, x: [values, indices], inputs: [tv, ti], shape, dims }) {
    const rest = dims(tv!).slice(ti!.shape.length)
    const width = rest.reduce<number>((product, n) => (typeof n === 'number' ? product * n : Number.NaN), 1)
    if (Number.isNaN(width)) throw new VesaliusError('RUNTIME_FAILED', 'scatterAdd: the rows depend on the batch size.')
    // ScatterND adds on several threads without a lock and loses sums where indices repeat (seen in ONNX Runtime 1.30).
    // ScatterElements goes one by one: the same sums every time, and in one dimension twice as fast as in two.
    const flat = e.ints([-1])
    const rows = e.emit('Cast', [e.emit('Reshape', [indices!, e.ints([-1, 1])])], { to: 7 })
    const columns = e.ints(Array.from({ length: width }, (_, i) => i))
    const places = e.emit('Add', [e.emit('Mul', [rows, e.ints([width])]), columns])
    const zeros = e.emit('Reshape', [e.emit('ConstantOfShape', [e.dims(shape)]), flat])
    const sums = e.emit(
      'ScatterElements',
      [zeros, e.emit('Reshape', [places, flat]), e.emit('Reshape', [values!, flat])],
      { axis: 0, reduction: 'add' },
    )
    return e.emit('Reshape', [sums, e.dims(shape)], { allowzero: 1 })
  },

  conv2d: ({ e, x, attributes: { strides, pads } }) => e.emit('Conv', x, { strides, pads: [...pads, ...pads] }),
  conv2dInputGradient: ({ e, x: [g, w], inputs: [tg, tw], attributes }) =>
    inputGradient(e, g!, w!, { g: tg!.shape, w: tw!.shape }, attributes),
  conv2dWeightGradient: ({ e, x: [x, g], inputs: [tx, tg], attributes }) =>
    weightGradient(e, x!, g!, { x: tx!.shape, g: tg!.shape }, attributes),
  maxPool2d({ e, x, attributes: { kernel, strides, pads } }) {
    const [y, positions] = e.emitMany('MaxPool', x, 2, { kernel_shape: kernel, strides, pads: [...pads, ...pads] })
    return [y!, e.emit('Cast', [positions!], { to: castTo.int32 })]
  },
}

/** Named results of a trace. */
export type Outputs = Readonly<Record<string, Tensor>>

export interface LoweredModel {
  /** Serialised ModelProto. */
  bytes: Uint8Array
  inputs: readonly OnnxValue[]
  outputs: readonly OnnxValue[]
  nodes: number
}

/** Lowers for training: static shapes, parameters are inputs named as in the store. */
export function lowerTraining(outputs: Outputs): LoweredModel {
  return lower(outputs, (t) => t.shape, undefined)
}

/** Lowers an element-wise graph over vectors whose common length is left open (optimizer updates). */
export function lowerVectors(outputs: Outputs): LoweredModel {
  return lower(outputs, (t) => t.shape, undefined, true)
}

/**
 * Lowers for serving: parameters become constants and the batch axis is free. `trace` is called with two batch sizes;
 * what differs between the two traces is what depends on the batch.
 */
export function lowerServing(
  trace: (batch: number) => Outputs,
  parameters: ReadonlyMap<string, Float32Array>,
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
  return lower(outputs, dims, parameters)
}

/** The numbers of a node that its lowering writes down, where they are not lengths of axes. */
function numbersOf({ op, attributes, inputs }: Node): string {
  if (op === 'constant') return (attributes as Primitives['constant']).data.join()
  if (op === 'pad') return JSON.stringify(attributes)
  if (op !== 'slice') return ''
  const { starts, ends } = attributes as Primitives['slice']
  return JSON.stringify([starts, ends.map((n, axis) => (n === inputs[0]!.shape[axis] ? 'end' : n))])
}

function lower(
  outputs: Outputs,
  dims: (t: Tensor) => readonly Dim[],
  parameters: ReadonlyMap<string, Float32Array> | undefined,
  openVectors = false,
): LoweredModel {
  const nodes: OnnxNode[] = []
  const initializers = new Map<string, OnnxInitializer>()
  const inputs: OnnxValue[] = []
  const names = new Map<Tensor, string>()
  let count = 0
  let batchName: string | undefined

  const add = (key: string, value: Omit<OnnxInitializer, 'name'>): string => {
    const known = initializers.get(key)
    if (known !== undefined) return known.name
    const name = `c/${initializers.size}`
    initializers.set(key, { ...value, name })
    return name
  }
  const e: Emitter = {
    emit: (op, xs, attributes = {}, domain = '') => {
      const name = `t/${count++}`
      nodes.push({ op, domain, inputs: xs, outputs: [name], attributes })
      return name
    },
    emitMany: (op, xs, many, attributes = {}) => {
      const made = Array.from({ length: many }, () => `t/${count++}`)
      nodes.push({ op, domain: '', inputs: xs, outputs: made, attributes })
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
    const [t] = made as [Tensor]
    if (op === 'input' || op === 'parameter') {
      const { name } = attributes as Primitives['input']
      const fixed = op === 'parameter' ? parameters?.get(name) : undefined
      if (op === 'parameter' && parameters !== undefined) {
        if (fixed?.length !== sizeOf(t.shape))
          throw new VesaliusError('MODEL_INVALID', `The parameter ${name} is missing or has another size.`)
        initializers.set(`p:${name}`, { name, dtype: 'float32', shape: t.shape, bytes: bytesOf(fixed) })
      } else {
        inputs.push({ name, dtype: t.dtype, shape: open(t) })
      }
      names.set(t, name)
    }
  }
  for (const node of order) {
    if (node.op === 'input' || node.op === 'parameter') continue
    const results = lowerNode(
      node,
      e,
      node.inputs.map((t) => names.get(t) as string),
      dims,
    )
    node.outputs.forEach((t, i) => {
      names.set(t, results[i] as string)
    })
  }
  const rename = new Map<string, string>()
  const results: OnnxValue[] = Object.entries(outputs).map(([name, t]) => {
    const made = names.get(t) as string
    // An output takes over the name of the value that is made for it; what is a leaf, or asked for twice, is copied.
    if (made.startsWith('t/') && !rename.has(made)) rename.set(made, name)
    else nodes.push({ op: 'Identity', domain: '', inputs: [made], outputs: [name], attributes: {} })
    return { name, dtype: t.dtype, shape: open(t) }
  })
  const renamed = (list: readonly string[]): string[] => list.map((name) => rename.get(name) ?? name)
  const finished = nodes.map((n) => ({ ...n, inputs: renamed(n.inputs), outputs: renamed(n.outputs) }))
  const graph = { inputs, outputs: results, nodes: finished, initializers: [...initializers.values()] }
  return { bytes: encodeModel(graph), inputs, outputs: results, nodes: nodes.length }
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
