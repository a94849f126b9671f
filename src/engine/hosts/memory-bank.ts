/** @file Memory banks: rows of past steps, read in the present one without gradient (queues of MoCo, ALBEF, and others). */

import { VesaliusError } from '../../core/errors.ts'
import { type HostRule, type HostState, type HostValue, hostNode } from '../host.ts'
import { shapeError, type Tensor } from '../tensor.ts'

export interface MemoryBank extends HostState {
  /**
   * The rows of past steps, float32 [size, width], and which of them have been filled, bool [size]; oldest rows are
   * overwritten first. `fresh` [N, width] takes their place after the step was taken. Nothing flows back to `fresh`.
   */
  exchange(fresh: Tensor): { rows: Tensor; filled: Tensor }
}

/** An empty bank of `size` rows. Empty rows are zeros. */
export function memoryBank({ name, size, width }: { name: string; size: number; width: number }): MemoryBank {
  const rows = new Float32Array(size * width)
  // Rows ever written, as far as it matters: where the next one goes, and whether all are filled.
  let written = 0
  const rule: HostRule = {
    name,
    forward: () => [rows.slice(), Uint8Array.from({ length: size }, (_, i) => (i < written ? 1 : 0))],
    commit([fresh]) {
      const { data, shape } = fresh as HostValue
      for (let i = 0; i < (shape[0] as number); i++) {
        rows.set(data.subarray(i * width, (i + 1) * width), (written % size) * width)
        written = written + 1 < 2 * size ? written + 1 : size
      }
    },
  }
  return {
    exchange(fresh) {
      if (fresh.dtype !== 'float32' || fresh.shape.length !== 2 || fresh.shape[1] !== width)
        shapeError(`memory bank "${name}"`, `takes rows of ${width}`, fresh)
      if ((fresh.shape[0] as number) > size)
        shapeError(`memory bank "${name}"`, `has ${size} rows, fewer than come at once`, fresh)
      const [old, filled] = hostNode(
        rule,
        [fresh],
        [
          { shape: [size, width], dtype: 'float32' },
          { shape: [size], dtype: 'bool' },
        ],
      ) as [Tensor, Tensor]
      return { rows: old, filled }
    },
    values: () => ({ rows: rows.slice(), written: Float32Array.of(written) }),
    restore(values) {
      const old = values.rows
      const count = values.written?.[0]
      if (old?.length !== rows.length || count === undefined) {
        const problem = `The saved memory bank "${name}" does not have ${size} rows of ${width}.`
        throw new VesaliusError('CHECKPOINT_INVALID', problem, { hint: 'Was the configuration changed since?' })
      }
      rows.set(old)
      written = count
    },
  }
}
