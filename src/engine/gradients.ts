/**
 * @file Reverse-mode differentiation: one table maps each primitive to its derivative, written with the same
 * primitives, so that derivatives can be differentiated again. The table's families are in gradients/.
 */

import { VesaliusError } from '../core/errors.ts'
import { activations } from './gradients/activations.ts'
import { custom } from './gradients/custom.ts'
import { elementwise } from './gradients/elementwise.ts'
import { host } from './gradients/host.ts'
import { indexing } from './gradients/indexing.ts'
import { norm } from './gradients/norm.ts'
import { pooling } from './gradients/pooling.ts'
import { products } from './gradients/products.ts'
import { reductions } from './gradients/reductions.ts'
import { sampling } from './gradients/sampling.ts'
import { segment } from './gradients/segment.ts'
import { shape } from './gradients/shape.ts'
import type { Rules } from './gradients/site.ts'
import { sorting } from './gradients/sorting.ts'
import { windows } from './gradients/windows.ts'
import * as op from './ops.ts'
import type { PrimitiveName } from './primitives.ts'
import { replay } from './recompute.ts'
import { topologicalUntil } from './substitute.ts'
import { describe, type Node, shapeError, type Tensor } from './tensor.ts'

const nothing = (): [] => []

/** The one home of derivatives. */
const rules: Rules<PrimitiveName> = {
  input: nothing,
  parameter: nothing,
  constant: nothing,
  random: nothing,
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

/**
 * Derivatives of a scalar with respect to each of `wrt`, as tensors of the same graph. A tensor that the scalar does not
 * depend on gets zeros.
 */
export function gradients(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (scalar.shape.length !== 0 || scalar.dtype !== 'float32') shapeError('gradients', 'needs a float32 scalar', scalar)
  const found = pullBack([scalar], [op.scalar(1)], wrt, { ends: new Set(), keep: new Set(wrt), recent: [] })
  return wrt.map((x) => found.get(x) ?? op.full(x.shape, 0))
}

/**
 * Sums over all outputs of their derivatives with respect to each of `wrt`, weighted by `cotangents`, which have the
 * outputs' shapes; undefined where no output depends on it.
 */
export function weightedGradients(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  wrt: readonly Tensor[],
): (Tensor | undefined)[] {
  const found = pullBack(outputs, cotangents, wrt, { ends: new Set(), keep: new Set(wrt), recent: [] })
  return wrt.map((x) => found.get(x))
}

interface Way {
  /** Tensors that are not looked behind. */
  ends: ReadonlySet<Tensor>
  /** Tensors that recomputed segments share with the forward pass, because their own gradients are asked for. */
  keep: ReadonlySet<Tensor>
  /** Gradients of the segment that was recomputed last: the next one waits for them. Moves on. */
  recent: Tensor[]
}

/** Gradients of each of `wrt` for these gradients of the outputs; a tensor on which nothing depends has none. */
function pullBack(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  wrt: Iterable<Tensor>,
  way: Way,
): ReadonlyMap<Tensor, Tensor> {
  const order = topologicalUntil(outputs, way.ends)
  const useful = dependents(order, new Set(wrt))
  const forward = new Set(order)
  const collected = new Map<Tensor, Tensor>()
  const collect = (x: Tensor, flow: Tensor, of: Node): void => {
    const before = collected.get(x)
    const total = before === undefined ? flow : op.add(before, flow)
    claim([total], of, forward)
    collected.set(x, total)
  }
  outputs.forEach((y, i) => {
    const g = cotangents[i]
    if (g !== undefined) collect(y, g, y.node)
  })
  for (let i = order.length - 1; i >= 0; i--) {
    const current = order[i] as Node
    if (current.inputs.length === 0 || !current.outputs.some((y) => useful.has(y))) continue
    const gs = current.outputs.map((y) => collected.get(y))
    const g = gs.find((t) => t !== undefined)
    if (g === undefined) continue
    if (current.op === 'segment') {
      for (const [x, flow] of throughSegment(current, gs, useful, way)) collect(x, flow, current)
      continue
    }
    const flows = apply(current, g, gs)
    claim(flows, current, forward)
    current.inputs.forEach((x, j) => {
      const flow = flows[j]
      if (flow == null || !useful.has(x)) return
      if (flow.shape.some((n, axis) => n !== x.shape[axis]) || flow.shape.length !== x.shape.length) {
        throw new VesaliusError(
          'SHAPE_MISMATCH',
          `The derivative of ${current.op} is ${describe(flow)} for an input ${describe(x)}.`,
        )
      }
      collect(x, flow, current)
    })
  }
  return collected
}

/** Makes a segment again and goes back through the copy: what flows to the segment's inputs and to what it captures. */
function throughSegment(
  segment: Node,
  gs: readonly (Tensor | undefined)[],
  useful: ReadonlySet<Tensor>,
  way: Way,
): [Tensor, Tensor][] {
  const given = gs.filter((g) => g !== undefined)
  const { results, sources } = replay(segment, [...way.recent, ...given], way.keep)
  const wrt = [...sources].filter(([, x]) => useful.has(x)).map(([stand]) => stand)
  const found = pullBack(results, gs, wrt, { ...way, ends: new Set(sources.keys()) })
  const flows = wrt.flatMap((stand): [Tensor, Tensor][] => {
    const flow = found.get(stand)
    return flow === undefined ? [] : [[sources.get(stand) as Tensor, flow]]
  })
  way.recent.splice(0, way.recent.length, ...flows.map(([, flow]) => flow))
  return flows
}

function apply<Name extends PrimitiveName>(
  current: Node<Name>,
  g: Tensor,
  gs: readonly (Tensor | undefined)[],
): readonly (Tensor | null)[] {
  const rule = rules[current.op]
  return rule({ x: current.inputs, y: current.outputs, g, gs, attributes: current.attributes })
}

/** Writes on the nodes that a rule has just made whose derivative they are. */
function claim(flows: readonly (Tensor | null)[], of: Node, forward: ReadonlySet<Node>): void {
  const open = flows.flatMap((flow) => (flow == null ? [] : [flow.node]))
  for (let made = open.pop(); made !== undefined; made = open.pop()) {
    if (made.derivativeOf !== undefined || forward.has(made)) continue
    made.derivativeOf = of
    for (const x of made.inputs) open.push(x.node)
  }
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
