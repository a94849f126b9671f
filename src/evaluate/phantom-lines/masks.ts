/** @file Pictures with their masks as numbers: a picture of each study, or slices of its volume. */

import { join } from 'node:path'
import sharp from 'sharp'
import type { Study } from '../../data/study.ts'
import { readVolume } from '../../imaging/index.ts'
import type { Form } from './recipe.ts'

export interface Pictures {
  /** [N, C, side, side], 0 to 1. */
  pixels: Float32Array
  /** [N, K, side, side], 0 or 1. */
  masks: Float32Array
  channels: number
  count: number
}

/** One picture: [C, side, side] with the masks of K labels [K, side, side]. */
interface Masked {
  pixels: Float32Array
  masks: Float32Array
}

/** Reads `count` pictures (as many as there are if fewer) of these studies. */
export async function readMasked(
  folder: string,
  studies: readonly Study[],
  { labels, form, side, count }: { labels: readonly string[]; form: Form; side: number; count: number },
): Promise<Pictures> {
  const found: Masked[] = []
  for (const study of studies) {
    if (found.length >= count) break
    found.push(
      ...(form.kind === 'slabs'
        ? await readSlices(folder, study, labels, form, side)
        : [await readPicture(folder, study, labels, side)]),
    )
  }
  found.length = Math.min(found.length, count)
  const area = side * side
  const joined = (parts: readonly Float32Array[]): Float32Array => {
    const all = new Float32Array(parts.length * (parts[0]?.length ?? 0))
    parts.forEach((part, n) => {
      all.set(part, n * part.length)
    })
    return all
  }
  return {
    pixels: joined(found.map(({ pixels }) => pixels)),
    masks: joined(found.map(({ masks }) => masks)),
    channels: (found[0]?.pixels.length ?? area) / area,
    count: found.length,
  }
}

async function readPicture(folder: string, study: Study, labels: readonly string[], side: number): Promise<Masked> {
  const area = side * side
  const raw = (path: string, kernel: 'linear' | 'nearest') =>
    sharp(join(folder, path))
      .resize(side, side, { fit: 'fill', kernel })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
  const { data, info } = await raw(study.images[0]?.path ?? '', 'linear')
  const pixels = new Float32Array(info.channels * area)
  for (let i = 0; i < area; i++)
    for (let c = 0; c < info.channels; c++) pixels[c * area + i] = (data[i * info.channels + c] as number) / 255
  const masks = new Float32Array(labels.length * area)
  for (const { image, label, path } of study.masks) {
    const k = labels.indexOf(label)
    if (image !== 0 || k < 0) continue
    const mask = await raw(path, 'nearest')
    for (let i = 0; i < area; i++) if (mask.data[i * mask.info.channels]! > 0) masks[k * area + i] = 1
  }
  return { pixels, masks }
}

/** Slices at equal distances of a volume, with their neighbours as channels. */
async function readSlices(
  folder: string,
  study: Study,
  labels: readonly string[],
  { count, low, high }: Extract<Form, { kind: 'slabs' }>,
  side: number,
): Promise<Masked[]> {
  const area = side * side
  const { size, values } = await readVolume(join(folder, study.images[0]?.path ?? ''))
  const [w, h, d] = size
  const middles = Array.from({ length: count }, (_, slab) => Math.floor(((slab + 0.5) * d) / count))
  const column = Int32Array.from({ length: side }, (_, x) => Math.floor(((x + 0.5) * w) / side))
  const row = Int32Array.from({ length: side }, (_, y) => Math.floor(((y + 0.5) * h) / side))
  const slice = (voxels: ArrayLike<number>, k: number, visit: (value: number, i: number) => void): void => {
    const base = Math.min(d - 1, Math.max(0, k)) * w * h
    for (let i = 0; i < area; i++) {
      visit(voxels[base + row[Math.floor(i / side)]! * w + column[i % side]!] as number, i)
    }
  }
  const found = middles.map((middle): Masked => {
    const pixels = new Float32Array(3 * area)
    for (const c of [0, 1, 2]) {
      slice(values, middle + c - 1, (value, i) => {
        pixels[c * area + i] = Math.min(1, Math.max(0, (value - low) / (high - low)))
      })
    }
    return { pixels, masks: new Float32Array(labels.length * area) }
  })
  for (const { image, label, path } of study.masks) {
    const k = labels.indexOf(label)
    if (image !== 0 || k < 0) continue
    const mask = await readVolume(join(folder, path))
    middles.forEach((middle, n) => {
      slice(mask.values, middle, (value, i) => {
        if (value > 0) found[n]!.masks[k * area + i] = 1
      })
    })
  }
  return found
}
