/**
 * @file Neighbours in memory are one matrix: where a graph joins parameters that lie one after the other, it reads them as
 * one parameter, and where a joined gradient is cut into parts that are to lie so, it is written as one. Nothing is copied
 * for fused projections although each keeps its own name.
 */

import { VesaliusError } from '../../core/errors.ts'
import type { Outputs } from '../onnx/lower.ts'
import { parameter } from '../ops.ts'
import type { Primitives } from '../primitives.ts'
import type { BufferView } from '../runtime/protocol.ts'
import { substitute } from '../substitute.ts'
import { type Node, sizeOf, type Tensor, topological } from '../tensor.ts'

type Places = Readonly<Record<string, BufferView>>

export interface Joined {
  outputs: Outputs
  /** Where parameters are read, joined ones included. */
  place: (name: string) => BufferView | undefined
  /** Where outputs are written: those of the original graph in, those of this one out. */
  into(places: Places): Record<string, BufferView>
  /** Names in the original graph of an output. */
  members(name: string): readonly string[]
}

/** One view of views that follow each other without a gap, longer along the first axis; undefined for others. */
function joinedView(views: readonly (BufferView | undefined)[]): BufferView | undefined {
  const [first] = views
  if (first === undefined || first.shape.length === 0) return undefined
  let [end, rows] = [first.offset, 0]
  for (const view of views) {
    if (view === undefined || view.buffer !== first.buffer || view.offset !== end) return undefined
    end += sizeOf(view.shape)
    rows += view.shape[0] as number
  }
  return { buffer: first.buffer, offset: first.offset, shape: [rows, ...first.shape.slice(1)] }
}

const nameOf = (t: Tensor): string => (t.node.attributes as Primitives['parameter']).name

/** `a.q.weight` and `a.k.weight` as `a.q:weight+k:weight`, which belongs to the module that holds both. */
function joinedName(names: readonly string[]): string {
  const paths = names.map((name) => name.split('.'))
  const [first] = paths as [string[]]
  let shared = 0
  while (shared < first.length - 1 && paths.every((path) => path[shared] === first[shared])) shared++
  const rests = paths.map((path) => path.slice(shared).join(':'))
  return [...first.slice(0, shared), rests.join('+')].join('.')
}

/** The same graph with neighbours joined. */
export function joinNeighbours(
  outputs: Outputs,
  place: (name: string) => BufferView | undefined,
  into: Places,
): Joined {
  const read = joinParameters(outputs, place)
  const written = joinOutputs(read.outputs, into)
  return {
    outputs: written.outputs,
    place: (name) => read.views.get(name) ?? place(name),
    into(places) {
      const moved = { ...places }
      for (const [name, members] of written.groups) {
        const view = joinedView(members.map((member) => places[member]))
        if (view === undefined)
          throw new VesaliusError('RUNTIME_FAILED', `The outputs ${members.join(', ')} are written side by side only.`)
        for (const member of members) delete moved[member]
        moved[name] = view
      }
      return moved
    },
    members: (name) => written.groups.get(name) ?? [name],
  }
}

function joinParameters(outputs: Outputs, place: (name: string) => BufferView | undefined) {
  const views = new Map<string, BufferView>()
  const leaves = new Map<string, Tensor>()
  const replaced = new Map<Tensor, Tensor>()
  for (const { op, attributes, inputs, outputs: made } of topological(Object.values(outputs))) {
    if (op !== 'concat' || (attributes as Primitives['concat']).axis !== 0) continue
    if (inputs.length < 2 || !inputs.every(({ node }) => node.op === 'parameter')) continue
    const names = inputs.map(nameOf)
    const view = joinedView(names.map(place))
    if (view === undefined) continue
    const name = joinedName(names)
    const leaf = leaves.get(name) ?? parameter(name, view.shape)
    leaves.set(name, leaf)
    views.set(name, view)
    replaced.set(made[0] as Tensor, leaf)
  }
  const names = Object.keys(outputs)
  const { outputs: rest } = substitute(Object.values(outputs), replaced)
  return { outputs: Object.fromEntries(names.map((name, i) => [name, rest[i] as Tensor])), views }
}

/** Parts of a value, all of them outputs, nothing else's inputs, and neighbours in the order of the parts. */
function joinOutputs(outputs: Outputs, into: Places) {
  const uses = new Map<Tensor, string[]>()
  for (const [name, t] of Object.entries(outputs)) uses.set(t, [...(uses.get(t) ?? []), name])
  const order = topological(Object.values(outputs))
  const inside = new Set(order.flatMap(({ inputs }) => inputs))
  const groups = new Map<string, readonly string[]>()
  const values = new Map<string, Tensor>()
  for (const node of order as Node<'split'>[]) {
    if (node.op !== 'split' || node.attributes.axis !== 0 || node.outputs.length < 2) continue
    const names = node.outputs.flatMap((t) => (inside.has(t) ? [] : (uses.get(t) ?? [])))
    if (names.length !== node.outputs.length || node.outputs.some((t) => uses.get(t)?.length !== 1)) continue
    if (joinedView(names.map((name) => into[name])) === undefined) continue
    const name = names.join('+')
    groups.set(name, names)
    values.set(name, node.inputs[0] as Tensor)
  }
  const group = new Map([...groups].flatMap(([name, members]) => members.map((member) => [member, name] as const)))
  // Each stands where its first part stood: the order of outputs is the order of execution.
  const joined = Object.entries(outputs).map(([name, t]): [string, Tensor] => {
    const whole = group.get(name)
    return whole === undefined ? [name, t] : [whole, values.get(whole) as Tensor]
  })
  return { outputs: Object.fromEntries(joined), groups }
}
