/**
 * @file Reverse-mode differentiation: one table maps each primitive to its derivative, written with the same
 * primitives, so that derivatives can be differentiated again. The table's families are in gradients/.
 */

import { VesaliusError } from '../core/errors.ts'
import { activations } from './gradients/activations.ts'
import { elementwise } from './gradients/elementwise.ts'
import { host } from './gradients/host.ts'
import { indexing } from './gradients/indexing.ts'
import { norm } from './gradients/norm.ts'
import { pooling } from './gradients/pooling.ts'
import { products } from './gradients/products.ts'
import { reductions } from './gradients/reductions.ts'
import { shape } from './gradients/shape.ts'
import type { Rules } from './gradients/site.ts'
import { sorting } from './gradients/sorting.ts'
import { windows } from './gradients/windows.ts'
import * as op from './ops.ts'
import type { PrimitiveName } from './primitives.ts'
import { describe, type Node, shapeError, type Tensor, topological } from './tensor.ts'

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
  ...norm,
  ...host,
}

/**
 * Derivatives of a scalar with respect to each of `wrt`, as tensors of the same graph. A tensor that the scalar does not
 * depend on gets zeros.
 */
export function gradients(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (scalar.shape.length !== 0 || scalar.dtype !== 'float32') shapeError('gradients', 'needs a float32 scalar', scalar)
  const order = topological([scalar])
  const useful = dependents(order, new Set(wrt))
  const forward = new Set(order)
  const collected = new Map<Tensor, Tensor>([[scalar, op.scalar(1)]])
  for (let i = order.length - 1; i >= 0; i--) {
    const current = order[i] as Node
    if (current.inputs.length === 0 || !current.outputs.some((y) => useful.has(y))) continue
    const gs = current.outputs.map((y) => collected.get(y))
    const g = gs.find((t) => t !== undefined)
    if (g === undefined) continue
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
      const before = collected.get(x)
      const total = before === undefined ? flow : op.add(before, flow)
      claim([total], current, forward)
      collected.set(x, total)
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
