/** @file The dataset readers, and the building of a data folder from a source with one of them. */

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { readBytes, syncFolder, writeFileAtomic } from '../../core/files.ts'
import { type Progress, silent } from '../../core/progress.ts'
import { type DeidentifyOptions, deidentify } from '../../imaging/deidentify/deidentify.ts'
import { keyedBy } from '../../imaging/deidentify/values.ts'
import { recognise } from '../../imaging/formats.ts'
import { studiesPath, writeStudies } from '../studies.ts'
import type { StudyInput } from '../study.ts'
import { csv } from './csv.ts'
import { folder } from './folder.ts'
import { count, type DatasetReader } from './reader.ts'
import { vqaRad } from './vqa-rad.ts'

export type { DatasetContent, DatasetReader } from './reader.ts'

/** Every reader, in the order they are listed to people. */
export const datasets: readonly DatasetReader[] = [folder, csv, vqaRad]

/** The reader with this id; `UNKNOWN_NAME` lists the ones there are. */
export function findDataset(id: string): DatasetReader {
  const reader = datasets.find((one) => one.id === id)
  if (reader !== undefined) return reader
  throw new VesaliusError('UNKNOWN_NAME', `There is no dataset reader named ${JSON.stringify(id)}.`, {
    where: id,
    hint: `Use one of ${datasets.map((one) => one.id).join(', ')}.`,
  })
}

export interface BuildOptions {
  /** Options of the reader, checked by its schema. */
  options?: unknown
  /**
   * How DICOM files are de-identified while they are copied; false copies them as they are. Default: the basic profile with
   * shifted dates under a random key, so that the files of one build fit together and nothing can be traced back. Ids,
   * patients and file names of a build with DICOM files become pseudonyms under the same key. Texts are not changed.
   */
  deidentify?: DeidentifyOptions | false
  /** Replace the studies of a folder that already has some. */
  overwrite?: boolean
  progress?: Progress
}

export interface BuildResult {
  studies: number
  images: number
  notes: string[]
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** A name inside `images/` or `masks/` that no file system minds; the number keeps two names apart that clean to one. */
function safeName(id: string, part: string, source: string, taken: Set<string>): string {
  const stem =
    `${id}${part}`
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 120) || 'image'
  const end = extname(source).toLowerCase()
  for (let n = 1; ; n++) {
    const name = `${stem}${n === 1 ? '' : `-${n}`}${end}`
    // Folders on macOS and Windows take "A.png" and "a.png" for the same file.
    const key = name.toLowerCase()
    if (taken.has(key)) continue
    taken.add(key)
    return name
  }
}

/** What to know about DICOM files that were copied. */
function dicomNotes(deidentified: number, burned: number): string[] {
  if (deidentified === 0) return []
  const notes = [
    `${count(deidentified, 'DICOM file')} de-identified (headers only); ids, patients and file names are pseudonyms. Reports are copied as they are.`,
  ]
  if (burned > 0) notes.push(`${count(burned, 'of them', 'of them')} may show text in the pixels: look at them.`)
  return notes
}

/** Whether a file is DICOM, judged by its first bytes. */
async function isDicom(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined)
  if (handle === undefined) return false
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    const found = recognise(buffer.subarray(0, bytesRead))
    return found !== undefined && 'format' in found && found.format === 'dicom'
  } finally {
    await handle.close()
  }
}

/** A study with pseudonyms in place of the names that its source has for it. */
function unnamed(study: StudyInput, key: Uint8Array): StudyInput {
  const keyed = keyedBy(key)
  const { id, patient, priors } = study
  return {
    ...study,
    id: keyed.study(id),
    patient: keyed.person(patient),
    ...(priors === undefined ? {} : { priors: priors.map(keyed.study) }),
  }
}

/** Copies by temporary name, sharing blocks where the file system can; a cut copy never stands under the final name. */
async function copyWhole(source: string, target: string): Promise<void> {
  const temporary = `${target}.part`
  try {
    await copyFile(source, temporary, constants.COPYFILE_FICLONE)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new VesaliusError('FILE_DAMAGED', `${source} could not be copied to ${target}: ${messageOf(error)}.`, {
      where: source,
      hint: 'Check that the file can be read and that the disk has room.',
      cause: error,
    })
  }
}

/**
 * Builds the data folder `out` from the source `src` with the reader `id`: images are copied to `out/images` (masks to
 * `out/masks`), `studies.jsonl` is written last, so a folder with that file is whole. Nothing is written when the source
 * is faulty. Refuses an `out` that already has studies (`DATA_INVALID`) unless `overwrite`.
 *
 * @example
 * const { studies, notes } = await buildDataset('vqa-rad', 'downloads/vqa-rad', 'data/vqa-rad')
 */
export async function buildDataset(
  id: string,
  src: string,
  out: string,
  { options, overwrite = false, progress = silent, deidentify: how = { key: randomBytes(32) } }: BuildOptions = {},
): Promise<BuildResult> {
  const reader = findDataset(id)
  const list = studiesPath(out)
  const replaces = await exists(list)
  if (replaces && !overwrite) {
    throw new VesaliusError('DATA_INVALID', `${out} already holds studies.`, {
      where: list,
      hint: 'Choose another folder, or allow overwriting.',
    })
  }
  const { studies, notes } = await reader.read(src, options)
  // From here on the old list would describe images that are being replaced.
  if (replaces) await rm(list)

  const dicom = new Set<string>()
  for (const { images, masks = [] } of how === false ? [] : studies)
    for (const { path } of [...images, ...masks]) if (await isDicom(path)) dicom.add(path)
  // The names of folders, files and rows are names of people as often as not.
  const named = how !== false && dicom.size > 0 ? studies.map((study) => unnamed(study, how.key)) : studies

  const imagesTaken = new Set<string>()
  const masksTaken = new Set<string>()
  const copies: { source: string; target: string }[] = []
  const placed = named.map((study): StudyInput => {
    const place = (source: string, under: string, part: string, taken: Set<string>): string => {
      const path = `${under}/${safeName(study.id, part, source, taken)}`
      copies.push({ source, target: join(out, path) })
      return path
    }
    return {
      ...study,
      images: study.images.map((image, i) => ({
        ...image,
        path: place(image.path, 'images', study.images.length > 1 ? `-${i + 1}` : '', imagesTaken),
      })),
      ...(study.masks === undefined
        ? {}
        : {
            masks: study.masks.map((mask) => ({
              ...mask,
              path: place(mask.path, 'masks', `-${mask.image + 1}-${mask.label}`, masksTaken),
            })),
          }),
    }
  })

  let deidentified = 0
  let burned = 0
  await mkdir(join(out, 'images'), { recursive: true })
  if (masksTaken.size > 0) await mkdir(join(out, 'masks'), { recursive: true })
  for (const [i, { source, target }] of copies.entries()) {
    if (how !== false && dicom.has(source)) {
      const { bytes, report } = deidentify(await readBytes(source), source, how)
      await writeFileAtomic(target, bytes)
      deidentified++
      if (report.burnedIn !== 'denied') burned++
    } else await copyWhole(source, target)
    progress.update(i + 1)
  }
  await syncFolder(join(out, 'images'))
  await writeStudies(out, placed)
  progress.end()
  return { studies: placed.length, images: imagesTaken.size, notes: [...notes, ...dicomNotes(deidentified, burned)] }
}
