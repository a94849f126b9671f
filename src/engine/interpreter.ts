/**
 * @file The reference interpreter: float64, plain loops, no speed. It is the judge for derivatives (central
 * differences) and for the ONNX lowering, and shares no code with either.
 */

import { VesaliusError } from '../core/errors.ts'
import {
  type Node,
  type PrimitiveName,
  type Primitives,
  type Shape,
  sizeOf,
  type Tensor,
  topological,
  type Window2d,
} from './tensor.ts'

/** Values of one tensor in row-major order; booleans are 0 and 1. */
export type Values = Float64Array

interface Site<Name extends PrimitiveName> {
  x: readonly Values[]
  inputs: readonly Tensor[]
  shape: Shape
  attributes: Primitives[Name]
  node: Node
  feeds: ReadonlyMap<string, Values>
}

type Rule<Name extends PrimitiveName> = (site: Site<Name>) => Values | Values[]

/** Row-major strides of a shape. */
function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number)
  return strides
}

/** The multi-index of each element, in row-major order; the array is re-used between calls of `visit`. */
function forEachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const index = new Array<number>(shape.length).fill(0)
  const total = sizeOf(shape)
  for (let flat = 0; flat < total; flat++) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (shape[axis] as number)) break
      index[axis] = 0
    }
  }
}

/** Flat position in an operand of `shape` of a multi-index of the (larger) broadcast result. */
function broadcastPosition(shape: Shape, strides: readonly number[], index: readonly number[]): number {
  const extra = index.length - shape.length
  let flat = 0
  for (let i = 0; i < shape.length; i++)
    if (shape[i] !== 1) flat += (strides[i] as number) * (index[i + extra] as number)
  return flat
}

/** Element-wise over broadcast operands. */
function zip(f: (...values: number[]) => number): Rule<PrimitiveName> {
  return ({ x, inputs, shape }) => {
    const strides = inputs.map((t) => stridesOf(t.shape))
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(shape, (index, flat) => {
      out[flat] = f(
        ...x.map((v, i) => v[broadcastPosition((inputs[i] as Tensor).shape, strides[i] as number[], index)] as number),
      )
    })
    return out
  }
}

/** Error function by its series (small) and continued fraction (large), to float64 accuracy. */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    let term = a
    let total = a
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (-a * a) / n
      total += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction))
}

/** Groups of elements that a reduction over `axes` combines, folded one by one. */
function fold(
  x: Values,
  shape: Shape,
  axes: readonly number[],
  start: number,
  f: (a: number, b: number) => number,
): Values {
  const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n))
  const strides = stridesOf(kept)
  const out = new Float64Array(sizeOf(kept)).fill(start)
  forEachIndex(shape, (index, flat) => {
    const at = broadcastPosition(kept, strides, index)
    out[at] = f(out[at] as number, x[flat] as number)
  })
  return out
}

/** Applies `f` to every line of elements along an axis. */
function alongAxis(x: Values, shape: Shape, axis: number, f: (line: number[]) => number[]): Values {
  const out = new Float64Array(x.length)
  const stride = stridesOf(shape)[axis] as number
  const length = shape[axis] as number
  for (let start = 0; start < x.length; start++) {
    if (Math.floor(start / stride) % length !== 0) continue
    const line = f(Array.from({ length }, (_, i) => x[start + i * stride] as number))
    line.forEach((value, i) => {
      out[start + i * stride] = value
    })
  }
  return out
}

function logSoftmaxLine(line: number[]): number[] {
  const top = Math.max(...line)
  const total = Math.log(line.reduce((s, v) => s + Math.exp(v - top), 0))
  return line.map((v) => v - top - total)
}

/** Mean and 1 / sqrt(variance + epsilon) of each row. */
function rowMoments(x: Values, width: number, epsilon: number): { mean: number; r: number }[] {
  return Array.from({ length: x.length / width }, (_, row) => {
    const line = x.subarray(row * width, (row + 1) * width)
    const mean = line.reduce((s, v) => s + v, 0) / width
    const variance = line.reduce((s, v) => s + (v - mean) ** 2, 0) / width
    return { mean, r: 1 / Math.sqrt(variance + epsilon) }
  })
}

/** Visits every (input pixel, weight, output pixel) triple of a 2-D convolution by flat positions. */
function convolutionTriples(
  xs: Shape,
  ws: Shape,
  ys: Shape,
  { strides, pads }: Window2d,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [, c, h, w] = xs as [number, number, number, number]
  const [o, , kh, kw] = ws as [number, number, number, number]
  const [, , oh, ow] = ys as [number, number, number, number]
  forEachIndex([...ys, c, kh, kw], ([b, oc, i, j, ic, ki, kj]) => {
    const row = i! * strides[0] - pads[0] + ki!
    const col = j! * strides[1] - pads[1] + kj!
    if (row < 0 || row >= h || col < 0 || col >= w) return
    visit(
      ((b! * c + ic!) * h + row) * w + col,
      ((oc! * c + ic!) * kh + ki!) * kw + kj!,
      ((b! * o + oc!) * oh + i!) * ow + j!,
    )
  })
}

const rules: { [Name in PrimitiveName]: Rule<Name> } = {
  input: ({ attributes, feeds }) => fed(attributes.name, feeds),
  parameter: ({ attributes, feeds }) => fed(attributes.name, feeds),
  constant: ({ attributes }) => Float64Array.from(attributes.data),

  add: zip((a, b) => a! + b!),
  sub: zip((a, b) => a! - b!),
  mul: zip((a, b) => a! * b!),
  div: zip((a, b) => a! / b!),
  maximum: zip((a, b) => Math.max(a!, b!)),
  minimum: zip((a, b) => Math.min(a!, b!)),
  equal: zip((a, b) => Number(a === b)),
  less: zip((a, b) => Number(a! < b!)),
  and: zip((a, b) => a! * b!),
  not: zip((a) => 1 - a!),
  where: zip((c, a, b) => (c !== 0 ? a! : b!)),

  neg: zip((a) => -a!),
  exp: zip((a) => Math.exp(a!)),
  log: zip((a) => Math.log(a!)),
  sqrt: zip((a) => Math.sqrt(a!)),
  square: zip((a) => a! * a!),
  abs: zip((a) => Math.abs(a!)),
  sign: zip((a) => Math.sign(a!)),
  tanh: zip((a) => Math.tanh(a!)),
  sigmoid: zip((a) => 1 / (1 + Math.exp(-a!))),
  erf: zip((a) => erf(a!)),
  relu: zip((a) => Math.max(a!, 0)),
  gelu: zip((a) => 0.5 * a! * (1 + erf(a! * Math.SQRT1_2))),
  quickGelu: zip((a) => a! / (1 + Math.exp(-1.702 * a!))),
  cast: ({ x, attributes: { to } }) =>
    x[0]!.map((v) => (to === 'bool' ? Number(v !== 0) : to === 'int32' ? Math.trunc(v) : v)),
  stopGradient: ({ x }) => x[0]!,

  sum: ({ x, inputs, attributes }) => fold(x[0]!, inputs[0]!.shape, attributes.axes, 0, (a, b) => a + b),
  reduceMax: ({ x, inputs, attributes }) =>
    fold(x[0]!, inputs[0]!.shape, attributes.axes, Number.NEGATIVE_INFINITY, Math.max),
  argMax({ x, inputs, attributes: { axis } }) {
    const positions = alongAxis(x[0]!, inputs[0]!.shape, axis, (line) =>
      line.map(() => line.indexOf(Math.max(...line))),
    )
    return fold(positions, inputs[0]!.shape, [axis], 0, Math.max)
  },
  softmax: ({ x, shape, attributes: { axis } }) =>
    alongAxis(x[0]!, shape, axis, (line) => logSoftmaxLine(line).map(Math.exp)),
  logSoftmax: ({ x, shape, attributes: { axis } }) => alongAxis(x[0]!, shape, axis, logSoftmaxLine),
  layerNorm({ x: [x, gain, bias], shape, attributes: { epsilon } }) {
    const width = shape.at(-1) as number
    const rows = rowMoments(x!, width, epsilon)
    return x!.map((v, i) => {
      const { mean, r } = rows[Math.floor(i / width)]!
      return (v - mean) * r * gain![i % width]! + bias![i % width]!
    })
  },
  standardize({ x: [x], shape, attributes: { epsilon } }) {
    const width = shape.at(-1) as number
    const rows = rowMoments(x!, width, epsilon)
    return [
      x!.map((v, i) => (v - rows[Math.floor(i / width)]!.mean) * rows[Math.floor(i / width)]!.r),
      Float64Array.from(rows, ({ r }) => r),
    ]
  },
  channelAffine({ x: [x, a, b], shape }) {
    const inner = sizeOf(shape.slice(2))
    const channels = shape[1] as number
    return x!.map((v, i) => v * a![Math.floor(i / inner) % channels]! + b![Math.floor(i / inner) % channels]!)
  },

  matmul({ x: [a, b], inputs: [ta, tb], shape, attributes: { transposeA, transposeB } }) {
    const out = new Float64Array(sizeOf(shape))
    const inner = ta!.shape.at(transposeA ? -2 : -1) as number
    const [sa, sb] = [stridesOf(ta!.shape), stridesOf(tb!.shape)]
    forEachIndex(shape, (index, flat) => {
      const lead = index.slice(0, -2)
      const [m, n] = index.slice(-2) as [number, number]
      let total = 0
      for (let k = 0; k < inner; k++) {
        const pa = transposeA ? [...lead, k, m] : [...lead, m, k]
        const pb = transposeB ? [...lead, n, k] : [...lead, k, n]
        total += a![broadcastPosition(ta!.shape, sa, pa)]! * b![broadcastPosition(tb!.shape, sb, pb)]!
      }
      out[flat] = total
    })
    return out
  },
  reshape: ({ x }) => x[0]!,
  transpose({ x, inputs, shape, attributes: { order } }) {
    const strides = stridesOf(inputs[0]!.shape)
    const out = new Float64Array(x[0]!.length)
    forEachIndex(shape, (index, flat) => {
      out[flat] = x[0]![index.reduce((s, n, i) => s + n * strides[order[i]!]!, 0)]!
    })
    return out
  },
  broadcast: zip((a) => a!),
  concat({ x, inputs, shape, attributes: { axis } }) {
    const out = new Float64Array(sizeOf(shape))
    const strides = stridesOf(shape)
    let start = 0
    inputs.forEach((part, p) => {
      forEachIndex(part.shape, (index, flat) => {
        out[index.reduce((s, n, i) => s + (i === axis ? n + start : n) * strides[i]!, 0)] = x[p]![flat]!
      })
      start += part.shape[axis]!
    })
    return out
  },
  slice({ x, inputs, shape, attributes: { starts } }) {
    const strides = stridesOf(inputs[0]!.shape)
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(shape, (index, flat) => {
      out[flat] = x[0]![index.reduce((s, n, i) => s + (n + starts[i]!) * strides[i]!, 0)]!
    })
    return out
  },
  pad({ x, inputs, shape, attributes: { before } }) {
    const strides = stridesOf(shape)
    const out = new Float64Array(sizeOf(shape))
    forEachIndex(inputs[0]!.shape, (index, flat) => {
      out[index.reduce((s, n, i) => s + (n + before[i]!) * strides[i]!, 0)] = x[0]![flat]!
    })
    return out
  },
  gather({ x: [table, indices], inputs: [tt], shape }) {
    const row = sizeOf(tt!.shape.slice(1))
    const out = new Float64Array(sizeOf(shape))
    indices!.forEach((from, i) => {
      out.set(table!.subarray(from * row, (from + 1) * row), i * row)
    })
    return out
  },
  scatterAdd({ x: [values, indices], shape }) {
    const row = sizeOf(shape.slice(1))
    const out = new Float64Array(sizeOf(shape))
    indices!.forEach((to, i) => {
      for (let j = 0; j < row; j++) out[to * row + j]! += values![i * row + j]!
    })
    return out
  },

  conv2d({ x: [x, w], inputs: [tx, tw], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(tx!.shape, tw!.shape, shape, attributes, (px, pw, py) => {
      out[py]! += x![px]! * w![pw]!
    })
    return out
  },
  conv2dInputGradient({ x: [g, w], inputs: [tg, tw], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(shape, tw!.shape, tg!.shape, attributes, (px, pw, py) => {
      out[px]! += g![py]! * w![pw]!
    })
    return out
  },
  conv2dWeightGradient({ x: [x, g], inputs: [tx, tg], shape, attributes }) {
    const out = new Float64Array(sizeOf(shape))
    convolutionTriples(tx!.shape, shape, tg!.shape, attributes, (px, pw, py) => {
      out[pw]! += x![px]! * g![py]!
    })
    return out
  },
  maxPool2d({ x: [x], inputs: [tx], shape, attributes }) {
    const best = new Float64Array(sizeOf(shape)).fill(Number.NEGATIVE_INFINITY)
    const position = new Float64Array(best.length)
    const [, c, h, w] = tx!.shape as [number, number, number, number]
    const { kernel, strides, pads } = attributes
    forEachIndex([...shape, ...kernel], ([b, channel, i, j, ki, kj], visit) => {
      const row = i! * strides[0] - pads[0] + ki!
      const col = j! * strides[1] - pads[1] + kj!
      if (row < 0 || row >= h || col < 0 || col >= w) return
      const from = ((b! * c + channel!) * h + row) * w + col
      const to = Math.floor(visit / (kernel[0] * kernel[1]))
      if (x![from]! > best[to]!) {
        best[to] = x![from]!
        position[to] = from
      }
    })
    return [best, position]
  },
}

function fed(name: string, feeds: ReadonlyMap<string, Values>): Values {
  const values = feeds.get(name)
  if (values === undefined)
    throw new VesaliusError('RUNTIME_FAILED', `The interpreter was given no value for "${name}".`)
  return values
}

/** Evaluates the outputs in float64. `feeds` holds the inputs and parameters by name. */
export function interpret(outputs: readonly Tensor[], feeds: ReadonlyMap<string, Values>): Values[] {
  const values = new Map<Tensor, Values>()
  for (const current of topological(outputs)) {
    const made = evaluate(
      current,
      current.inputs.map((t) => values.get(t) as Values),
      feeds,
    )
    const list = Array.isArray(made) ? made : [made]
    current.outputs.forEach((t, i) => {
      const result = list[i] as Values
      if (result.length !== sizeOf(t.shape)) {
        throw new VesaliusError(
          'SHAPE_MISMATCH',
          `${current.op} gave ${result.length} values for [${t.shape.join(', ')}].`,
        )
      }
      values.set(t, result)
    })
  }
  return outputs.map((t) => values.get(t) as Values)
}

function evaluate<Name extends PrimitiveName>(
  current: Node<Name>,
  x: Values[],
  feeds: ReadonlyMap<string, Values>,
): Values | Values[] {
  const rule = rules[current.op]
  const { inputs, attributes, outputs } = current
  return rule({ x, inputs, shape: (outputs[0] as Tensor).shape, attributes, node: current as unknown as Node, feeds })
}
