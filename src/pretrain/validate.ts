/** @file The validation loss: the objective on studies that are not trained on, batch statistics frozen. */

import type { Training } from '../nn/index.ts'
import type { Batches } from './batches.ts'
import { type BatchShape, buildStep, type StepOptions, weightsAt } from './step.ts'

/** Mean loss over the validation batches, or undefined where there are too few studies for one batch. */
export async function validationLoss(
  training: Training<BatchShape>,
  batches: Batches,
  step: StepOptions,
  total: number,
): Promise<number | undefined> {
  let sum = 0
  let count = 0
  for await (const { shape, feeds } of batches.validation()) {
    const weights = weightsAt(step, training.steps, total)
    const outputs = await training.evaluate(
      JSON.stringify(shape),
      (scope) => ({ loss: buildStep(scope, shape, step).loss }),
      {
        ...feeds,
        weights: { dtype: 'float32', shape: [weights.length], data: weights },
      },
    )
    sum += outputs.loss!.data[0] as number
    count++
  }
  return count === 0 ? undefined : sum / count
}
