/**
 * @file Reverse-mode differentiation: one table maps each primitive to its derivative, written with the same
 * primitives, so that derivatives can be differentiated again. `null` = nothing flows to that input.
 */

import { VesaliusError } from '../core/errors.ts'
import * as op from './ops.ts'
import {
  describe,
  type Node,
  node,
  type PrimitiveName,
  type Primitives,
  shapeError,
  type Tensor,
  topological,
} from './tensor.ts'

/** What a rule sees: the node, its inputs and outputs, and the gradient of each output (undefined = zero). */
interface Site<Name extends PrimitiveName> {
  x: readonly Tensor[]
  y: readonly Tensor[]
  g: Tensor
  gs: readonly (Tensor | undefined)[]
  attributes: Primitives[Name]
}

type Rule<Name extends PrimitiveName> = (site: Site<Name>) => readonly (Tensor | null)[]

const { add, sub, mul, div, neg, sum, matmul, reshape, transpose, broadcast, where, cast, sumTo } = op

const nothing = (): [] => []
const last = -1

/** Puts back the axes that a reduction removed, so that its result broadcasts against its input. */
function restore(y: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(
    y,
    x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  )
}

/** Shares the gradient of an extremum among the elements that attain it. */
function share(attains: Tensor, g: Tensor, axes: readonly number[]): Tensor {
  const hit = cast(attains, 'float32')
  return mul(div(hit, sum(hit, axes, true)), g)
}

/** Gradient of max/min for one operand: all where it wins, half at a tie. */
function winner(wins: Tensor, x: readonly Tensor[], g: Tensor, operand: Tensor): Tensor {
  const tie = op.equal(x[0]!, x[1]!)
  return sumTo(mul(g, where(tie, 0.5, cast(wins, 'float32'))), operand.shape)
}

/** Both operands of a matrix product, whichever way round they are read; broadcast leading axes are summed. */
function matmulRule({ x: [a, b], g, attributes: { transposeA, transposeB } }: Site<'matmul'>): Tensor[] {
  const da = transposeA
    ? matmul(b!, g, { transposeA: transposeB, transposeB: true })
    : matmul(g, b!, { transposeB: !transposeB })
  const db = transposeB
    ? matmul(g, a!, { transposeA: true, transposeB: transposeA })
    : productOverRows(a!, g, transposeA, b!)
  return [sumTo(da, a!.shape), sumTo(db, b!.shape)]
}

/** a^T g. For a weight shared by all leading axes, one big product instead of many small ones and a sum. */
function productOverRows(a: Tensor, g: Tensor, transposeA: boolean, b: Tensor): Tensor {
  if (b.shape.length === 2 && !transposeA && a.shape.length > 2) {
    const count = a.shape.slice(0, last).reduce((product, n) => product * n, 1)
    const rows = (t: Tensor): Tensor => reshape(t, [count, t.shape.at(last) as number])
    return matmul(rows(a), rows(g), { transposeA: true })
  }
  return matmul(a, g, { transposeA: !transposeA })
}

/** d/dx of x̂ = (x - mean) r and of r = 1 / sqrt(variance + epsilon), over the last axis. */
function standardizeGradient(xhat: Tensor, r: Tensor, g: Tensor | undefined, gr: Tensor | undefined): Tensor | null {
  const parts: Tensor[] = []
  if (g !== undefined) {
    const centred = sub(sub(g, op.mean(g, last, true)), mul(xhat, op.mean(mul(g, xhat), last, true)))
    parts.push(mul(centred, r))
  }
  if (gr !== undefined) parts.push(mul(mul(gr, neg(op.square(r))), div(xhat, xhat.shape.at(last) as number)))
  return parts.length === 0 ? null : parts.reduce((a, b) => add(a, b))
}

/** The one home of derivatives. */
const rules: { [Name in PrimitiveName]: Rule<Name> } = {
  input: nothing,
  parameter: nothing,
  constant: nothing,

  add: ({ x: [a, b], g }) => [sumTo(g, a!.shape), sumTo(g, b!.shape)],
  sub: ({ x: [a, b], g }) => [sumTo(g, a!.shape), sumTo(neg(g), b!.shape)],
  mul: ({ x: [a, b], g }) => [sumTo(mul(g, b!), a!.shape), sumTo(mul(g, a!), b!.shape)],
  div: ({ x: [a, b], y: [y], g }) => {
    const da = div(g, b!)
    return [sumTo(da, a!.shape), sumTo(neg(mul(da, y!)), b!.shape)]
  },
  maximum: ({ x, g }) => [winner(op.greater(x[0]!, x[1]!), x, g, x[0]!), winner(op.less(x[0]!, x[1]!), x, g, x[1]!)],
  minimum: ({ x, g }) => [winner(op.less(x[0]!, x[1]!), x, g, x[0]!), winner(op.greater(x[0]!, x[1]!), x, g, x[1]!)],
  equal: nothing,
  less: nothing,
  and: nothing,
  not: nothing,
  where: ({ x: [c, a, b], g }) => [null, sumTo(where(c!, g, 0), a!.shape), sumTo(where(c!, 0, g), b!.shape)],

  neg: ({ g }) => [neg(g)],
  exp: ({ y, g }) => [mul(g, y[0]!)],
  log: ({ x, g }) => [div(g, x[0]!)],
  sqrt: ({ y, g }) => [div(g, mul(y[0]!, 2))],
  square: ({ x, g }) => [mul(g, mul(x[0]!, 2))],
  abs: ({ x, g }) => [mul(g, op.sign(x[0]!))],
  sign: () => [null],
  tanh: ({ y, g }) => [mul(g, sub(1, op.square(y[0]!)))],
  sigmoid: ({ y, g }) => [mul(g, mul(y[0]!, sub(1, y[0]!)))],
  erf: ({ x, g }) => [mul(g, mul(op.exp(neg(op.square(x[0]!))), 2 / Math.sqrt(Math.PI)))],
  relu: ({ x, g }) => [where(op.greater(x[0]!, 0), g, 0)],
  gelu({ x: [x], g }) {
    const cumulative = mul(add(op.erf(mul(x!, Math.SQRT1_2)), 1), 0.5)
    const density = mul(op.exp(mul(op.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [mul(g, add(cumulative, mul(x!, density)))]
  },
  quickGelu({ x: [x], y: [y], g }) {
    const s = op.sigmoid(mul(x!, 1.702))
    return [mul(g, add(s, mul(mul(y!, 1.702), sub(1, s))))]
  },
  cast: ({ x, g }) => [x[0]!.dtype === 'float32' ? g : null],
  stopGradient: () => [null],

  sum: ({ x: [x], g, attributes: { axes } }) => [broadcast(restore(g, x!, axes), x!.shape)],
  reduceMax: ({ x: [x], y: [y], g, attributes: { axes } }) => [
    share(op.equal(x!, restore(y!, x!, axes)), restore(g, x!, axes), axes),
  ],
  argMax: () => [null],
  softmax: ({ y: [y], g, attributes: { axis } }) => [mul(y!, sub(g, sum(mul(g, y!), axis, true)))],
  logSoftmax: ({ y: [y], g, attributes: { axis } }) => [sub(g, mul(op.exp(y!), sum(g, axis, true)))],
  layerNorm({ x: [x, gain, bias], g, attributes: { epsilon } }) {
    const [xhat, r] = op.standardize(x!, epsilon)
    return [
      standardizeGradient(xhat, r, mul(g, gain!), undefined),
      sumTo(mul(g, xhat), gain!.shape),
      sumTo(g, bias!.shape),
    ]
  },
  standardize: ({ y: [xhat, r], gs: [g, gr] }) => [standardizeGradient(xhat!, r!, g, gr)],
  channelAffine({ x: [x, a], g }) {
    const others = x!.shape.flatMap((_, i) => (i === 1 ? [] : [i]))
    const zero = op.constant(new Float32Array(a!.shape[0] as number), a!.shape)
    return [op.channelAffine(g, a!, zero), sum(mul(g, x!), others), sum(g, others)]
  },

  matmul: matmulRule,
  reshape: ({ x, g }) => [reshape(g, x[0]!.shape)],
  transpose({ g, attributes: { order } }) {
    const back = order.map((_, i) => order.indexOf(i))
    return [transpose(g, back)]
  },
  broadcast: ({ x, g }) => [sumTo(g, x[0]!.shape)],
  concat({ x, g, attributes: { axis } }) {
    let start = 0
    return x.map((part) => {
      const from = start
      start += part.shape[axis] as number
      return op.slice(g, axis, from, start)
    })
  },
  slice({ x: [x], g, attributes: { starts, ends } }) {
    return [
      op.pad(
        g,
        starts,
        x!.shape.map((n, i) => n - (ends[i] as number)),
      ),
    ]
  },
  pad: ({ x: [x], g, attributes: { before } }) => [
    before.reduce((t, from, axis) => op.slice(t, axis, from, from + (x!.shape[axis] as number)), g),
  ],
  gather: ({ x: [table, indices], g }) => [op.scatterAdd(g, indices!, table!.shape[0] as number), null],
  scatterAdd: ({ x: [, indices], g }) => [op.gather(g, indices!), null],

  conv2d: ({ x: [x, w], g, attributes: { strides, pads } }) => [
    node('conv2dInputGradient', [g, w!], { strides, pads, input: x!.shape }, x!.shape),
    node('conv2dWeightGradient', [x!, g], { strides, pads, weight: w!.shape }, w!.shape),
  ],
  // The three convolution primitives are one trilinear form <g, conv(x, w)>: each is linear in both of its inputs.
  conv2dInputGradient: ({ x: [g0, w], g, attributes: { strides, pads } }) => [
    op.conv2d(g, w!, { strides, pads }),
    node('conv2dWeightGradient', [g, g0!], { strides, pads, weight: w!.shape }, w!.shape),
  ],
  conv2dWeightGradient: ({ x: [x, g0], g, attributes: { strides, pads } }) => [
    node('conv2dInputGradient', [g0!, g], { strides, pads, input: x!.shape }, x!.shape),
    op.conv2d(x!, g, { strides, pads }),
  ],
  maxPool2d({ x: [x], y: [, positions], gs: [g] }) {
    if (g === undefined) return [null]
    const flat = (t: Tensor): Tensor => reshape(t, [-1])
    const size = x!.shape.reduce((product, n) => product * n, 1)
    return [reshape(op.scatterAdd(flat(g), flat(positions!), size), x!.shape)]
  },
}

/**
 * Derivatives of a scalar with respect to each of `wrt`, as tensors of the same graph. A tensor that the scalar does not
 * depend on gets zeros.
 */
export function gradients(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (scalar.shape.length !== 0 || scalar.dtype !== 'float32') shapeError('gradients', 'needs a float32 scalar', scalar)
  const order = topological([scalar])
  const useful = dependents(order, new Set(wrt))
  const collected = new Map<Tensor, Tensor>([[scalar, op.scalar(1)]])
  for (let i = order.length - 1; i >= 0; i--) {
    const current = order[i] as Node
    if (current.inputs.length === 0 || !current.outputs.some((y) => useful.has(y))) continue
    const gs = current.outputs.map((y) => collected.get(y))
    const g = gs.find((t) => t !== undefined)
    if (g === undefined) continue
    const flows = apply(current, g, gs)
    current.inputs.forEach((x, j) => {
      const flow = flows[j]
      if (flow == null || !useful.has(x)) return
      if (flow.shape.some((n, axis) => n !== x.shape[axis]) || flow.shape.length !== x.shape.length) {
        throw new VesaliusError(
          'SHAPE_MISMATCH',
          `The derivative of ${current.op} is ${describe(flow)} for an input ${describe(x)}.`,
        )
      }
      const before = collected.get(x)
      collected.set(x, before === undefined ? flow : add(before, flow))
    })
  }
  return wrt.map((x) => collected.get(x) ?? op.full(x.shape, 0))
}

function apply<Name extends PrimitiveName>(
  current: Node<Name>,
  g: Tensor,
  gs: readonly (Tensor | undefined)[],
): readonly (Tensor | null)[] {
  const rule = rules[current.op]
  return rule({ x: current.inputs, y: current.outputs, g, gs, attributes: current.attributes })
}

/** The float32 tensors on a path from one of `from` to the end of the order. */
function dependents(order: readonly Node[], from: ReadonlySet<Tensor>): Set<Tensor> {
  const reached = new Set<Tensor>(from)
  for (const current of order) {
    if (!current.inputs.some((x) => reached.has(x))) continue
    for (const y of current.outputs) if (y.dtype === 'float32') reached.add(y)
  }
  return reached
}
