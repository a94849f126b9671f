/** @file One way to try a primitive: operands and what to trace with them. */

import type { PrimitiveName } from '../../src/engine/primitives.ts'
import type { Tensor } from '../../src/engine/tensor.ts'
import type { Operand } from '../operands.ts'

export interface Case {
  what: string
  operands: readonly Operand[]
  trace: (...x: Tensor[]) => Tensor | readonly Tensor[]
  /**
   * The derivative to expect: that of differences (default); zero whatever differences say; or, at a kink, the stated
   * gradient of the sum of the outputs for each float operand.
   */
  derivative?: 'zero' | readonly (readonly number[])[]
}

export type Cases<Names extends PrimitiveName> = Record<Names, readonly Case[]>
