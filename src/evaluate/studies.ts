/** @file Studies as numbers: pixels, embeddings, words and labels of the cases under evaluation. */

import type { Model } from '../apply/model.ts'
import { concatenate, normalizeRows } from '../apply/vectors.ts'
import { type Progress, silent } from '../core/progress.ts'
import { random } from '../core/random.ts'
import { openLoader } from '../data/loader.ts'
import type { Study } from '../data/study.ts'
import { textOf } from '../data/text-of.ts'
import { poolChannels, pooledArea } from './baselines/pixel.ts'

export interface PooledCases {
  studies: readonly Study[]
  /** Channels of each picture, averaged to 16 x 16: [N, C * 256]. */
  pooled: Float32Array
}

export interface Cases extends PooledCases {
  /** Rows [N, D]: unit length unless asked otherwise. */
  images: Float32Array
  /** Pooled features before the projection [N, width], if asked for. */
  raw?: Float32Array
}

export interface EmbedOptions {
  /** Also the pooled features before the projection. */
  raw?: boolean
  /** Without it only the pooled pixels are made. */
  embed?: boolean
  normalize?: boolean
  progress?: Progress
}

/** Studies a batch. */
const chunk = 64

/** Reads and embeds the first picture of each of the studies in `folder`. */
export async function embedStudies(
  model: Model,
  folder: string,
  studies: readonly Study[],
  { raw = false, embed = true, normalize = true, progress = silent }: EmbedOptions = {},
): Promise<Cases> {
  const { joint, image } = model.config
  const loader = openLoader({ folder, studies, preprocess: model.preprocess, augment: 'none', seed: 0, cacheBytes: 0 })
  const images: Float32Array[] = []
  const raws: Float32Array[] = []
  const pooled = new Float32Array(studies.length * image.channels * pooledArea)
  const length = image.channels * image.size * image.size
  for (let from = 0; from < studies.length; from += chunk) {
    const indices = Array.from({ length: Math.min(chunk, studies.length - from) }, (_, i) => from + i)
    const pixels = await loader.pixels(indices, 0)
    indices.forEach((n, i) => {
      const picture = pixels.subarray(i * length, (i + 1) * length)
      pooled.set(poolChannels(picture, image.size), n * image.channels * pooledArea)
    })
    if (raw) raws.push(await model.embedPixelsRaw(pixels.slice()))
    if (embed) images.push(await model.embedPixels(pixels))
    progress.update(from + indices.length)
  }
  progress.end()
  const rows = concatenate(images)
  if (normalize) normalizeRows(rows, joint, (n) => `the image of study ${studies[n]?.id}`)
  return { studies, images: rows, pooled, ...(raw ? { raw: concatenate(raws) } : {}) }
}

/** Whether a study has a report or a caption. */
export function withWords({ report, captions }: Study): boolean {
  return (report?.findings ?? '') !== '' || (report?.impression ?? '') !== '' || captions.length > 0
}

/** The report (findings and impression) of each study, or its first caption. */
export function textsOf(studies: readonly Study[]): string[] {
  return studies.map((study) => textOf(study, 'report', random('evaluate', study.id)))
}

/** Labels of a finding: what is true where that is known, else what the report says; -1 = unknown. */
export function labelsOf(studies: readonly Study[], finding: string): Int8Array {
  return Int8Array.from(studies, (study) => (study.truth?.labels ?? study.labels)[finding] ?? -1)
}

/** Patients as numbers, for the cluster bootstrap. */
export function patientsOf(studies: readonly Study[]): Int32Array {
  const seen = new Map<string, number>()
  return Int32Array.from(studies, ({ patient }) => {
    const known = seen.get(patient) ?? seen.size
    seen.set(patient, known)
    return known
  })
}
