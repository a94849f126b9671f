/** @file Lowering of sampling. */

import type { Sampling } from '../../primitives.ts'
import { bytesOf } from '../proto.ts'
import type { Rules } from './site.ts'

export const sampling: Rules<keyof Sampling> = {
  sample({ e, x: [x, points], inputs: [tx] }) {
    const [h, w] = tx!.shape.slice(2) as [number, number]
    const pair = (values: readonly number[]): string =>
      e.initializer({ name: '', dtype: 'float32', shape: [2], bytes: bytesOf(Float32Array.from(values)) })
    // ONNX counts from -1 at the outer edge of the first element to 1 at that of the last.
    const scaled = e.emit('Mul', [points!, pair([2 / w, 2 / h])])
    const grid = e.emit('Add', [scaled, pair([1 / w - 1, 1 / h - 1])])
    return e.emit('GridSample', [x!, grid], { mode: 'bilinear', padding_mode: 'zeros', align_corners: 0 })
  },
}
