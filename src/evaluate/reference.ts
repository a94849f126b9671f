/** @file Reference lines from the same data: the pixel baseline, and the supervised line of a run of the same tower. */

import { join } from 'node:path'
import { openModel } from '../apply/model.ts'
import { VesaliusError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import type { Study } from '../data/study.ts'
import { readSafetensors } from '../models/checkpoints/safetensors.ts'
import { fitPixelBaseline, predictPixelBaseline } from './baselines/pixel.ts'
import { type FindingScores, summarizeFindings } from './protocols/findings.ts'
import { embedStudies, labelsOf, type PooledCases } from './studies.ts'

/** Logistic models on the coarse pixels of all channels, fitted on the true labels of the training cases; `strength` as in the baseline. */
export function pixelLine(
  findings: readonly string[],
  training: PooledCases,
  cases: PooledCases,
  strength?: number,
): FindingScores {
  const columns = findings.map((name) => labelsOf(training.studies, name))
  const labels = Int8Array.from({ length: training.studies.length * findings.length }, (_, i) => {
    return columns[i % findings.length]![Math.floor(i / findings.length)]!
  })
  const width = training.pooled.length / training.studies.length
  const predicted = predictPixelBaseline(
    fitPixelBaseline(training.pooled, labels, { width, ...(strength === undefined ? {} : { strength }) }),
    cases.pooled,
  )
  const scores = findings.map((_, k) => Float32Array.from(cases.studies, (_, n) => predicted[n * findings.length + k]!))
  return summarizeFindings(findings, scores, cases.studies)
}

/**
 * The supervised line: a run with the objective `supervised`, read out by its own head. `findings` are those of the run,
 * in its order.
 */
export async function supervisedLine(
  run: string,
  findings: readonly string[],
  folder: string,
  studies: readonly Study[],
  { progress, device }: { progress: Progress; device?: string | undefined },
): Promise<FindingScores> {
  const model = await openModel(run, { device })
  try {
    const cases = await embedStudies(model, folder, studies, { raw: true, embed: false, progress })
    const file = join(model.folder, 'objective.safetensors')
    const { tensors } = await readSafetensors(file)
    const weight = tensors.get('objective.head.weight')
    const bias = tensors.get('objective.head.bias')
    const width = weight?.shape[1] ?? 0
    if (
      !(weight?.data instanceof Float32Array && bias?.data instanceof Float32Array) ||
      weight.shape[0] !== findings.length
    ) {
      throw new VesaliusError('MODEL_INVALID', `${file} holds no head for these ${findings.length} findings.`, {
        where: file,
      })
    }
    const [w, b] = [weight.data, bias.data]
    const raw = cases.raw as Float32Array
    const scores = findings.map((_, k) =>
      Float32Array.from(studies, (_, n) => {
        let z = b[k] as number
        for (let d = 0; d < width; d++) z += raw[n * width + d]! * w[k * width + d]!
        return z
      }),
    )
    return summarizeFindings(findings, scores, cases.studies)
  } finally {
    await model.close()
  }
}

/** Mean AUROC of some of the findings; null if none is defined. */
export function meanAuroc({ perClass }: FindingScores, findings: readonly string[]): number | null {
  const values = findings.flatMap((name) => perClass[name]?.auroc ?? [])
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length
}
