/** @file Derivatives judged by central differences on the reference interpreter. */

import { expect } from 'vitest'
import { gradients } from '../src/engine/gradients.ts'
import { interpret, type Values } from '../src/engine/interpreter.ts'
import type { Tensor } from '../src/engine/tensor.ts'

/** Central differences of a scalar with respect to one named leaf, in float64. */
export function differences(scalar: Tensor, x: Tensor, feeds: ReadonlyMap<string, Values>): Values {
  const name = (x.node.attributes as { name: string }).name
  const values = feeds.get(name) as Values
  const step = 1e-5
  const at = (i: number, delta: number): number => {
    const moved = values.slice()
    moved[i] = (moved[i] as number) + delta
    return (interpret([scalar], new Map(feeds).set(name, moved))[0] as Values)[0] as number
  }
  return values.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step))
}

/** The symbolic gradient of the scalar equals differences, within `tolerance` times the largest of them. */
export function expectGradients(
  scalar: Tensor,
  xs: readonly Tensor[],
  feeds: ReadonlyMap<string, Values>,
  tolerance = 1e-6,
): void {
  interpret(gradients(scalar, xs), feeds).forEach((values, k) => {
    const wanted = differences(scalar, xs[k] as Tensor, feeds)
    const scale = wanted.reduce((top, v) => Math.max(top, Math.abs(v)), 1)
    values.forEach((v, i) => {
      const off = Math.abs(v - (wanted[i] as number))
      if (!(off <= tolerance * scale)) expect.fail(`element ${i} of input ${k} is ${v}, differences say ${wanted[i]}`)
    })
  })
}
