/** @file A folder of images with a text beside each: `a.png` and `a.txt`. The simplest data a user can bring. */

import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { isMissingFile, messageOf, VesaliusError } from '../../core/errors.ts'
import { readBytes } from '../../core/files.ts'
import { readReport, splitSections } from '../../text/index.ts'
import { type SplitShares, splitOf } from '../folds.ts'
import type { StudyInput } from '../study.ts'
import { findReports, studyOf } from './dicom-reports.ts'
import { count, datasetReader, usualShares } from './reader.ts'

const imageEndings = new Set(['.png', '.jpg', '.jpeg', '.tif', '.tiff', '.dcm'])

/** Three shares that sum to 1. */
export const sharesSchema = z
  .tuple([z.number().min(0).max(1), z.number().min(0).max(1), z.number().min(0).max(1)])
  .refine((shares) => Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9, 'the shares must sum to 1')
  .default([...usualShares] as [number, number, number])
  .describe('shares of patients for train, validate, test')

const optionsSchema = z.strictObject({
  split: sharesSchema,
  patient: z
    .enum(['folder', 'file'])
    .default('folder')
    .describe('what stands for the patient: the outermost folder that not all images share, or the file name'),
  domain: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'kebab-case, such as chest-xray')
    .default('radiology')
    .describe('kebab-case domain of all studies'),
})

/** All files below a folder, as paths relative to it with `/`, sorted so that the order is the same everywhere. */
async function filesBelow(src: string): Promise<string[]> {
  try {
    const entries = await readdir(src, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => relative(src, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort()
  } catch (error) {
    if (isMissingFile(error)) {
      throw new VesaliusError('FILE_MISSING', `There is no folder at ${src}.`, { where: src, hint: 'Check the path.' })
    }
    throw new VesaliusError('FILE_DAMAGED', `${src} could not be read: ${messageOf(error)}.`, {
      where: src,
      cause: error,
    })
  }
}

/** Words of a text as report sections, or whole as a caption when it has no heading; undefined for one without words. */
export function wordsOf(text: string): Pick<StudyInput, 'report' | 'captions'> | undefined {
  const headed = splitSections(text).some(({ name }) => name !== 'full report')
  const report = headed ? readReport(text) : null
  if (report?.findings !== undefined || report?.impression !== undefined) return { report }
  const caption = text.replace(/\s+/g, ' ').trim()
  return !/[\p{L}\p{N}]/u.test(caption) ? undefined : { report: null, captions: [caption] }
}

/** Reads a text in UTF-8 (with or without byte order mark); other encodings are an error that names the file. */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new VesaliusError('DATA_INVALID', `${path} is not text in UTF-8.`, {
      where: path,
      hint: 'Save it again as UTF-8.',
    })
  }
}

/** How many leading folders all paths share: `images/p1/a.png` and `images/p2/b.png` share one. */
function sharedFolders(paths: readonly string[]): number {
  const folders = paths.map((path) => path.split('/').slice(0, -1))
  const [first = []] = folders
  const end = first.findIndex((name, i) => folders.some((other) => other[i] !== name))
  return end < 0 ? first.length : end
}

/**
 * The patient of an image: the outermost folder that not all images share (`p1` of `images/p1/study2/a.png`), or the
 * file's own name. Outermost, so that a mistake joins patients and never divides one between splits.
 */
function patientOf(path: string, shared: number, by: 'folder' | 'file'): string {
  const parts = path.split('/').slice(shared)
  return by === 'folder' && parts.length > 1 ? parts[0]! : basename(path, extname(path))
}

export const folder = datasetReader({
  id: 'folder',
  name: 'Folder of images and texts',
  describe:
    'Images (png, jpg, tif, dcm) in any depth, each with a .txt of the same name beside it, or a structured report of its study',
  licence: 'your own',
  options: optionsSchema,

  async read(src, { split, domain, patient: by }) {
    const files = await filesBelow(src)
    const reports = await findReports(
      src,
      files.filter((path) => extname(path).toLowerCase() === '.dcm'),
    )
    const images = files.filter((path) => imageEndings.has(extname(path).toLowerCase()) && !reports.files.has(path))
    if (images.length === 0) {
      throw new VesaliusError('DATA_EMPTY', `${src} holds no image.`, {
        where: src,
        hint: 'Images end in .png, .jpg, .jpeg, .tif, .tiff or .dcm, in any case, in any sub-folder.',
      })
    }
    const texts = new Map(
      files.filter((path) => extname(path).toLowerCase() === '.txt').map((path) => [path.slice(0, -4), path]),
    )
    const stems = images.map((path) => path.slice(0, -extname(path).length))
    const uses = new Map<string, number>()
    for (const stem of stems) uses.set(stem, (uses.get(stem) ?? 0) + 1)

    const shared = sharedFolders(images)
    const folders = by === 'folder' && images.some((path) => path.split('/').length > shared + 1)
    let without = 0
    const read = new Set<string>()
    const studies: StudyInput[] = []
    const reported = new Map<string, StudyInput>()
    for (const [i, path] of images.entries()) {
      const stem = stems[i]!
      const text = texts.get(stem)
      if (text !== undefined) read.add(text)
      const uid = text === undefined && reports.texts.size > 0 ? await studyOf(join(src, path)) : undefined
      const told = uid === undefined ? undefined : reports.texts.get(uid)
      const same = uid === undefined ? undefined : reported.get(uid)
      if (same !== undefined) {
        same.images.push({ path: join(src, path) })
        continue
      }
      const words = text === undefined ? wordsOf(told ?? '') : wordsOf(await readText(join(src, text)))
      if (words === undefined) without++
      const patient = patientOf(path, shared, by)
      studies.push({
        // `a.png` beside `a.jpg`: only then does the ending become part of the id.
        id: uses.get(stem) === 1 ? stem : path,
        patient,
        split: splitOf(patient, split as SplitShares),
        domain,
        images: [{ path: join(src, path) }],
        report: null,
        ...words,
      })
      if (uid !== undefined && told !== undefined) reported.set(uid, studies.at(-1) as StudyInput)
    }
    if (without === studies.length) {
      const first = join(src, dirname(images[0]!), `${basename(stems[0]!)}.txt`)
      throw new VesaliusError(
        'DATA_LACKS_FIELD',
        `None of the ${count(studies.length, 'image')} in ${src} has a text.`,
        {
          where: src,
          hint: `Put the report of an image beside it under the same name, such as ${first}, or its DICOM structured report anywhere in the folder.`,
        },
      )
    }
    const patients = new Set(studies.map((study) => study.patient)).size
    const notes = [
      `${count(images.length, 'image')} of ${count(patients, 'patient')} (the ${folders ? 'outermost folder' : 'file name'} stands for the patient).`,
    ]
    if (folders && patients < 10 && studies.length > 4 * patients) {
      notes.push(
        'So few folders may be classes, not patients: then set the option patient to "file", or the splits are useless.',
      )
    }
    if (without > 0)
      notes.push(
        `${count(without, 'image')} without a text kept as ${without === 1 ? 'a study' : 'studies'} without words.`,
      )
    if (reported.size > 0)
      notes.push(
        `${count(reported.size, 'study', 'studies')} with words of DICOM structured reports; the images of each are one study.`,
      )
    const unread = reports.texts.size - reported.size + reports.silent
    if (unread > 0) notes.push(`${count(unread, 'structured report')} without text, or without images, left out.`)
    const lost = texts.size - read.size
    if (lost > 0) notes.push(`${count(lost, 'text')} without an image of the same name left out.`)
    return { studies, notes }
  },
})
