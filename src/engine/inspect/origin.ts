/**
 * @file Where in the model each node of a graph was made, found from the graph alone: layers are plain functions, but the
 * names of the parameters they consume tell where they stand. Used for profiles, summaries and names in errors.
 */

import { type Node, type PrimitiveName, type Primitives, sizeOf, type Tensor, topological } from '../tensor.ts'

export interface Origin {
  /** Path of the module, as the prefix of its parameters' names; '' for what belongs to no module (losses). */
  module: string
  /** `backward` for what `gradients` added. */
  pass: 'forward' | 'backward'
}

/** "vision_model.encoder" for "vision_model.encoder.0.weight" and "vision_model.encoder.1.weight". */
function common(a: string, b: string): string {
  if (a === b) return a
  const [left, right] = [a.split('.'), b.split('.')]
  let n = 0
  while (n < left.length && n < right.length && left[n] === right[n]) n++
  return left.slice(0, n).join('.')
}

const depth = (path: string): number => (path === '' ? 0 : path.split('.').length)

/** Path of the module that holds a parameter. */
function holder(parameter: string): string {
  const dot = parameter.lastIndexOf('.')
  return dot < 0 ? '' : parameter.slice(0, dot)
}

/** The node of the forward pass that a node derives from: itself, or what it is a derivative of. */
function root(node: Node): Node {
  let found = node
  while (found.derivativeOf !== undefined) found = found.derivativeOf
  return found
}

/**
 * Origin of every node of an order in which inputs come first.
 *
 * A node that reads parameters belongs to their module. One that reads none belongs to the deepest module which all its
 * inputs have in common: an activation to the layer before it, a product of queries and keys to their attention. Three
 * refinements: a residual sum joins a value of the present block with one of the block before, so the module of what reads
 * the sum next decides as well; what scales or shifts a larger value owns the result (batch statistics); and a reduction
 * beside other uses of the same value belongs to what reads it next. A derivative belongs where its original stands.
 */
export function origins(order: readonly Node[]): Map<Node, Origin> {
  // Derivatives may be asked for where the value itself is not.
  const originals = topological([...new Set(order.map(root))].flatMap(({ outputs }) => outputs.slice(0, 1)))
  const forward = originals.filter((node) => node.derivativeOf === undefined)
  const weights = weightModules(forward)
  const next = nextModules(forward, weights)
  const readers = new Map<Tensor, number>()
  for (const node of forward) for (const x of node.inputs) readers.set(x, (readers.get(x) ?? 0) + 1)
  const module = new Map<Node, string>()
  for (const node of forward) {
    const reduced = reductions.has(node.op) && (readers.get(node.inputs[0] as Tensor) as number) > 1
    const path = weights.get(node) ?? (reduced ? next.get(node) : undefined) ?? inherited(node, module, next)
    module.set(node, path)
  }
  return new Map(
    order.map((node) => {
      const pass = node.derivativeOf === undefined ? 'forward' : 'backward'
      return [node, { module: module.get(root(node)) ?? '', pass }]
    }),
  )
}

const reductions: ReadonlySet<string> = new Set<PrimitiveName>(['sum', 'reduceMax'])

/** Which nodes read parameters, directly or reshaped, and whose they are. */
function weightModules(order: readonly Node[]): Map<Node, string> {
  const own = new Map<Node, string>()
  /** Values made of nothing but parameters and constants, with their module; constants have none. */
  const made = new Map<Node, string | undefined>()
  for (const node of order) {
    if (node.op === 'parameter') {
      const path = holder((node.attributes as Primitives['parameter']).name)
      made.set(node, path)
      own.set(node, path)
    } else if (node.op === 'constant') made.set(node, undefined)
    else if (node.inputs.length > 0) {
      const sources = node.inputs.map((x) => x.node)
      const paths = sources.flatMap((source) => made.get(source) ?? [])
      const path = paths.length === 0 ? undefined : paths.reduce(common)
      if (path !== undefined) own.set(node, path)
      if (sources.every((source) => made.has(source))) made.set(node, path)
    }
  }
  return own
}

/** For each node, the module of the nearest node after it that reads parameters. */
function nextModules(order: readonly Node[], own: ReadonlyMap<Node, string>): Map<Node, string> {
  const next = new Map<Node, string>()
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as Node
    const path = own.get(node) ?? next.get(node)
    // Later assignments are by earlier nodes: what reads the value first decides.
    if (path !== undefined) for (const x of node.inputs) next.set(x.node, path)
  }
  return next
}

function inherited(node: Node, module: ReadonlyMap<Node, string>, next: ReadonlyMap<Node, string>): string {
  const whole = sizeOf((node.outputs[0] as Tensor).shape)
  // Inputs and constants stand nowhere.
  const values = node.inputs.filter((x) => x.node.inputs.length > 0 || x.node.op === 'parameter')
  const smaller = values.filter(({ shape }) => sizeOf(shape) < whole)
  const scaled = node.op !== 'matmul' && values.some(({ shape }) => sizeOf(shape) === whole) && smaller.length > 0
  const paths = (scaled ? smaller : values).flatMap((x) => module.get(root(x.node)) ?? [])
  if (paths.length === 0) return ''
  const shared = paths.reduce(common)
  const after = next.get(node)
  if (after === undefined || paths.every((path) => path === paths[0])) return shared
  return [shared, ...paths.map((path) => common(path, after))].reduce((a, b) => (depth(b) > depth(a) ? b : a))
}

/** First part of the names of the ONNX nodes that a node is lowered to; {@link readLabel} reads it back. */
export function nodeLabel(node: Node, known: ReadonlyMap<Node, Origin>): string {
  const { module, pass } = known.get(node) as Origin
  return `${module}/${pass}/${node.op}/`
}

/** Origin and primitive from the name of an ONNX node; undefined for nodes that ONNX Runtime made without a name. */
export function readLabel(name: string): (Origin & { primitive: string }) | undefined {
  // The runtime joins the names of nodes that it fuses, and adds suffixes: the first label counts.
  const found = /^([^/]*)\/(forward|backward)\/(\w+)\//.exec(name)
  if (found === null) return undefined
  return { module: found[1] as string, pass: found[2] as Origin['pass'], primitive: found[3] as string }
}
