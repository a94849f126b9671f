/** @file A data folder on disk: `studies.jsonl`, one study a line. Reading names the line at fault; writing is whole or not at all. */

import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { parseWith } from '../core/config.ts'
import { isMissingFile, messageOf, VesaliusError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { type Study, type StudyInput, studySchema } from './study.ts'

/** The file of a data folder that lists its studies. */
export const studiesFile = 'studies.jsonl'

/** The path of a folder's list of studies. */
export function studiesPath(folder: string): string {
  return join(folder, studiesFile)
}

/** One line of a list: its number in the file (from 1) and the study, or what is wrong with it. */
export type StudyLine = { line: number; study: Study } | { line: number; error: VesaliusError }

const newline = 0x0a
/** Longer than any study; without a limit a binary file given by mistake is read into memory as one line. */
const longestLine = 256 * 2 ** 20

/** The lines of a file as bytes, without their line feeds. U+2028 inside a report is text, so Node's readline is no use. */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let held = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) {
    let rest: Buffer = chunk
    for (let at = rest.indexOf(newline); at >= 0; at = rest.indexOf(newline)) {
      yield Buffer.concat([...parts, rest.subarray(0, at)])
      parts = []
      held = 0
      rest = rest.subarray(at + 1)
    }
    parts.push(rest)
    held += rest.length
    if (held > longestLine) {
      throw new VesaliusError('FILE_DAMAGED', `${path} has a line longer than ${longestLine >> 20} MiB.`, {
        where: path,
        hint: 'A list of studies is JSON, one study a line.',
      })
    }
  }
  if (held > 0) yield Buffer.concat(parts)
}

function parseLine(bytes: Buffer, where: string): Study {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The parser's own message quotes the text, which may be a patient's.
    throw new VesaliusError('DATA_INVALID', `${where} is not valid JSON.`, {
      where,
      hint: 'Each line is one whole study, written in UTF-8.',
    })
  }
  return parseWith(studySchema, value, where, 'DATA_INVALID')
}

/**
 * The lines of a folder's `studies.jsonl` one by one, good and bad; empty lines are passed over. Throws `DATA_EMPTY` when
 * there is no such file.
 */
export async function* readStudyLines(folder: string): AsyncGenerator<StudyLine> {
  const path = studiesPath(folder)
  let line = 0
  try {
    for await (const bytes of readLines(path)) {
      line++
      if (bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) continue
      try {
        yield { line, study: parseLine(bytes, `${path} line ${line}`) }
      } catch (error) {
        if (!(error instanceof VesaliusError)) throw error
        yield { line, error }
      }
    }
  } catch (error) {
    if (error instanceof VesaliusError) throw error
    if (isMissingFile(error)) {
      throw new VesaliusError('DATA_EMPTY', `${folder} is not a data folder: it holds no ${studiesFile}.`, {
        where: folder,
        hint: 'Make one with "vesalius data build" or "vesalius phantoms".',
        cause: error,
      })
    }
    throw new VesaliusError('FILE_DAMAGED', `${path} could not be read: ${messageOf(error)}.`, {
      where: path,
      cause: error,
    })
  }
}

/**
 * Reads the studies of a data folder, in the order of the file, defaults filled in.
 *
 * Throws `DATA_EMPTY` when there is no list or it has no study, `DATA_INVALID` (file, line, field) for a line that is not
 * a study or an id that comes twice. Does not look at the images: `checkStudies` does.
 *
 * @example
 * const studies = await readStudies('data/phantoms')
 * const train = studies.filter(({ split }) => split === 'train')
 */
export async function readStudies(folder: string): Promise<Study[]> {
  const studies: Study[] = []
  const lines = new Map<string, number>()
  for await (const entry of readStudyLines(folder)) {
    if ('error' in entry) throw entry.error
    const { study, line } = entry
    const earlier = lines.get(study.id)
    if (earlier !== undefined) {
      const where = `${studiesPath(folder)} line ${line}`
      throw new VesaliusError('DATA_INVALID', `${where} repeats the study id of line ${earlier}.`, {
        where,
        hint: 'Give every study its own id.',
      })
    }
    lines.set(study.id, line)
    studies.push(study)
  }
  if (studies.length === 0) {
    throw new VesaliusError('DATA_EMPTY', `${studiesPath(folder)} holds no study.`, {
      where: studiesPath(folder),
      hint: 'Build the data folder again.',
    })
  }
  return studies
}

/**
 * Writes `studies.jsonl` of a data folder, making the folder if need be; an existing list is replaced in one step.
 * Every study is validated first (`DATA_INVALID` names its place in the list), so a faulty one leaves the disk untouched.
 */
export async function writeStudies(folder: string, studies: readonly StudyInput[]): Promise<void> {
  const places = new Map<string, number>()
  const lines = studies.map((input, i) => {
    const where = `Study ${i + 1} for ${studiesPath(folder)}`
    const study = parseWith(studySchema, input, where, 'DATA_INVALID')
    const earlier = places.get(study.id)
    if (earlier !== undefined) {
      throw new VesaliusError('DATA_INVALID', `${where} repeats the id of study ${earlier}.`, {
        where,
        hint: 'Give every study its own id.',
      })
    }
    places.set(study.id, i + 1)
    return Buffer.from(`${JSON.stringify(study)}\n`)
  })
  if (lines.length === 0) {
    throw new VesaliusError('DATA_EMPTY', `There is no study to write to ${studiesPath(folder)}.`, { where: folder })
  }
  await writeFileAtomic(studiesPath(folder), Buffer.concat(lines))
}
