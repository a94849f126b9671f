/**
 * @file How a trained system itself compares images with texts, where that is more than the cosine of its exported towers:
 * GLoRIA's words and regions, PRIOR's pooled prototypes, the global heads of LoVT and Müller, the views of REFERS.
 */

import { dirname } from 'node:path'
import type { Model } from '../apply/model.ts'
import type { Study } from '../data/study.ts'
import { objectiveOf } from '../pretrain/config.ts'
import { readRunConfig } from '../pretrain/run-folder.ts'
import { buildSimilarity } from '../pretrain/step.ts'
import { openTrained } from './trained.ts'

/** Images and texts a run of the graph, at most. */
const most = 128

/**
 * Similarity [N, T] of N studies with T texts by the system that trained the model, or undefined if there is none of its own:
 * a model without the folder of its run, or a system that compares as its towers do. Several scores of a system are
 * standardised over the images for each text, then averaged, as GLoRIA does for zero-shot use; a system with a zero-shot
 * rule of its own (PRIOR) has softmaxes over the texts, added with their shares, there.
 */
export async function ownSimilarity(
  model: Pick<Model, 'folder'>,
  folder: string,
  studies: readonly Study[],
  texts: readonly string[],
  use: 'retrieval' | 'zero-shot',
): Promise<Float64Array | undefined> {
  const run = dirname(model.folder)
  const config = await readRunConfig(run).catch(() => undefined)
  if (studies.length === 0 || texts.length === 0) return undefined
  if (config === undefined) return undefined
  const { similarity, zeroShot } = objectiveOf(config.objective)
  if (similarity === undefined) return undefined
  const trained = await openTrained(run, folder, studies, { threads: config.threads })
  try {
    const said = texts.map((text) => trained.textOf(saying(studies[0] as Study, text)))
    const [n, t] = [studies.length, texts.length]
    const rows = Math.min(most, Math.max(n, t))
    const shape = trained.shapeOf(said, rows)
    const found: Record<string, Float64Array> = {}
    for (let i = 0; i < n; i += rows) {
      const images = Array.from({ length: rows }, (_, k) => Math.min(i + k, n - 1))
      for (let j = 0; j < t; j += rows) {
        const some = Array.from({ length: rows }, (_, k) => said[Math.min(j + k, t - 1)]!)
        const tile = await trained.run(
          'similarity',
          shape,
          (scope) => buildSimilarity(scope, shape, trained.step, use),
          { images, texts: some },
        )
        for (const [name, { data }] of Object.entries(tile)) {
          found[name] ??= new Float64Array(n * t)
          for (let a = 0; a < Math.min(rows, n - i); a++)
            for (let b = 0; b < Math.min(rows, t - j); b++) found[name][(i + a) * t + j + b] = data[a * rows + b]!
        }
      }
    }
    if (use === 'zero-shot' && zeroShot !== undefined) return sharedOut(found, zeroShot.shares, n, t)
    const scores = Object.values(found)
    return scores.length === 1 ? scores[0] : averaged(scores, n, t)
  } finally {
    await trained.close()
  }
}

/** A study that says nothing but this text. */
const saying = (study: Study, text: string): Study => ({
  ...study,
  captions: [],
  report: { language: 'en', findings: text },
})

/** Scores [N, T], each brought to mean 0 and deviation 1 over the images of a text, averaged. */
export function averaged(scores: readonly Float64Array[], n: number, t: number): Float64Array {
  const mean = new Float64Array(n * t)
  for (const score of scores) {
    for (let j = 0; j < t; j++) {
      let [sum, squares] = [0, 0]
      for (let i = 0; i < n; i++) sum += score[i * t + j]!
      for (let i = 0; i < n; i++) squares += (score[i * t + j]! - sum / n) ** 2
      const deviation = Math.sqrt(squares / n)
      for (let i = 0; i < n; i++)
        mean[i * t + j]! += deviation === 0 ? 0 : (score[i * t + j]! - sum / n) / deviation / scores.length
    }
  }
  return mean
}

/** Scores [N, T] by name, each a softmax over the texts of an image, added with their shares. */
export function sharedOut(
  scores: Readonly<Record<string, Float64Array>>,
  shares: Readonly<Record<string, number>>,
  n: number,
  t: number,
): Float64Array {
  const total = new Float64Array(n * t)
  for (const [name, share] of Object.entries(shares)) {
    const score = scores[name]!
    for (let i = 0; i < n; i++) {
      const row = score.subarray(i * t, (i + 1) * t)
      const highest = row.reduce((a, b) => Math.max(a, b))
      const powers = row.map((value) => Math.exp(value - highest))
      const sum = powers.reduce((a, b) => a + b)
      powers.forEach((power, j) => {
        total[i * t + j]! += (share * power) / sum
      })
    }
  }
  return total
}
