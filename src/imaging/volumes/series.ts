/** @file DICOM series as volumes: slices sorted by where they lie, gaps and duplicates reported, values after rescale. */

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { readBytes } from '../../core/files.ts'
import { readSamples } from '../dicom/samples.ts'
import { type Slice, slicesOf } from './slices.ts'
import { affineOf, countVoxels, spacingOfAffine, type Volume } from './volume.ts'

/** A place where slices are further apart than elsewhere. */
export interface Gap {
  /** Index of the slice before it. */
  after: number
  /** mm to the next slice. */
  distance: number
}

export interface SeriesVolume extends Volume {
  modality: string | undefined
  /** Files in the order of slices. */
  files: string[]
  gaps: Gap[]
  /** Files left out because another slice lies at the same place. */
  duplicates: string[]
}

export interface Series {
  volumes: SeriesVolume[]
  /** Files that are in no volume, and why. */
  problems: { path: string; problem: string }[]
}

/** Slices closer than this (mm) lie at the same place. */
const samePlace = 0.01
/** Distances differ when they are this share off the usual one. */
const unequal = 0.1

/** mm along the normal of the slices. */
function depthOf({ position: p, row: r, column: c }: Slice): number {
  const normal = [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]]
  return p[0] * normal[0]! + p[1] * normal[1]! + p[2] * normal[2]!
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

/** Slices by place, each place with its slices in order of instance number. */
function placesOf(slices: readonly Slice[]): Slice[][] {
  const sorted = slices
    .map((slice) => ({ slice, depth: depthOf(slice) }))
    .sort((a, b) => a.depth - b.depth || a.slice.instance - b.slice.instance)
  const places: { depth: number; slices: Slice[] }[] = []
  for (const { slice, depth } of sorted) {
    const last = places.at(-1)
    if (last !== undefined && depth - last.depth < samePlace) last.slices.push(slice)
    else places.push({ depth, slices: [slice] })
  }
  return places.map((place) => place.slices.sort((a, b) => a.instance - b.instance))
}

/**
 * Stacks of one slice a place. Several slices a place are several volumes when what tells them apart (echo, time, diffusion)
 * does so at every place alike; otherwise the first is kept and the rest are duplicates.
 */
function stacksOf(slices: readonly Slice[]): { stack: Slice[]; duplicates: Slice[] }[] {
  const byVariant = groupBy(slices, ({ variant }) => variant)
  const parts = [...byVariant.values()]
  const alike = parts.length > 1 && parts.every((part) => placesOf(part).length === placesOf(parts[0]!).length)
  const overlap = placesOf(slices).some((place) => place.length > 1)
  // Variants that share no place are one volume: acquisition times differ from slice to slice.
  return (alike && overlap && placesOf(parts[0]!).length > 1 ? parts : [slices]).map((part) => {
    const places = placesOf(part)
    return { stack: places.map(([first]) => first!), duplicates: places.flatMap(([, ...rest]) => rest) }
  })
}

function gapsOf(stack: readonly Slice[]): Gap[] {
  const depths = stack.map(depthOf)
  const distances = depths.slice(1).map((depth, i) => depth - depths[i]!)
  const usual = median(distances)
  return distances.flatMap((distance, after) => (distance > usual * (1 + unequal) ? [{ after, distance }] : []))
}

/** Reads the pixels of a stack. */
async function volumeOf(
  stack: readonly Slice[],
  duplicates: readonly Slice[],
  read: (path: string) => Promise<Uint8Array>,
): Promise<SeriesVolume> {
  const first = stack[0]!
  const last = stack.at(-1)!
  const size: [number, number, number] = [first.columns, first.rows, stack.length]
  const values = new Float32Array(countVoxels(size, first.path))
  const area = first.columns * first.rows
  let open: { path: string; found: ReturnType<typeof slicesOf> } | undefined
  for (const [k, { path, frame, slope, intercept }] of stack.entries()) {
    if (open?.path !== path) open = { path, found: slicesOf(await read(path), path) }
    const { values: stored } = await readSamples(open.found.header, open.found.layout, frame, path)
    for (let i = 0; i < area; i++) values[k * area + i] = stored[i]! * slope + intercept
  }
  const across = first.position.map((from, axis) =>
    stack.length === 1 ? 0 : (last.position[axis]! - from) / (stack.length - 1),
  )
  // One slice has no neighbour: a step of 1 mm along its normal.
  const { row: r, column: c } = first
  const normal = [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]]
  const axes = [
    first.row.map((value) => value * first.spacing[0]),
    first.column.map((value) => value * first.spacing[1]),
    stack.length === 1 ? normal : across,
  ]
  const affine = affineOf(axes, first.position, 'LPS')
  return {
    size,
    frames: 1,
    channels: 1,
    values,
    affine,
    spacing: spacingOfAffine(affine),
    modality: first.modality,
    files: stack.map(({ path }) => path),
    gaps: gapsOf(stack),
    duplicates: duplicates.map(({ path }) => path),
    provenance: {
      format: 'dicom',
      orientation: 'positions of slices',
      steps: [`${stack.length} slices sorted along their normal`],
    },
  }
}

/**
 * Sorts DICOM files into volumes: one for each series, orientation, size and spacing. Files that are no slices are reported,
 * never fatal. `read` gives the bytes of a path.
 */
export async function sortSeries(
  paths: readonly string[],
  read: (path: string) => Promise<Uint8Array> = readBytes,
): Promise<Series> {
  const problems: Series['problems'] = []
  const slices: Slice[] = []
  for (const path of paths) {
    try {
      const found = slicesOf(await read(path), path)
      slices.push(...found.slices)
      for (const problem of found.problems) problems.push({ path, problem })
    } catch (error) {
      if (!(error instanceof VesaliusError)) throw error
      problems.push({ path, problem: messageOf(error) })
    }
  }
  const volumes: SeriesVolume[] = []
  for (const group of groupBy(slices, (slice) => slice.group).values()) {
    for (const { stack, duplicates } of stacksOf(group)) {
      try {
        volumes.push(await volumeOf(stack, duplicates, read))
      } catch (error) {
        if (!(error instanceof VesaliusError)) throw error
        problems.push({ path: stack[0]!.path, problem: messageOf(error) })
      }
    }
  }
  return { volumes, problems }
}

/**
 * Reads the DICOM files of a folder (not of folders below it) as volumes; see {@link sortSeries}. Throws FILE_MISSING.
 *
 * @example
 * const { volumes, problems } = await readSeries('brain')
 * for (const { size, spacing, gaps, duplicates } of volumes) console.log(size, spacing, gaps.length, duplicates.length)
 */
export async function readSeries(folder: string): Promise<Series> {
  const info = await stat(folder).catch(() => undefined)
  if (!info?.isDirectory()) {
    throw new VesaliusError('FILE_MISSING', `There is no folder at ${folder}.`, {
      where: folder,
      hint: 'Check the path.',
    })
  }
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  return sortSeries(names.sort().map((name) => join(folder, name)))
}
