/** @file What a lowering rule sees, and what several rules share. */

import type { PrimitiveName, Primitives } from '../../primitives.ts'
import type { Node, Tensor } from '../../tensor.ts'
import type { Dim, Emitter } from '../emitter.ts'

export interface Site<Name extends PrimitiveName> {
  e: Emitter
  /** Names of the inputs. */
  x: readonly string[]
  inputs: readonly Tensor[]
  /** Dimensions of the first output, with the batch left open in serving. */
  shape: readonly Dim[]
  dims: (t: Tensor) => readonly Dim[]
  attributes: Primitives[Name]
  node: Node
}

export type Rule<Name extends PrimitiveName> = (site: Site<Name>) => string | readonly string[]
export type Rules<Names extends PrimitiveName> = { [Name in Names]: Rule<Name> }

/** Domain of ONNX Runtime's own operators. */
export const microsoft = 'com.microsoft'

/** An operator with the same inputs and no attributes. */
export const plain =
  (op: string, domain?: string): Rule<PrimitiveName> =>
  ({ e, x }) =>
    e.emit(op, x, {}, domain)

/** ONNX's numbers of our dtypes. */
export const castTo = { float32: 1, int32: 6, bool: 9 } as const
