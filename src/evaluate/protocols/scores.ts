/** @file Zero-shot scores of findings, as several protocols need them. */

import { classMatrix, score } from '../../apply/classify/zero-shot.ts'
import type { Model } from '../../apply/model.ts'
import type { Study } from '../../data/study.ts'
import type { FilledPrompts } from '../../text/index.ts'
import type { Finding } from '../metrics/ranked.ts'
import { labelsOf } from '../studies.ts'

/** Probability of each finding of a pair prompt set for embeddings [N, D] of these studies, with their labels. */
export async function zeroShotScores(
  model: Model,
  embeddings: Float32Array,
  studies: readonly Study[],
  prompts: FilledPrompts,
): Promise<Finding[]> {
  const matrix = await classMatrix(model, prompts)
  const nameOf = (n: number): string => `study ${studies[n]?.id}`
  const rows = score(embeddings, matrix, { scale: model.scale, width: model.config.joint, nameOf })
  return prompts.names.map((name, k) => ({
    name,
    scores: Float64Array.from(rows, ({ probabilities }) => probabilities[k] as number),
    labels: labelsOf(studies, name),
  }))
}
