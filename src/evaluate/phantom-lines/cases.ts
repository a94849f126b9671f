/**
 * @file Studies of any domain as numbers of one shape: single pictures, views or phases stacked as channels, bags of
 * tiles or of slabs of a volume, frames that are cases of their own, leads of a recording.
 */

import { join } from 'node:path'
import sharp from 'sharp'
import { VesaliusError } from '../../core/errors.ts'
import type { Progress } from '../../core/progress.ts'
import type { Study } from '../../data/study.ts'
import { readSignals, readVolume } from '../../imaging/index.ts'
import type { Form } from './recipe.ts'

/** Cases of one split. A case is a bag of V pictures of C channels; most bags hold one. */
export interface LineCases {
  /** Labels, patient and words of each case; a frame is written as a study of its own. */
  studies: Study[]
  /** [N, V, C, H, W]: 0 is the least and 65535 the largest value that the kind of data can have. */
  values: Uint16Array
  /** [V, C, H, W]. */
  shape: readonly [number, number, number, number]
}

type Shape = LineCases['shape']

/** What a reader makes of a study: its cases and where they begin. */
type Read = { study: Study; values: Uint16Array; shape: Shape }[]

/** Reads all cases of these studies. Pictures are brought to `side` pixels. */
export async function readCases(
  folder: string,
  studies: readonly Study[],
  form: Form,
  side: number,
  progress: Progress,
): Promise<LineCases> {
  const found: Read = []
  let next = 0
  const lanes = Array.from({ length: 4 }, async () => {
    for (let at = next++; at < studies.length; at = next++) {
      const study = studies[at] as Study
      for (const [k, one] of (await readOne(folder, study, form, side)).entries()) found[at * most(form) + k] = one
      progress.update(at + 1)
    }
  })
  await Promise.all(lanes)
  progress.end()
  const dense = found.filter(() => true)
  const shape = dense[0]?.shape ?? [1, 1, side, side]
  const length = shape.reduce((a, b) => a * b, 1)
  const values = new Uint16Array(dense.length * length)
  dense.forEach((one, n) => {
    if (one.values.length !== length) {
      const message = `Study ${one.study.id} has ${one.values.length} values where others have ${length}.`
      throw new VesaliusError('SHAPE_MISMATCH', message, { where: `study ${one.study.id}` })
    }
    values.set(one.values, n * length)
  })
  return { studies: dense.map(({ study }) => study), values, shape }
}

/** Cases that a study can give. */
function most(form: Form): number {
  return form.kind === 'frames' ? form.count : 1
}

async function readOne(folder: string, study: Study, form: Form, side: number): Promise<Read> {
  const pictures = (paths: readonly string[]): Promise<Plane[]> =>
    Promise.all(paths.map((path) => readPicture(join(folder, path), side)))
  switch (form.kind) {
    case 'picture':
      return [stack(study, await pictures([firstOf(study, study.images)]), 'channels')]
    case 'views': {
      const sorted = study.images.toSorted((a, b) => ((a.view ?? '') < (b.view ?? '') ? -1 : 1))
      return [stack(study, await pictures(sorted.map(({ path }) => path)), 'channels')]
    }
    case 'phases':
      return [stack(study, await pictures(evenly(study.frames, form.count).map(({ path }) => path)), 'channels')]
    case 'tiles':
      return [stack(study, await pictures(evenly(study.images, form.count).map(({ path }) => path)), 'bag')]
    case 'frames': {
      const frames = evenly(study.frames, form.count)
      const planes = await pictures(frames.map(({ path }) => path))
      return frames.map(({ path, caption = '', labels }, k) => {
        const images = [{ path }]
        const truth = { labels, sentences: [] }
        const case_ = { ...study, id: `${study.id} ${k}`, images, report: null, captions: [caption], labels, truth }
        return stack(case_, [planes[k] as Plane], 'channels')
      })
    }
    case 'slabs':
      return [await readSlabs(join(folder, firstOf(study, study.images)), study, form, side)]
    case 'leads':
      return [await readLeads(join(folder, firstOf(study, study.signals)), study, form)]
  }
}

function firstOf(study: Study, files: readonly { path: string }[]): string {
  const path = files[0]?.path
  if (path !== undefined) return path
  throw new VesaliusError('DATA_LACKS_FIELD', `The study ${study.id} has no data of the expected kind.`, {
    where: `study ${study.id}`,
  })
}

/** `count` items at equal distances, the first and the last among them. */
function evenly<Item>(items: readonly Item[], count: number): Item[] {
  const step = count > 1 ? (items.length - 1) / (count - 1) : 0
  return Array.from({ length: count }, (_, i) => items[Math.round(i * step)]).filter((item) => item !== undefined)
}

/** One picture: [C, side, side]. */
interface Plane {
  channels: number
  values: Uint16Array
  side: number
}

async function readPicture(path: string, side: number): Promise<Plane> {
  const { data, info } = await sharp(path)
    .resize(side, side, { fit: 'fill', kernel: 'linear' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const area = side * side
  const values = new Uint16Array(info.channels * area)
  for (let c = 0; c < info.channels; c++)
    for (let i = 0; i < area; i++) values[c * area + i] = (data[i * info.channels + c] as number) * 257
  return { channels: info.channels, values, side }
}

/** Pictures as the channels of one, or as a bag of several. */
function stack(study: Study, planes: readonly Plane[], as: 'channels' | 'bag'): Read[number] {
  const [first] = planes
  const length = planes.reduce((sum, { values }) => sum + values.length, 0)
  const values = new Uint16Array(length)
  let at = 0
  for (const plane of planes) {
    values.set(plane.values, at)
    at += plane.values.length
  }
  const { side = 1, channels = 1 } = first ?? {}
  const each = as === 'bag' ? channels : length / (side * side)
  return { study, values, shape: [as === 'bag' ? planes.length : 1, each, side, side] }
}

/** A volume as a bag of slabs: each has a slice, the one below and the one above as channels. */
async function readSlabs(
  path: string,
  study: Study,
  { count, low, high }: Extract<Form, { kind: 'slabs' }>,
  side: number,
): Promise<Read[number]> {
  const { size, values: voxels } = await readVolume(path)
  const [w, h, d] = size
  const values = new Uint16Array(count * 3 * side * side)
  let at = 0
  for (let slab = 0; slab < count; slab++) {
    const middle = Math.min(d - 1, Math.floor(((slab + 0.5) * d) / count))
    for (const k of [middle - 1, middle, middle + 1]) {
      const base = Math.min(d - 1, Math.max(0, k)) * w * h
      for (let y = 0; y < side; y++) {
        const row = base + Math.floor(((y + 0.5) * h) / side) * w
        for (let x = 0; x < side; x++) {
          const value = voxels[row + Math.floor(((x + 0.5) * w) / side)] as number
          values[at++] = scaled(value, low, high)
        }
      }
    }
  }
  return { study, values, shape: [count, 3, side, side] }
}

/** A recording as one row of samples, leads as channels. */
async function readLeads(
  path: string,
  study: Study,
  { samples, low, high }: Extract<Form, { kind: 'leads' }>,
): Promise<Read[number]> {
  const channels = (await readSignals(path)).flatMap((signal) => signal.channels)
  const values = new Uint16Array(channels.length * samples)
  channels.forEach((channel, c) => {
    for (let i = 0; i < samples; i++) values[c * samples + i] = scaled(channel.samples[i] ?? 0, low, high)
  })
  return { study, values, shape: [1, channels.length, 1, samples] }
}

function scaled(value: number, low: number, high: number): number {
  return Math.round(Math.min(1, Math.max(0, (value - low) / (high - low))) * 65535)
}
