/** @file Comparison of values from ONNX Runtime with goldens of PyTorch. */

import { expect } from 'vitest'
import type { Shape } from '../src/engine/index.ts'

/** All numbers of nested lists, row by row. */
export function flat(value: unknown): number[] {
  return Array.isArray(value) ? value.flatMap(flat) : [value as number]
}

/** Each value within `tolerance` times the largest wanted value, which counts as `floor` at least. */
export function expectNear(
  what: string,
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  floor = 1,
): void {
  expect([what, actual.length]).toEqual([what, wanted.length])
  let scale = floor
  for (let i = 0; i < wanted.length; i++) scale = Math.max(scale, Math.abs(wanted[i] as number))
  for (let i = 0; i < wanted.length; i++) {
    const off = Math.abs((actual[i] as number) - (wanted[i] as number))
    // Not finite is never near.
    if (!(off <= tolerance * scale)) expect.fail(`${what}[${i}] is ${actual[i]}, PyTorch says ${wanted[i]}`)
  }
}

/** What a golden keeps of a large tensor: its norm, its first eight values, and all of them for a few. */
export interface Summary {
  shape: Shape
  norm: number
  first8: number[]
  values?: number[]
}

/** The same for values of ours; `floor` is the size below which only absolute differences count. */
export function expectSummary(
  what: string,
  actual: Float32Array,
  wanted: Summary,
  tolerance: number,
  floor: number,
): void {
  const norm = Math.sqrt(actual.reduce((sum, v) => sum + v * v, 0))
  expectNear(`norm of ${what}`, [norm], [wanted.norm], tolerance, floor)
  expectNear(what, actual.subarray(0, 8), wanted.first8, tolerance, floor)
  if (wanted.values !== undefined) expectNear(what, actual, wanted.values, tolerance, floor)
}
