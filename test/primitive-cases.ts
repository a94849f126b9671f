/**
 * @file Every primitive of the engine with inputs to try it on: the judge's bench for derivatives (against differences)
 * and for the ONNX lowering (against the interpreter). Keyed by name, so a primitive without cases does not compile.
 */

import * as op from '../src/engine/ops.ts'
import type { PrimitiveName } from '../src/engine/primitives.ts'
import type { Tensor } from '../src/engine/tensor.ts'
import { activationsCases } from './primitive-cases/activations.ts'
import type { Case } from './primitive-cases/case.ts'
import { customCases } from './primitive-cases/custom.ts'
import { elementwiseCases } from './primitive-cases/elementwise.ts'
import { indexingCases } from './primitive-cases/indexing.ts'
import { normCases } from './primitive-cases/norm.ts'
import { poolingCases } from './primitive-cases/pooling.ts'
import { productsCases } from './primitive-cases/products.ts'
import { reductionsCases } from './primitive-cases/reductions.ts'
import { samplingCases } from './primitive-cases/sampling.ts'
import { shapeCases } from './primitive-cases/shape.ts'
import { sortingCases } from './primitive-cases/sorting.ts'
import { windowsCases } from './primitive-cases/windows.ts'

export type { Case } from './primitive-cases/case.ts'

/** Every primitive's cases; leaves have none of their own, for every case starts from them. */
export const primitiveCases: Record<PrimitiveName, readonly Case[] | 'leaf'> = {
  input: 'leaf',
  parameter: 'leaf',
  constant: 'leaf',
  random: 'leaf',
  ...elementwiseCases,
  ...activationsCases,
  ...reductionsCases,
  ...shapeCases,
  ...indexingCases,
  ...sortingCases,
  ...productsCases,
  ...windowsCases,
  ...poolingCases,
  ...samplingCases,
  ...normCases,
  ...customCases,
  // Joins sessions instead of being part of one: src/engine/host.test.ts and program.test.ts.
  host: 'leaf',
  // A mark: src/engine/recompute.test.ts.
  segment: 'leaf',
}

/** All cases with the name of their primitive, for `it.each`. */
export const allCases: readonly { name: PrimitiveName; what: string; case: Case }[] = Object.entries(
  primitiveCases,
).flatMap(([name, list]) =>
  list === 'leaf' ? [] : list.map((one) => ({ name: name as PrimitiveName, what: one.what, case: one })),
)

/** The case's inputs as symbolic tensors x0, x1 ..., its float32 outputs, all its outputs, and what to feed. */
export function traced({ operands, trace }: Case): {
  inputs: Tensor[]
  outputs: readonly Tensor[]
  feeds: Map<string, Float64Array>
} {
  const inputs = operands.map(({ shape, dtype }, i) => op.input(`x${i}`, shape, dtype))
  const made = trace(...inputs)
  return {
    inputs,
    outputs: 'node' in made ? [made] : made,
    feeds: new Map(operands.map(({ values }, i) => [`x${i}`, values])),
  }
}
