/**
 * @file Values of their own beside the flat buffers of {@link resident.ts}: data of the host as they came, to be read in
 * parts, or one tensor on the device, written and read as a whole.
 */

import type * as Ort from 'onnxruntime-node'
import { sizeOf, type TensorData } from '../tensor.ts'
import type { BufferView } from './protocol.ts'

type Single = { host: TensorData } | { device: Ort.Tensor | undefined }

/** An empty set of them. */
export function openSingles(ort: Pick<typeof Ort, 'Tensor'>) {
  const singles = new Map<string, Single>()
  const drop = (buffer: string): void => {
    const old = singles.get(buffer)
    if (old !== undefined && 'device' in old) old.device?.dispose()
    singles.delete(buffer)
  }
  return {
    has: (buffer: string): boolean => singles.has(buffer),
    drop,
    set(buffer: string, single: Single): void {
      drop(buffer)
      singles.set(buffer, single)
    },
    /** The tensor of a view. That of the host is a new one, that of the device the one itself. */
    read({ buffer, offset, shape }: BufferView): Ort.Tensor {
      const single = singles.get(buffer) as Single
      const length = sizeOf(shape)
      if ('device' in single) {
        if (offset !== 0 || single.device?.size !== length) throw new Error(`the buffer "${buffer}" is read as a whole`)
        return single.device
      }
      const data = single.host.subarray(offset, offset + length)
      if (data.length !== length) throw new Error(`${offset}..${offset + length} is outside the buffer "${buffer}"`)
      if (data instanceof Float32Array) return new ort.Tensor('float32', data, shape)
      return data instanceof Int32Array ? new ort.Tensor('int32', data, shape) : new ort.Tensor('bool', data, shape)
    },
    clear(): void {
      for (const buffer of [...singles.keys()]) drop(buffer)
    },
  }
}
