/**
 * @file Recomputation by segment (Chen et al. 2016): what lies inside a segment is not kept for the backward pass but
 * computed again from the segment's inputs. A segment is marked while tracing; differentiation makes the copy.
 */

import { VesaliusError } from '../core/errors.ts'
import { ruleOf } from './host.ts'
import * as op from './ops.ts'
import { copyNode, substitute } from './substitute.ts'
import { type Node, nodes, sizeOf, type Tensor } from './tensor.ts'

/**
 * `compute(...inputs)`, whose inner values are computed again in the backward pass instead of being kept. Give it all
 * values that it depends on and that are not leaves: what it captures from outside is kept. Random leaves are read
 * again, so dropout drops the same.
 */
export function recomputed<Results extends Tensor | readonly Tensor[]>(
  compute: (...inputs: Tensor[]) => Results,
  ...inputs: Tensor[]
): Results {
  const made = compute(...inputs)
  const results: readonly Tensor[] = 'node' in made ? [made] : made
  const marked = nodes('segment', [...results, ...inputs], { results: results.length }, results)
  return ('node' in made ? marked[0] : marked) as Results
}

/** A segment made again for its backward pass. */
export interface Replay {
  results: readonly Tensor[]
  /** Where gradients go: what stands for an input in the copy -> the input itself, and what the copy captures -> itself. */
  sources: ReadonlyMap<Tensor, Tensor>
}

/**
 * A copy of a segment that is not computed before `after`, tensors of the backward pass so far: its inputs are
 * `x + token` with a token that is 0 whatever they are. Without it ONNX Runtime would take the copy for the original, or
 * compute it early and keep both. Tensors in `keep` are not made again.
 */
export function replay(segment: Node, after: readonly Tensor[], keep: ReadonlySet<Tensor>): Replay {
  const { results: count } = (segment as Node<'segment'>).attributes
  const inputs = segment.inputs.slice(count).filter((x) => x.dtype === 'float32')
  const token = zeroAfter(after)
  const replaced = new Map<Tensor, Tensor>([...keep].map((t) => [t, t]))
  const sources = new Map<Tensor, Tensor>()
  for (const x of inputs) {
    const late = op.add(x, token)
    late.node.derivativeOf = segment
    replaced.set(x, late)
    sources.set(late, x)
  }
  const fresh = new Set<Tensor>()
  const { outputs } = substitute(segment.inputs.slice(0, count), replaced, (original, x) => {
    if (original.op === 'host') {
      const problem = `The host node "${ruleOf(original).name}" is inside a segment that is recomputed, and would run twice.`
      throw new VesaliusError('MODEL_INVALID', problem, { hint: 'End the segment before it.' })
    }
    const copy = copyNode(original, x)
    for (const y of copy) fresh.add(y)
    ;(copy[0] as Tensor).node.derivativeOf = original
    for (const t of x) if (!fresh.has(t) && !sources.has(t)) sources.set(t, t)
    return copy
  })
  // What does not depend on the inputs is not made again; gradients go on from there.
  for (const y of outputs) if (!fresh.has(y) && !sources.has(y)) sources.set(y, y)
  return { results: outputs, sources }
}

/** A float32 scalar that is 0 but cannot be known before one element of each tensor is. No NaN comes through. */
function zeroAfter(tensors: readonly Tensor[]): Tensor {
  const firsts = [...new Set(tensors)]
    .filter((t) => sizeOf(t.shape) > 0)
    .map((t) => op.slice(op.reshape(t, [sizeOf(t.shape)]), 0, 0, 1))
  const below = op.less(op.concat(firsts, 0), Number.NEGATIVE_INFINITY)
  return op.sum(op.cast(below, 'float32'))
}
