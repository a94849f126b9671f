/**
 * @file Sizes of the values of a lowered graph. Those that stand for a tensor of the traced graph have its shape; the few
 * that a lowering rule makes on its way are inferred from the operator.
 */

import type { LoweredModel } from '../onnx/lower.ts'
import type { OnnxNode } from '../onnx/proto.ts'
import { bytesOf, elementBytes } from '../tensor.ts'
import type { ValueSize } from './liveness.ts'

/** Size of every value that the nodes make. Temporaries of unknown operators are taken to be as large as their inputs. */
export function valueSizes({ graph, tensors }: Pick<LoweredModel, 'graph' | 'tensors'>): (value: string) => ValueSize {
  const sizes = new Map<string, ValueSize>()
  for (const { name, bytes } of graph.initializers) sizes.set(name, ofBytes(bytes.byteLength))
  for (const [name, t] of tensors) {
    sizes.set(name, { bytes: bytesOf(t), key: `${elementBytes[t.dtype]} x ${t.shape.join(' ')}` })
  }
  const lengths = new Map(
    graph.initializers.filter(({ dtype }) => dtype === 'int64').map(({ name, bytes }) => [name, integers(bytes)]),
  )
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (!sizes.has(name)) sizes.set(name, ofBytes(inferred(node, (input) => sizes.get(input)?.bytes ?? 0, lengths)))
    }
  }
  return (value) => sizes.get(value) ?? ofBytes(0)
}

const ofBytes = (bytes: number): ValueSize => ({ bytes, key: `${bytes} bytes` })

function integers(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)))
}

/** Bytes of a temporary. */
function inferred(
  { op, inputs }: OnnxNode,
  size: (input: string) => number,
  lengths: ReadonlyMap<string, number[]>,
): number {
  const all = inputs.map(size)
  if (op === 'Concat') return all.reduce((sum, n) => sum + n, 0)
  if (op === 'ConstantOfShape') {
    const shape = lengths.get(inputs[0] as string)
    return shape === undefined ? 0 : 4 * shape.reduce((product, n) => product * n, 1)
  }
  if (/^(Reshape|Unsqueeze|Squeeze|Transpose|Cast|Slice|Pad|Expand|Gather|Identity)$/.test(op)) return all[0] ?? 0
  return Math.max(0, ...all)
}
