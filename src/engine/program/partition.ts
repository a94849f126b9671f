/**
 * @file Cuts a graph at its host nodes into stages. Stage k computes what depends on at most k host nodes in a row, as
 * one session; the host nodes whose inputs are complete then run after it.
 */

import type { Outputs } from '../onnx/lower.ts'
import { input } from '../ops.ts'
import { substitute } from '../substitute.ts'
import { bytesOf, type Node, type Tensor, topological } from '../tensor.ts'

/** A value that one stage makes and another, or the host, takes. */
export interface Crossing {
  /** Name under which sessions write and read it. */
  name: string
  tensor: Tensor
  /** The stage that makes it; a value of a host node is made after that stage. */
  home: number
  /** Stages whose sessions read it, in order. */
  readers: readonly number[]
}

export interface Stage {
  /** What its session computes, over leaves and `input`s named as the crossings: user's outputs and crossings. */
  outputs: Outputs
  /** Host nodes that run after it, in the order of the graph. */
  hosts: readonly Node[]
}

export interface Partition {
  stages: readonly Stage[]
  /** Values that sessions hand to later sessions, kept beside the runtime. */
  held: readonly Crossing[]
  /** Values that sessions hand to host nodes. */
  fetched: readonly Crossing[]
  /** Values that host nodes hand to sessions. */
  given: readonly Crossing[]
}

/** Operations that are cheaper to repeat than to hand over, when all they come from is leaves. */
const cheap = new Set<string>([
  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'equal', 'less', 'and', 'not', 'where', 'neg', 'cast'],
  ...['reshape', 'transpose', 'broadcast', 'slice', 'concat', 'stopGradient'],
])

/**
 * Stages of the graph that `outputs` reach. Outputs named in `late` are written by the last session only, because they
 * overwrite what sessions before it may read.
 */
export function partition(outputs: Outputs, late: ReadonlySet<string> = new Set()): Partition {
  const entries = Object.entries(outputs)
  const order = topological(entries.map(([, t]) => t))
  if (!order.some((node) => node.op === 'host')) {
    return { stages: [{ outputs, hosts: [] }], held: [], fetched: [], given: [] }
  }
  const plan = place(order, entries, late)
  return cut(order, entries, plan)
}

interface Placement {
  /** Derived from leaves by cheap operations: made again wherever it is read. */
  light: ReadonlySet<Node>
  /** The stage of each node that is not light; host nodes run after theirs. */
  stage: ReadonlyMap<Node, number>
  /** The stage that writes each output, by its name. */
  written: ReadonlyMap<string, number>
}

/** As early as host nodes allow, except what is needed later only and whose inputs are smaller than itself. */
function place(
  order: readonly Node[],
  entries: readonly (readonly [string, Tensor])[],
  late: ReadonlySet<string>,
): Placement {
  const light = new Set<Node>()
  const stage = new Map<Node, number>()
  const ready = ({ node }: Tensor): number =>
    light.has(node) ? 0 : (stage.get(node) as number) + (node.op === 'host' ? 1 : 0)
  for (const node of order) {
    if (node.inputs.length === 0 || (cheap.has(node.op) && node.inputs.every((x) => light.has(x.node)))) light.add(node)
    else stage.set(node, Math.max(0, ...node.inputs.map(ready)))
  }
  const last = Math.max(0, ...order.map(({ outputs }) => Math.max(0, ...outputs.map(ready))))
  const written = new Map(entries.map(([name, t]) => [name, late.has(name) ? last : ready(t)]))

  /** Stages that read a tensor, found from the back. */
  const readers = new Map<Tensor, Set<number>>()
  const read = (t: Tensor, at: number): void => {
    const known = readers.get(t)
    if (known === undefined) readers.set(t, new Set([at]))
    else known.add(at)
  }
  for (const [name, t] of entries) read(t, written.get(name) as number)
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as Node
    if (light.has(node)) continue
    let at = stage.get(node) as number
    if (node.op !== 'host') {
      const uses = node.outputs.map((y) => readers.get(y) ?? new Set<number>())
      const first = Math.min(...uses.flatMap((set) => [...set]))
      if (first > at) {
        const saved = node.outputs.reduce((sum, y, j) => sum + (uses[j]?.size === 0 ? 0 : bytesOf(y)), 0)
        const added = node.inputs.reduce((sum, x, j) => {
          const comes = light.has(x.node) || ready(x) >= first || node.inputs.indexOf(x) !== j
          const crosses = [...(readers.get(x) ?? [])].some((reader) => reader >= first)
          return sum + (comes || crosses ? 0 : bytesOf(x))
        }, 0)
        if (added < saved) at = first
      }
      stage.set(node, at)
    }
    for (const x of node.inputs) read(x, at)
  }
  return { light, stage, written }
}

function cut(
  order: readonly Node[],
  entries: readonly (readonly [string, Tensor])[],
  { light, stage, written }: Placement,
): Partition {
  const count = 1 + Math.max(0, ...stage.values(), ...written.values())
  const wanted = Array.from({ length: count }, (): [string, Tensor][] => [])
  const held = new Map<Tensor, { name: string; readers: Set<number> }>()
  const fetched = new Map<Tensor, string>()
  const given = new Map<Tensor, { name: string; readers: Set<number> }>()
  const home = (t: Tensor): number => stage.get(t.node) as number

  /** A session at stage `at` reads t, itself or through light nodes. */
  const demand = (t: Tensor, at: number): void => {
    if (light.has(t.node)) return
    const kind = t.node.op === 'host' ? given : held
    if (kind === held && home(t) === at) return
    const known = kind.get(t) ?? { name: `${kind === held ? 'held' : 'given'}/${kind.size}`, readers: new Set() }
    kind.set(t, known)
    known.readers.add(at)
  }
  for (const node of order) {
    if (light.has(node)) continue
    const at = stage.get(node) as number
    for (const x of node.inputs) {
      if (node.op !== 'host') demand(x, at)
      else if (x.node.op !== 'host' && !fetched.has(x)) {
        const from = light.has(x.node) ? at : home(x)
        const name = `fetched/${fetched.size}`
        fetched.set(x, name)
        wanted[from]!.push([name, x])
      }
    }
  }
  for (const [name, t] of entries) {
    const at = written.get(name) as number
    demand(t, at)
    wanted[at]!.push([name, t])
  }
  for (const [t, { name }] of held) wanted[home(t)]!.push([name, t])

  const stages = wanted.map((list, at): Stage => {
    const replaced = new Map<Tensor, Tensor>()
    for (const [t, { name, readers }] of [...held, ...given])
      if (readers.has(at) && (t.node.op === 'host' || home(t) !== at)) replaced.set(t, input(name, t.shape, t.dtype))
    const { outputs } = substitute(
      list.map(([, t]) => t),
      replaced,
    )
    return {
      outputs: Object.fromEntries(list.map(([name], i) => [name, outputs[i] as Tensor])),
      hosts: order.filter((node) => node.op === 'host' && stage.get(node) === at),
    }
  })
  const crossing = ([tensor, { name, readers }]: [Tensor, { name: string; readers: Set<number> }]): Crossing => ({
    name,
    tensor,
    home: home(tensor),
    readers: [...readers].sort((a, b) => a - b),
  })
  return {
    stages,
    held: [...held].map(crossing),
    given: [...given].map(crossing),
    fetched: [...fetched].map(([tensor, name]) => ({
      name,
      tensor,
      home: light.has(tensor.node) ? 0 : home(tensor),
      readers: [],
    })),
  }
}
