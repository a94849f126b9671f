/** @file Pictures of studies as batches of pixels: decoded once, kept as 16-bit greys, augmented at each use. */

import { join } from 'node:path'
import { messageOf, VesaliusError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import { fit, type Preprocess, readImage } from '../imaging/index.ts'
import { augmentInto, plainInto } from './augment.ts'
import { type AugmentName, isFlipped } from './augmentations.ts'
import type { Study } from './study.ts'

export interface LoaderOptions {
  /** Folder of studies.jsonl. */
  folder: string
  studies: readonly Study[]
  preprocess: Preprocess
  augment: AugmentName
  seed: number
  /** Memory for decoded pictures; beyond it they are decoded again at each use. */
  cacheBytes?: number
}

/** A picture of a study: which of its images, and which of several augmented copies of it. */
export interface Picture {
  study: number
  image: number
  copy: number
}

export interface Loader {
  /** Pixels float32 [B, C, size, size] of these studies; what augmentation does is a pure function of (seed, epoch, study). */
  pixels(indices: readonly number[], epoch: number): Promise<Float32Array>
  /** The same of any pictures, [N, C, size, size]; undefined is a black one. Flips are those of the study. */
  pictures(wanted: readonly (Picture | undefined)[], epoch: number): Promise<Float32Array>
}

const decodersAtOnce = 4

/** A loader over the pictures of studies. */
export function openLoader({ folder, studies, preprocess, augment, seed, cacheBytes = 4e9 }: LoaderOptions): Loader {
  const { size, channels, mean, std: sd } = preprocess
  const length = channels * size * size
  const cache = new Map<string, Uint16Array>()
  const geometry = { size, channels, mean, sd }

  const decode = async ({ study: index, image }: Picture): Promise<Uint16Array> => {
    const name = `${index} ${image}`
    const known = cache.get(name)
    if (known !== undefined) return known
    const study = studies[index] as Study
    const path = study.images[image]?.path
    if (path === undefined) {
      throw new VesaliusError('DATA_LACKS_FIELD', `The study ${study.id} has no image.`, { where: `study ${study.id}` })
    }
    const { values } = fit(await readOf(study.id, join(folder, path)), preprocess)
    const kept = new Uint16Array(length)
    for (let i = 0; i < length; i++) kept[i] = Math.round(Math.min(Math.max(values[i] as number, 0), 1) * 65535)
    if ((cache.size + 1) * length * 2 <= cacheBytes) cache.set(name, kept)
    return kept
  }

  const pictures: Loader['pictures'] = async (wanted, epoch) => {
    // One that is wanted several times is decoded once.
    const names = new Map<string, Picture>()
    for (const picture of wanted) if (picture !== undefined) names.set(`${picture.study} ${picture.image}`, picture)
    const decoded = new Map<string, Uint16Array>()
    const open = [...names]
    let next = 0
    const work = async (): Promise<void> => {
      for (let at = next++; at < open.length; at = next++) {
        const [name, picture] = open[at] as [string, Picture]
        decoded.set(name, await decode(picture))
      }
    }
    await Promise.all(Array.from({ length: decodersAtOnce }, work))
    const black = new Uint16Array(length)
    const out = new Float32Array(wanted.length * length)
    wanted.forEach((picture, i) => {
      if (picture === undefined) {
        plainInto(black, out, i * length, geometry)
        return
      }
      const { study, image, copy } = picture
      const { id } = studies[study] as Study
      // The first image alone draws from the stream it has always had.
      const further = image === 0 && copy === 0 ? [] : [image, copy]
      const stream = random(seed, 'augment', epoch, id, ...further)
      const source = decoded.get(`${study} ${image}`) as Uint16Array
      augmentInto(augment, source, out, i * length, geometry, stream, isFlipped(augment, seed, epoch, id))
    })
    return out
  }

  return {
    pictures,
    pixels: (indices, epoch) =>
      pictures(
        indices.map((study) => ({ study, image: 0, copy: 0 })),
        epoch,
      ),
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
