/**
 * @file A part of a value is often all that is read of it: the class token of the last block of a transformer. This pass
 * moves slices from the results of operations to their operands as long as all that reads the result reads that part, so that the
 * other rows are never computed, nor their derivatives. Values are the same, exactly.
 */

import * as op from './ops.ts'
import type { PrimitiveName, Primitives } from './primitives.ts'
import { substitute } from './substitute.ts'
import { type Node, node, type Shape, type Tensor, topological } from './tensor.ts'

/** First (included) and last (excluded) element of each axis. */
interface Part {
  starts: readonly number[]
  ends: readonly number[]
}

/** Operations that treat every element by itself, operands broadcast. */
const elementwise: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'where',
  'neg',
  'exp',
  'log',
  'sqrt',
  'square',
  'abs',
  'tanh',
  'sigmoid',
  'relu',
  'gelu',
  'quickGelu',
  'silu',
  'cast',
  'stopGradient',
])

/** `outputs` with slices as early as they can be. */
export function pushSlices(outputs: readonly Tensor[]): Tensor[] {
  let current = [...outputs]
  for (;;) {
    const order = topological(current)
    const readers = new Map<Tensor, (Node | undefined)[]>()
    const read = (t: Tensor, by: Node | undefined): void => {
      const known = readers.get(t)
      if (known === undefined) readers.set(t, [by])
      else known.push(by)
    }
    for (const t of current) read(t, undefined)
    for (const by of order) for (const t of by.inputs) read(t, by)
    const moved = new Map<Tensor, Tensor>()
    for (let i = order.length - 1; i >= 0 && moved.size === 0; i--) {
      const [x] = (order[i] as Node).outputs as [Tensor]
      const slices = (readers.get(x) ?? []) as (Node<'slice'> | undefined)[]
      const part = slices[0]?.op === 'slice' ? slices[0].attributes : undefined
      // Several readers are fine as long as all of them read the same part.
      if (part === undefined || !slices.every((by) => by?.op === 'slice' && same(by.attributes, part))) continue
      const early = earlier(x, part)
      if (early !== undefined) for (const by of slices) moved.set(by!.outputs[0] as Tensor, early)
    }
    if (moved.size === 0) return current
    current = substitute(current, moved).outputs
  }
}

const same = (a: Part, b: Part): boolean =>
  a.starts.every((n, i) => n === b.starts[i]) && a.ends.every((n, i) => n === b.ends[i])

/** The part of x made from parts of the operands of x; undefined where there is no such way. */
function earlier(x: Tensor, part: Part): Tensor | undefined {
  const { op: name, inputs, attributes } = x.node
  if (x.node.outputs.length !== 1) return undefined
  const cut = x.shape.map((n, axis) => part.starts[axis] !== 0 || part.ends[axis] !== n)
  const again = (operands: readonly Tensor[], shape: Shape = lengths(part)): Tensor =>
    node(name, operands, attributes, shape, x.dtype)
  if (elementwise.has(name)) return again(inputs.map((t) => partOf(t, part)))
  const last = x.shape.length - 1
  switch (name) {
    case 'layerNorm':
      return cut[last] ? undefined : again([partOf(inputs[0] as Tensor, part), ...inputs.slice(1)])
    case 'softmax':
    case 'logSoftmax':
      return cut[(attributes as Primitives['softmax']).axis] ? undefined : again([partOf(inputs[0] as Tensor, part)])
    case 'transpose': {
      const { order } = attributes as Primitives['transpose']
      const back = order.map((_, axis) => order.indexOf(axis))
      const source = { starts: back.map((axis) => part.starts[axis]!), ends: back.map((axis) => part.ends[axis]!) }
      return again([partOf(inputs[0] as Tensor, source)])
    }
    case 'reshape':
      return reshaped(inputs[0] as Tensor, x.shape, part, cut)
    case 'matmul':
      return product(x.node as unknown as Node<'matmul'>, part, cut)
    default:
      return undefined
  }
}

const lengths = ({ starts, ends }: Part): number[] => ends.map((to, axis) => to - starts[axis]!)

/** The part of an operand that a part of a result needs; axes that are broadcast stay whole. */
function partOf(x: Tensor, { starts, ends }: Part): Tensor {
  const extra = starts.length - x.shape.length
  return x.shape.reduce<Tensor>((t, n, axis) => {
    return n === 1 ? t : op.slice(t, axis, starts[axis + extra]!, ends[axis + extra]!)
  }, x)
}

/** Through a reshape that leaves the axes up to the last one that is cut as they are. */
function reshaped(x: Tensor, shape: Shape, part: Part, cut: readonly boolean[]): Tensor | undefined {
  const kept = cut.lastIndexOf(true) + 1
  if (kept > x.shape.length || shape.slice(0, kept).some((n, axis) => n !== x.shape[axis])) return undefined
  const source = {
    starts: x.shape.map((_, axis) => (axis < kept ? part.starts[axis]! : 0)),
    ends: x.shape.map((n, axis) => (axis < kept ? part.ends[axis]! : n)),
  }
  return op.reshape(partOf(x, source), lengths(part))
}

/** Rows of a product are rows of a, columns are columns of b, leading axes are those of both. */
function product({ inputs: [a, b], attributes }: Node<'matmul'>, part: Part, cut: readonly boolean[]): Tensor {
  const rank = cut.length
  const lead = (t: Tensor): Tensor => {
    const extra = rank - t.shape.length
    return t.shape.slice(0, -2).reduce<Tensor>((y, n, axis) => {
      return n === 1 ? y : op.slice(y, axis, part.starts[axis + extra]!, part.ends[axis + extra]!)
    }, t)
  }
  const { transposeA, transposeB } = attributes
  const rows = op.slice(lead(a!), transposeA ? -1 : -2, part.starts[rank - 2]!, part.ends[rank - 2]!)
  const columns = op.slice(lead(b!), transposeB ? -2 : -1, part.starts[rank - 1]!, part.ends[rank - 1]!)
  return node('matmul', [rows, columns], attributes, lengths(part))
}
