/**
 * @file The tables of primitives are complete by type: tsc, which compiles this file with all others, refuses one that
 * lacks an entry. Each expected error below is one that tsc must find, or it complains itself.
 */

import { expect, it } from 'vitest'
import { reductions as derivatives } from './gradients/reductions.ts'
import type { Rules as Derivatives } from './gradients/site.ts'
import { reductions as evaluations } from './interpreter/reductions.ts'
import type { Rules as Evaluations } from './interpreter/site.ts'
import { reductions as lowerings } from './onnx/rules/reductions.ts'
import type { Rules as Lowerings } from './onnx/rules/site.ts'
import type { Reductions } from './primitives.ts'

const { sum: derivative, ...otherDerivatives } = derivatives
const { sum: evaluation, ...otherEvaluations } = evaluations
const { sum: lowering, ...otherLowerings } = lowerings

// @ts-expect-error the derivative of sum is missing
const lacksDerivative: Derivatives<keyof Reductions> = otherDerivatives
// @ts-expect-error the reference evaluation of sum is missing
const lacksEvaluation: Evaluations<keyof Reductions> = otherEvaluations
// @ts-expect-error the lowering of sum is missing
const lacksLowering: Lowerings<keyof Reductions> = otherLowerings
// @ts-expect-error there is no primitive of this name
const unknown: Derivatives<keyof Reductions> = { ...derivatives, total: derivative }
// @ts-expect-error softmax has an axis, not axes
const misread: Derivatives<keyof Reductions> = { ...derivatives, softmax: ({ g, attributes }) => [attributes.axes, g] }

it('a table without an entry is not a table', () => {
  expect([lacksDerivative, lacksEvaluation, lacksLowering].every((table) => !('sum' in table))).toBe(true)
  expect([derivative, evaluation, lowering, unknown, misread].every((entry) => entry !== undefined)).toBe(true)
})
