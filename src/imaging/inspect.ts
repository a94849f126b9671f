/** @file What is in a file or folder, as JSON-able facts for people: sizes, greys, steps, counts. Never patient data. */

import { type Dirent, existsSync } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isMissingFile, messageOf, VesaliusError } from '../core/errors.ts'
import { readStudyLines, studiesFile } from '../data/studies.ts'
import { readImage } from './decode.ts'
import { recognise } from './formats.ts'
import { type DecodedImage, describeSteps, type ImageFormat, type ReadOptions } from './types.ts'

/** Facts about one image. */
export interface FileFacts {
  path: string
  kind: 'image'
  format: ImageFormat
  /** Size of the file. */
  bytes: number
  width: number
  height: number
  bitDepth: DecodedImage['bitDepth']
  channels: 1 | 3
  /** mm a pixel [x, y], null when the file does not say. */
  spacing: [number, number] | null
  modality: string | null
  transferSyntax: string | null
  photometric: string | null
  /** Of the display values in 0..1. */
  greys: { min: number; max: number; mean: number }
  /** What was done to get from stored values to display values, in order. */
  steps: string[]
}

/** Facts about a folder. */
export type FolderFacts =
  | {
      path: string
      kind: 'data'
      studies: number
      images: number
      splits: Record<string, number>
      domains: Record<string, number>
      /** Lines that are not studies. */
      faulty: number
      problems: string[]
    }
  | { path: string; kind: 'model' | 'run' }
  | {
      path: string
      kind: 'files'
      files: number
      /** Files by what their content is: png, jpeg, tiff, dicom, GIF, ..., empty, other. */
      formats: Record<string, number>
      /** Images that were decoded to look for problems: the first ones by name. */
      decoded: number
      problems: string[]
    }

/** Problems listed at most; the counts go on. */
const shownProblems = 5
/** Images of a folder that are decoded; the rest are told by their first bytes. */
const decodedImages = 200

/** Facts about an image file. Throws what {@link readImage} throws. */
export async function inspectFile(path: string, options: ReadOptions = {}): Promise<FileFacts> {
  const image = await readImage(path, options)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  for (const value of image.pixels) {
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  return {
    path,
    kind: 'image',
    format: image.provenance.format,
    bytes: (await stat(path)).size,
    width: image.width,
    height: image.height,
    bitDepth: image.bitDepth,
    channels: image.channels,
    spacing: image.spacing ?? null,
    modality: image.modality ?? null,
    transferSyntax: image.provenance.transferSyntax ?? null,
    photometric: image.provenance.photometric ?? null,
    greys: { min, max, mean: sum / image.pixels.length },
    steps: describeSteps(image.provenance.steps),
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

async function inspectStudies(path: string): Promise<FolderFacts> {
  const facts = {
    path,
    kind: 'data' as const,
    studies: 0,
    images: 0,
    splits: {} as Record<string, number>,
    domains: {} as Record<string, number>,
    faulty: 0,
    problems: [] as string[],
  }
  for await (const entry of readStudyLines(path)) {
    if ('error' in entry) {
      facts.faulty++
      if (facts.problems.length < shownProblems) facts.problems.push(entry.error.message)
      continue
    }
    facts.studies++
    facts.images += entry.study.images.length
    count(facts.splits, entry.study.split)
    count(facts.domains, entry.study.domain)
  }
  if (facts.studies === 0 && facts.faulty === 0) {
    throw new VesaliusError('DATA_EMPTY', `${join(path, studiesFile)} holds no study.`, {
      where: path,
      hint: 'Build the data folder again.',
    })
  }
  return facts
}

/** Regular files below a folder, by name; hidden ones and links are passed over. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** Enough of a file to recognise it. */
async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2048), 0, 2048, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function inspectFiles(folder: string): Promise<FolderFacts> {
  const formats: Record<string, number> = {}
  const problems: string[] = []
  let files = 0
  let decoded = 0
  for await (const path of filesBelow(folder)) {
    files++
    const problem = (text: string): void => {
      if (problems.length < shownProblems) problems.push(`${relative(folder, path)}: ${text}`)
    }
    try {
      const bytes = await firstBytes(path)
      const found = recognise(bytes)
      if (found === undefined || 'refused' in found) {
        count(formats, bytes.length === 0 ? 'empty' : (found?.refused ?? 'other'))
        if (bytes.length === 0) problem('is empty')
        continue
      }
      count(formats, found.format)
      if (decoded < decodedImages) {
        decoded++
        await readImage(path)
      }
    } catch (error) {
      problem(messageOf(error))
    }
  }
  if (files === 0) {
    throw new VesaliusError('DATA_EMPTY', `${folder} holds no files.`, { where: folder, hint: 'Check the path.' })
  }
  return { path: folder, kind: 'files', files, formats, decoded, problems }
}

/**
 * Facts about a folder: a data folder (`studies.jsonl`), a model, a run, or any folder of files.
 *
 * Throws FILE_MISSING when there is none, DATA_EMPTY when nothing is in it.
 */
export async function inspectFolder(path: string): Promise<FolderFacts> {
  try {
    if (!(await stat(path)).isDirectory()) {
      throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} is a file, not a folder.`, {
        where: path,
        hint: 'Check the path.',
      })
    }
    if (existsSync(join(path, studiesFile))) return await inspectStudies(path)
    if (existsSync(join(path, 'checkpoints'))) return { path, kind: 'run' }
    if (existsSync(join(path, 'config.json')) && existsSync(join(path, 'model.safetensors')))
      return { path, kind: 'model' }
    return await inspectFiles(path)
  } catch (error) {
    if (error instanceof VesaliusError) throw error
    if (isMissingFile(error)) {
      throw new VesaliusError('FILE_MISSING', `There is no folder at ${path}.`, {
        where: path,
        hint: 'Check the path.',
      })
    }
    throw new VesaliusError('FILE_DAMAGED', `${path} could not be read: ${messageOf(error)}.`, {
      where: path,
      cause: error,
    })
  }
}
