/** @file Pictures of studies as batches of pixels: decoded once, kept as 16-bit greys, augmented at each use. */

import { join } from 'node:path'
import { messageOf, VesaliusError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import { fit, type Preprocess, readImage } from '../imaging/index.ts'
import { augmentInto, plainInto } from './augment.ts'
import type { Study } from './study.ts'

export interface LoaderOptions {
  /** Folder of studies.jsonl. */
  folder: string
  studies: readonly Study[]
  preprocess: Preprocess
  augment: 'none' | 'crop'
  seed: number
  /** Memory for decoded pictures; beyond it they are decoded again at each use. */
  cacheBytes?: number
}

export interface Loader {
  /** Pixels float32 [B, C, size, size] of these studies; what augmentation does is a pure function of (seed, epoch, study). */
  pixels(indices: readonly number[], epoch: number): Promise<Float32Array>
}

const decodersAtOnce = 4

/** A loader over the first picture of each study. */
export function openLoader({ folder, studies, preprocess, augment, seed, cacheBytes = 4e9 }: LoaderOptions): Loader {
  const { size, channels, mean, std: sd } = preprocess
  const length = channels * size * size
  const cache = new Map<number, Uint16Array>()
  const geometry = { size, channels, mean, sd }

  const decode = async (index: number): Promise<Uint16Array> => {
    const known = cache.get(index)
    if (known !== undefined) return known
    const study = studies[index] as Study
    const path = study.images[0]?.path
    if (path === undefined) {
      throw new VesaliusError('DATA_LACKS_FIELD', `The study ${study.id} has no image.`, { where: `study ${study.id}` })
    }
    const { values } = fit(await readOf(study.id, join(folder, path)), preprocess)
    const kept = new Uint16Array(length)
    for (let i = 0; i < length; i++) kept[i] = Math.round(Math.min(Math.max(values[i] as number, 0), 1) * 65535)
    if ((cache.size + 1) * length * 2 <= cacheBytes) cache.set(index, kept)
    return kept
  }

  return {
    async pixels(indices, epoch) {
      const pictures = new Array<Uint16Array>(indices.length)
      let next = 0
      const work = async (): Promise<void> => {
        for (let i = next++; i < indices.length; i = next++) pictures[i] = await decode(indices[i] as number)
      }
      await Promise.all(Array.from({ length: decodersAtOnce }, work))
      const out = new Float32Array(indices.length * length)
      pictures.forEach((picture, i) => {
        const id = (studies[indices[i] as number] as Study).id
        if (augment === 'crop') augmentInto(picture, out, i * length, geometry, random(seed, 'augment', epoch, id))
        else plainInto(picture, out, i * length, geometry)
      })
      return out
    },
  }
}

async function readOf(study: string, path: string): ReturnType<typeof readImage> {
  try {
    return await readImage(path)
  } catch (error) {
    if (!(error instanceof VesaliusError)) throw error
    throw new VesaliusError(error.code, `The image of study ${study} cannot be used: ${messageOf(error)}`, {
      where: error.where ?? path,
      hint: error.hint,
      cause: error,
    })
  }
}
