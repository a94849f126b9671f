/** @file How fresh values of a parameter are drawn. Bounds and fans are the business of nn/initializers.ts. */

import { VesaliusError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { type Shape, sizeOf } from './tensor.ts'

export type Initializer =
  | { kind: 'zeros' }
  | { kind: 'ones' }
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; sd: number }
  /** Even over [-bound, bound). */
  | { kind: 'uniform'; bound: number }
  /** Normal, drawn again until it lies in [low, high]; low < 0 < high. */
  | { kind: 'truncated-normal'; sd: number; low: number; high: number }
  /** A random matrix [shape[0], rest] with orthonormal rows or columns (whichever are fewer), times `gain`. */
  | { kind: 'orthogonal'; gain: number }

/** Writes fresh values of `shape` into `values`, which holds zeros. */
export function drawInitial(init: Initializer, shape: Shape, stream: Random, values: Float32Array): void {
  switch (init.kind) {
    case 'zeros':
      return
    case 'ones':
      values.fill(1)
      return
    case 'constant':
      values.fill(init.value)
      return
    case 'normal':
      for (let i = 0; i < values.length; i++) values[i] = stream.normal(0, init.sd)
      return
    case 'uniform':
      for (let i = 0; i < values.length; i++) values[i] = stream.uniform(-init.bound, init.bound)
      return
    case 'truncated-normal':
      for (let i = 0; i < values.length; i++) values[i] = truncated(init, stream)
      return
    case 'orthogonal':
      orthogonal(init.gain, shape, stream, values)
  }
}

/** One draw by rejection, from whichever proposal is accepted more often than every third time. */
function truncated({ sd, low, high }: { sd: number; low: number; high: number }, stream: Random): number {
  if (!(low < 0 && high > 0)) {
    throw new VesaliusError('MODEL_INVALID', `A truncated normal needs low < 0 < high, not ${low} and ${high}.`)
  }
  const narrow = Math.max(-low, high) < sd
  for (;;) {
    const x = narrow ? stream.uniform(low, high) : stream.normal(0, sd)
    if (narrow ? stream.uniform() < Math.exp(-0.5 * (x / sd) ** 2) : x >= low && x <= high) return x
  }
}

/** Gram-Schmidt, twice, on normal vectors: evenly distributed over all such matrices (Saxe et al. 2014). */
function orthogonal(gain: number, shape: Shape, stream: Random, values: Float32Array): void {
  if (shape.length < 2) {
    throw new VesaliusError('MODEL_INVALID', `An orthogonal matrix needs two axes, not [${shape.join(', ')}].`)
  }
  const rows = shape[0] as number
  const columns = sizeOf(shape) / rows
  const tall = rows > columns
  const [count, length] = tall ? [columns, rows] : [rows, columns]
  const basis: Float64Array[] = []
  for (let i = 0; i < count; i++) {
    const v = Float64Array.from({ length }, () => stream.normal())
    for (let pass = 0; pass < 2; pass++) {
      for (const u of basis) {
        let overlap = 0
        for (let k = 0; k < length; k++) overlap += u[k]! * v[k]!
        for (let k = 0; k < length; k++) v[k]! -= overlap * u[k]!
      }
    }
    let squares = 0
    for (const x of v) squares += x * x
    const norm = Math.sqrt(squares)
    for (let k = 0; k < length; k++) v[k]! /= norm
    basis.push(v)
    for (let k = 0; k < length; k++) values[tall ? k * columns + i : i * columns + k] = gain * v[k]!
  }
}
