/** @file Measures of sets of studies, for the effects of dials. */

import sharp from 'sharp'
import type { Study } from '../data/study.ts'
import type { MadeStudy } from './domain.ts'

/** Share of studies for which something holds. */
export function shareOf(holds: (study: Study) => boolean): (made: readonly MadeStudy[]) => number {
  return (made) => made.filter(({ study }) => holds(study)).length / made.length
}

/** Mean of a number of each study. */
export function meanOf(value: (study: Study) => number): (made: readonly MadeStudy[]) => number {
  return (made) => made.reduce((sum, { study }) => sum + value(study), 0) / made.length
}

/** Samples of a study's n-th file, an image of any format that sharp reads, in [0, 1]. */
export async function samplesOf({ files }: MadeStudy, file = 0): Promise<Float32Array> {
  return Float32Array.from(await sharp(files[file]?.bytes).raw().toBuffer(), (value) => value / 255)
}

/** Mean absolute difference of the first images to those of the first setting. */
export async function meanDifference(made: readonly MadeStudy[], first: readonly MadeStudy[]): Promise<number> {
  let sum = 0
  for (const [i, study] of made.entries()) {
    const [a, b] = await Promise.all([samplesOf(study), samplesOf(first[i] as MadeStudy)])
    sum += a.reduce((total, v, k) => total + Math.abs(v - (b[k] as number)), 0) / a.length
  }
  return sum / made.length
}

/** Mean absolute difference of neighbouring samples of the same colour: grain. */
export async function meanGrain(made: readonly MadeStudy[]): Promise<number> {
  let sum = 0
  for (const { files } of made) {
    const { data, info } = await sharp(files[0]?.bytes).raw().toBuffer({ resolveWithObject: true })
    let grain = 0
    for (let i = info.channels; i < data.length; i++) {
      grain += Math.abs((data[i] as number) - (data[i - info.channels] as number))
    }
    sum += grain / data.length / 255
  }
  return sum / made.length
}

/** Mean of one colour over another in the first pictures (0 red, 1 green, 2 blue). */
export function meanRatio(over: 0 | 1 | 2, under: 0 | 1 | 2): (made: readonly MadeStudy[]) => Promise<number> {
  return async (made) => {
    let sum = 0
    for (const study of made) {
      const total = [0, 0, 0]
      const samples = await samplesOf(study)
      samples.forEach((v, i) => {
        total[i % 3] = (total[i % 3] as number) + v
      })
      sum += (total[over] as number) / (total[under] as number)
    }
    return sum / made.length
  }
}

/** Mean over pixels of the standard deviation between studies: how differently patients are placed and exposed. */
export async function meanSpread(made: readonly MadeStudy[]): Promise<number> {
  const pictures = await Promise.all(made.map((study) => samplesOf(study)))
  const length = pictures[0]?.length ?? 0
  let total = 0
  for (let k = 0; k < length; k++) {
    const mean = pictures.reduce((sum, p) => sum + (p[k] as number), 0) / pictures.length
    total += Math.sqrt(pictures.reduce((sum, p) => sum + ((p[k] as number) - mean) ** 2, 0) / pictures.length)
  }
  return total / length
}
