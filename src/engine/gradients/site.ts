/** @file What a rule of the gradient table sees, and what several rules share. `null` = nothing flows to that input. */

import * as op from '../ops.ts'
import type { PrimitiveName, Primitives } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'

/** The node, its inputs and outputs, and the gradient of each output (undefined = zero). */
export interface Site<Name extends PrimitiveName> {
  x: readonly Tensor[]
  y: readonly Tensor[]
  g: Tensor
  gs: readonly (Tensor | undefined)[]
  attributes: Primitives[Name]
}

export type Rule<Name extends PrimitiveName> = (site: Site<Name>) => readonly (Tensor | null)[]
export type Rules<Names extends PrimitiveName> = { [Name in Names]: Rule<Name> }

/** Puts back the axes that a reduction removed, so that its result broadcasts against its input. */
export function restore(y: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return op.reshape(
    y,
    x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  )
}
