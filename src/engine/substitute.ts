/** @file Copies of a part of a graph in which some values are replaced by others. */

import { type Node, nodes, type Tensor } from './tensor.ts'

/**
 * What `outputs` are when every tensor in `replaced` is another one. Nodes on which the replacement has no effect are
 * kept, all others are made anew (by `visit`, if given); replaced tensors are not looked behind. `copies` has the outputs
 * of each node that was made anew, inputs first.
 */
export function substitute(
  outputs: readonly Tensor[],
  replaced: ReadonlyMap<Tensor, Tensor>,
  visit: (original: Node, inputs: readonly Tensor[]) => readonly Tensor[] = copyNode,
): { outputs: Tensor[]; copies: ReadonlyMap<Node, readonly Tensor[]> } {
  const copies = new Map<Node, readonly Tensor[]>()
  const now = (t: Tensor): Tensor => {
    const direct = replaced.get(t)
    if (direct !== undefined) return direct
    const copy = copies.get(t.node)
    return copy === undefined ? t : (copy[t.node.outputs.indexOf(t)] as Tensor)
  }
  for (const current of topologicalUntil(outputs, replaced)) {
    const inputs = current.inputs.map(now)
    if (inputs.every((x, i) => x === current.inputs[i])) continue
    copies.set(current, visit(current, inputs))
  }
  return { outputs: outputs.map(now), copies }
}

/** The same node over other inputs. */
export function copyNode(original: Node, inputs: readonly Tensor[]): readonly Tensor[] {
  const made = nodes(original.op, inputs, original.attributes, original.outputs)
  if (original.derivativeOf !== undefined) (made[0] as Tensor).node.derivativeOf = original.derivativeOf
  return made
}

/** All nodes that the outputs need, every node after its inputs; what makes the tensors in `ends` is not looked at. */
export function topologicalUntil(outputs: readonly Tensor[], ends: { has(t: Tensor): boolean }): Node[] {
  const order: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  const stack: Node[] = []
  const push = (t: Tensor): void => {
    if (!ends.has(t) && !state.has(t.node)) stack.push(t.node)
  }
  for (let i = outputs.length - 1; i >= 0; i--) push(outputs[i] as Tensor)
  while (stack.length > 0) {
    const current = stack[stack.length - 1] as Node
    const seen = state.get(current)
    if (seen === undefined) {
      state.set(current, 'open')
      for (let i = current.inputs.length - 1; i >= 0; i--) push(current.inputs[i] as Tensor)
    } else {
      stack.pop()
      if (seen === 'open') {
        state.set(current, 'done')
        order.push(current)
      }
    }
  }
  return order
}
