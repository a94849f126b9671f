/**
 * @file A graph as text and as a hash that depend on what it computes and on nothing else: not on the identity of objects
 * nor on the order in which independent nodes were made. Two graphs with one hash are the same system.
 */

import { createHash } from 'node:crypto'
import type { Outputs } from '../onnx/lower.ts'
import { type Node, type Primitives, type Tensor, topological } from '../tensor.ts'

/** What a golden file keeps of a graph: enough to say that it changed, and roughly how. */
export interface GraphPrint {
  /** SHA-256 of {@link canonicalText}, first 16 hexadecimal digits. */
  hash: string
  nodes: number
  /** Number of nodes by primitive, in alphabetical order. */
  kinds: Readonly<Record<string, number>>
}

/**
 * One line a node, inputs first, outputs by name at the end: primitive, operands, attributes, dtype and shape. Outputs are
 * walked in the order of their names and operands from left to right, so equal graphs give equal texts.
 */
export function canonicalText(outputs: Outputs): string {
  const named = Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1))
  const order = topological(named.map(([, t]) => t))
  const numbers = new Map(order.map((node, i) => [node, i]))
  const reference = (t: Tensor): string =>
    `%${numbers.get(t.node)}${t.node.outputs.length > 1 ? `.${t.node.outputs.indexOf(t)}` : ''}`
  const lines = order.map((node, i) => {
    const operands = node.inputs.map(reference).join(', ')
    const types = node.outputs.map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`).join(', ')
    return `%${i} = ${node.op}(${operands}) ${attributesText(node)} : ${types}`
  })
  return [...lines, ...named.map(([name, t]) => `${name} = ${reference(t)}`), ''].join('\n')
}

function attributesText({ op, attributes }: Node): string {
  if (op !== 'constant') return text(attributes)
  const { data } = attributes as Primitives['constant']
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return `{ ${data.length} values, ${digest(bytes)} }`
}

/** Attributes with sorted keys; numbers that JSON has no words for (-0, NaN, infinities) are kept apart. */
function text(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'function') return 'function'
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name} ${digest(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`
  }
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{ ${entries.map(([key, entry]) => `${key}: ${text(entry)}`).join(', ')} }`
  }
  return JSON.stringify(value) ?? 'undefined'
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

/** Hash and counts of a graph. */
export function graphPrint(outputs: Outputs): GraphPrint {
  const order = topological(Object.values(outputs))
  const counts: Record<string, number> = {}
  for (const { op } of order) counts[op] = (counts[op] ?? 0) + 1
  const kinds = Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { hash: digest(canonicalText(outputs)), nodes: order.length, kinds }
}

/** How a graph differs from what it was, as a sentence; undefined if it does not. */
export function graphChange(before: GraphPrint, after: GraphPrint): string | undefined {
  if (before.hash === after.hash) return undefined
  const kinds = [...new Set([...Object.keys(before.kinds), ...Object.keys(after.kinds)])].sort()
  const moved = kinds.flatMap((kind) => {
    const [old, now] = [before.kinds[kind] ?? 0, after.kinds[kind] ?? 0]
    return old === now ? [] : [`${kind} ${old} -> ${now}`]
  })
  return moved.length === 0
    ? `${after.nodes} nodes as before and as many of each kind, but attributes, shapes or edges changed`
    : `${before.nodes} -> ${after.nodes} nodes: ${moved.join(', ')}`
}
