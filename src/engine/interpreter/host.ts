/** @file Host functions under the reference interpreter: float32 values reach them in float64, as everything here. */

import { type HostData, runHost } from '../host.ts'
import type { Node, Tensor } from '../tensor.ts'
import type { Values } from './site.ts'

/** Calls a host node's function on values of the interpreter. */
export function callHost(node: Node, x: readonly Values[]): readonly HostData[] | Promise<readonly HostData[]> {
  const values = node.inputs.map(({ dtype, shape }, i) => ({ dtype, shape, data: asHost(dtype, x[i] as Values) }))
  return runHost(node, values)
}

function asHost(dtype: Tensor['dtype'], values: Values): HostData {
  if (dtype === 'float32') return values.slice()
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values)
}
