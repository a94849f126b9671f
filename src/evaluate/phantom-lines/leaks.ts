/**
 * @file What must not tell the labels: everything about a study but its picture and words. A logistic model on place in
 * the list, file name, file size and patient, and one on the grain of the picture; both should stay near chance.
 */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Study } from '../../data/study.ts'
import { fitLogistic, hessianBound } from '../baselines/logistic.ts'
import { type FindingScores, summarizeFindings } from '../protocols/findings.ts'
import { labelsOf, type PooledCases } from '../studies.ts'

/** Numbers about each study that hold no picture: [place, name, bytes, patient, visits]. */
export async function fileFacts(folder: string, studies: readonly Study[]): Promise<number[][]> {
  const visits = new Map<string, number>()
  for (const { patient } of studies) visits.set(patient, (visits.get(patient) ?? 0) + 1)
  return Promise.all(
    studies.map(async ({ images, patient }, place) => {
      const path = images[0]?.path ?? ''
      const { size } = await stat(join(folder, path))
      return [place, digitsOf(path), size, digitsOf(patient), visits.get(patient) ?? 0]
    }),
  )
}

/** The grain of each picture: mean and median of absolute second differences along rows. */
export async function noiseFacts(folder: string, studies: readonly Study[]): Promise<number[][]> {
  const facts: number[][] = []
  for (const { images } of studies) {
    const picture = sharp(join(folder, images[0]?.path ?? ''))
    const { data, info } = await picture.greyscale().raw().toBuffer({ resolveWithObject: true })
    const grain: number[] = []
    for (let i = 1; i < info.width * info.height - 1; i++) {
      const x = i % info.width
      if (x > 0 && x < info.width - 1)
        grain.push(Math.abs((data[i - 1] as number) - 2 * (data[i] as number) + (data[i + 1] as number)))
    }
    grain.sort((a, b) => a - b)
    facts.push([grain.reduce((a, b) => a + b, 0) / grain.length, grain[grain.length >> 1] ?? 0])
  }
  return facts
}

/** All digits of a text as one number. */
function digitsOf(text: string): number {
  return Number(text.replaceAll(/\D/g, '').slice(0, 15) || 0)
}

/** AUROC of logistic models that see these facts and their squares, one a finding. */
export function leakLine(
  findings: readonly string[],
  training: { studies: readonly Study[]; facts: readonly number[][] },
  cases: Pick<PooledCases, 'studies'>,
  facts: readonly number[][],
): FindingScores {
  const width = 2 * (facts[0]?.length ?? 0)
  const mean: number[] = []
  const deviation: number[] = []
  const wide = (rows: readonly number[][]): number[][] =>
    rows.map((row) => [...row, ...row].map((value, d) => (d < row.length ? value : value * value)))
  for (let d = 0; d < width; d++) {
    const column = wide(training.facts).map((row) => row[d] as number)
    mean[d] = column.reduce((a, b) => a + b, 0) / column.length
    deviation[d] = Math.sqrt(column.reduce((a, b) => a + (b - (mean[d] as number)) ** 2, 0) / column.length) || 1
  }
  const flat = (rows: readonly number[][]): Float64Array =>
    Float64Array.from(
      wide(rows).flatMap((row) => row.map((v, d) => (v - (mean[d] as number)) / (deviation[d] as number))),
    )
  const design = { features: flat(training.facts), count: training.studies.length, width }
  const strength = 1
  const precondition = hessianBound(design, strength, 1 / 4)
  const features = flat(facts)
  const scores = findings.map((name) => {
    const labels = labelsOf(training.studies, name)
    const rows = Int32Array.from([...labels.keys()].filter((i) => labels[i] !== -1))
    const positives = rows.filter((i) => labels[i] === 1).length
    if (positives === 0 || positives === rows.length) return new Float32Array(cases.studies.length)
    const { weights } = fitLogistic(design, rows, labels, strength, precondition)
    return Float32Array.from(cases.studies, (_, n) =>
      weights.reduce((sum, w, d) => sum + w * (features[n * width + d] as number), 0),
    )
  })
  return summarizeFindings(findings, scores, cases.studies)
}
