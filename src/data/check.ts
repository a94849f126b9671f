/** @file What is wrong with a data folder: everything at once, found by reading its files, before a day of training is. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { isMissingFile, messageOf, VesaliusError } from '../core/errors.ts'
import { readStudyLines, studiesFile, studiesPath } from './studies.ts'
import type { Study } from './study.ts'

export interface DataCheck {
  /** Lines that are studies. */
  studies: number
  /** One sentence each, with line numbers of `studies.jsonl`; empty when all is well. */
  problems: string[]
}

interface Seen {
  line: number
  split: Study['split']
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('base64')
}

/** Width and height of a picture as stored, or undefined for formats sharp does not know (DICOM, NIfTI). */
async function sizeOf(path: string): Promise<{ width: number; height: number } | undefined> {
  try {
    const { width, height } = await sharp(path, { limitInputPixels: false }).metadata()
    return { width, height }
  } catch {
    return undefined
  }
}

const formatsOfSharp = /\.(?:png|jpe?g|tiff?)$/i

/** Whether a study has words to train on: a section of the report, or a caption. */
function hasText(study: Study): boolean {
  const { findings, impression } = study.report ?? {}
  return [findings, impression, ...study.captions].some((text) => text !== undefined && /[\p{L}\p{N}]/u.test(text))
}

/** Problems of the boxes and points of one study, given the sizes of its images. */
function placeProblems(study: Study, sizes: readonly ({ width: number; height: number } | undefined)[]): string[] {
  const problems: string[] = []
  for (const [kind, marks] of [
    ['box', study.boxes],
    ['mask', study.masks],
    ['fixation', study.fixations],
    ['point', study.points],
  ] as const) {
    marks.forEach(({ image }, i) => {
      if (image >= study.images.length) {
        problems.push(`${kind} ${i + 1} is on image ${image}, but the study has ${study.images.length} (from 0)`)
      }
    })
  }
  study.boxes.forEach(({ image, box }, i) => {
    const size = sizes[image]
    if (size === undefined || box.length !== 4) return
    const [x, y, w, h] = box
    if (w <= 0 || h <= 0) problems.push(`box ${i + 1} is empty`)
    // Annotators' boxes are rounded: half a pixel over the edge is still the edge.
    else if (x < -0.5 || y < -0.5 || x + w > size.width + 0.5 || y + h > size.height + 0.5) {
      problems.push(`box ${i + 1} reaches outside its image of ${size.width} x ${size.height}`)
    }
  })
  study.points.forEach(({ image, point }, i) => {
    const size = sizes[image]
    if (size === undefined || point.length !== 2) return
    const [x = 0, y = 0] = point
    if (x < -0.5 || y < -0.5 || x > size.width || y > size.height) problems.push(`point ${i + 1} is outside its image`)
  })
  return problems
}

/**
 * Checks a data folder: every line is a study, ids are unique, no patient straddles splits, files exist and can be
 * opened, boxes and points lie inside their pictures (skipped for DICOM), there are words, and no picture is in two
 * splits byte by byte. Reads every image once. Throws only when there is no list at all (`DATA_EMPTY`).
 */
export async function checkStudies(folder: string): Promise<DataCheck> {
  const problems: string[] = []
  const ids = new Map<string, number>()
  const patients = new Map<string, Seen>()
  const pictures = new Map<string, Seen>()
  const priors: { line: number; prior: string }[] = []
  const wordless: number[] = []
  let studies = 0

  for await (const entry of readStudyLines(folder)) {
    if ('error' in entry) {
      problems.push(entry.error.message.replace(`${studiesPath(folder)} line`, 'Line'))
      continue
    }
    const { line, study } = entry
    studies++
    const say = (what: string): number => problems.push(`Line ${line}: ${what}.`)

    const sameId = ids.get(study.id)
    if (sameId === undefined) ids.set(study.id, line)
    else say(`the id is that of line ${sameId}`)

    const patient = patients.get(study.patient)
    if (patient === undefined) patients.set(study.patient, { line, split: study.split })
    else if (patient.split !== study.split) {
      say(`its patient is in ${study.split} here and in ${patient.split} in line ${patient.line}`)
    }
    for (const prior of study.priors) priors.push({ line, prior })
    if (!hasText(study)) wordless.push(line)
    if (study.images.length === 0) say('the study has no image')

    const sizes: Awaited<ReturnType<typeof sizeOf>>[] = []
    for (const { path } of study.images) {
      const file = join(folder, path)
      try {
        const hash = await hashOf(file)
        const same = pictures.get(hash)
        if (same === undefined) pictures.set(hash, { line, split: study.split })
        else if (same.split !== study.split) {
          say(`the image ${path} is in ${study.split} here and, byte by byte, in ${same.split} in line ${same.line}`)
        }
        const size = formatsOfSharp.test(path) ? await sizeOf(file) : undefined
        if (size === undefined && formatsOfSharp.test(path))
          say(`the image ${path} is damaged or not what its name says`)
        sizes.push(size)
      } catch (error) {
        sizes.push(undefined)
        say(isMissingFile(error) ? `there is no file ${path}` : `${path} could not be read: ${messageOf(error)}`)
      }
    }
    for (const { path } of study.masks) {
      await hashOf(join(folder, path)).catch(() => say(`the mask ${path} cannot be read`))
    }
    const others = [...study.signals, ...study.frames, ...(study.omics === undefined ? [] : [{ path: study.omics }])]
    for (const { path } of others) {
      await hashOf(join(folder, path)).catch(() => say(`the file ${path} cannot be read`))
    }
    placeProblems(study, sizes).forEach(say)
  }

  if (studies === 0 && problems.length === 0) {
    throw new VesaliusError('DATA_EMPTY', `${studiesPath(folder)} holds no study.`, { where: studiesPath(folder) })
  }
  for (const { line, prior } of priors) {
    if (!ids.has(prior)) problems.push(`Line ${line}: its prior study is not in ${studiesFile}.`)
  }
  if (wordless.length > 0) {
    const lines = wordless.slice(0, 5).join(', ')
    problems.push(
      `${wordless.length} of ${studies} studies have neither a report nor a caption: line ${lines}${wordless.length > 5 ? ', ...' : ''}.`,
    )
  }
  return { studies, problems }
}
