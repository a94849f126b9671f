/**
 * @file The reference interpreter: float64, plain loops, no speed. It is the judge for derivatives (central
 * differences) and for the ONNX lowering, and shares no code with either. Its families are in interpreter/.
 */

import { VesaliusError } from '../core/errors.ts'
import type { HostData } from './host.ts'
import { activations } from './interpreter/activations.ts'
import { custom } from './interpreter/custom.ts'
import { elementwise } from './interpreter/elementwise.ts'
import { callHost } from './interpreter/host.ts'
import { indexing } from './interpreter/indexing.ts'
import { norm } from './interpreter/norm.ts'
import { pooling } from './interpreter/pooling.ts'
import { products } from './interpreter/products.ts'
import { reductions } from './interpreter/reductions.ts'
import { sampling } from './interpreter/sampling.ts'
import { segment } from './interpreter/segment.ts'
import { shape } from './interpreter/shape.ts'
import type { Rules, Values } from './interpreter/site.ts'
import { sorting } from './interpreter/sorting.ts'
import { windows } from './interpreter/windows.ts'
import type { PrimitiveName } from './primitives.ts'
import { type Node, sizeOf, type Tensor, topological } from './tensor.ts'

export type { Values } from './interpreter/site.ts'

/** All primitives but host nodes, which may answer later. */
type SessionPrimitive = Exclude<PrimitiveName, 'host'>

const rules: Rules<SessionPrimitive> = {
  input: ({ attributes, feeds }) => fed(attributes.name, feeds),
  parameter: ({ attributes, feeds }) => fed(attributes.name, feeds),
  constant: ({ attributes }) => Float64Array.from(attributes.data),
  random: ({ attributes, feeds }) => fed(attributes.name, feeds),
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
  ...segment,
  ...custom,
}

function fed(name: string, feeds: ReadonlyMap<string, Values>): Values {
  const values = feeds.get(name)
  if (values === undefined)
    throw new VesaliusError('RUNTIME_FAILED', `The interpreter was given no value for "${name}".`)
  return values
}

/** Evaluates the outputs in float64. `feeds` holds the inputs, parameters and random leaves by name. */
export function interpret(outputs: readonly Tensor[], feeds: ReadonlyMap<string, Values>): Values[] {
  const work = evaluateAll(outputs, feeds)
  let next = work.next()
  while (!next.done) {
    if (next.value instanceof Promise) {
      next.value.catch(() => {})
      throw new VesaliusError('RUNTIME_FAILED', 'A host node of this graph does not answer at once.', {
        hint: 'Use interpretAsync.',
      })
    }
    next = work.next(next.value)
  }
  return next.value
}

/** The same for graphs with host nodes that wait for something (other processes). */
export async function interpretAsync(
  outputs: readonly Tensor[],
  feeds: ReadonlyMap<string, Values>,
): Promise<Values[]> {
  const work = evaluateAll(outputs, feeds)
  let next = work.next()
  while (!next.done) next = work.next(await next.value)
  return next.value
}

/** Node after node; host functions are yielded, and their results taken back, by the caller who may wait or not. */
function* evaluateAll(
  outputs: readonly Tensor[],
  feeds: ReadonlyMap<string, Values>,
): Generator<ReturnType<typeof callHost>, Values[], readonly HostData[]> {
  const values = new Map<Tensor, Values>()
  for (const current of topological(outputs)) {
    const x = current.inputs.map((t) => values.get(t) as Values)
    const made =
      current.op === 'host'
        ? (yield callHost(current, x)).map((data) => Float64Array.from(data))
        : evaluate(current as Node<SessionPrimitive>, x, feeds)
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

function evaluate<Name extends SessionPrimitive>(
  current: Node<Name>,
  x: Values[],
  feeds: ReadonlyMap<string, Values>,
): Values | Values[] {
  const rule = rules[current.op]
  const { inputs, attributes, outputs } = current
  return rule({ x, inputs, shape: (outputs[0] as Tensor).shape, attributes, node: current as unknown as Node, feeds })
}
