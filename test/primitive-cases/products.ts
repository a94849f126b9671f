/** @file Cases of products primitives. */

import * as op from '../../src/engine/ops.ts'
import type { Products } from '../../src/engine/primitives.ts'
import type { Shape } from '../../src/engine/tensor.ts'
import { normal, over } from '../operands.ts'
import type { Case, Cases } from './case.ts'

const leads: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[2], [2]],
  [[2], []],
  [[], [2]],
  [[2, 1], [3]],
  [[2, 3], []],
] // biome-ignore format: one pair a line

function matmuls(): Case[] {
  return [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [...leads, 'empty' as const, 'empty rows' as const].map((lead) => {
        const k = lead === 'empty' ? 0 : 4
        const m = lead === 'empty rows' ? 0 : 3
        const [la, lb] = typeof lead === 'string' ? [[2], []] : lead
        const a = [...la, ...(transposeA ? [k, m] : [m, k])]
        const b = [...lb, ...(transposeB ? [2, k] : [k, 2])]
        return {
          what: `${over(a, b)}, transposed ${transposeA}, ${transposeB}`,
          operands: [normal(...a), normal(...b)],
          trace: (x, y) => op.matmul(x, y, { transposeA, transposeB }),
        } satisfies Case
      }),
    ),
  )
}

export const productsCases: Cases<keyof Products> = {
  matmul: [
    ...matmuls(),
    {
      what: 'scaled',
      operands: [normal(2, 3, 4), normal(2, 4, 2)],
      trace: (x, y) => op.matmul(x, y, { scale: 0.3 }),
    },
    {
      what: 'scaled, a shared weight read transposed',
      operands: [normal(2, 3, 4), normal(2, 4)],
      trace: (x, y) => op.matmul(x, y, { transposeB: true, scale: -2 }),
    },
  ],
}
