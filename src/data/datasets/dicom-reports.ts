/** @file Structured reports among the DICOM files of a folder, and the studies that they speak of. */

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { readBytes } from '../../core/files.ts'
import { uidOf } from '../../imaging/dicom/fields.ts'
import { readHeader } from '../../imaging/dicom/header.ts'
import { readStructuredReport } from '../../imaging/dicom/structured-report.ts'

const studyInstance = 0x0020000d
/** Root of the SOP classes of structured reports; the meta header names the class. */
const reportClasses = '1.2.840.10008.5.1.4.1.1.88.'

export interface DicomReports {
  /** Paths of the files that are structured reports. */
  files: ReadonlySet<string>
  /** Text of a study by its Study Instance UID. */
  texts: ReadonlyMap<string, string>
  /** Structured reports that cannot be read, or say nothing. */
  silent: number
}

/** The first bytes of a file as Latin-1; '' if it cannot be read. */
async function beginningOf(path: string, length: number): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined)
  if (handle === undefined) return ''
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Study Instance UID of a DICOM file; undefined for what is none. */
export async function studyOf(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path)
  return attempt(() => uidOf(readHeader(bytes, path).dataSet, studyInstance))
}

/** Finds the structured reports among files of `src`; several of one study follow each other in the order of paths. */
export async function findReports(src: string, paths: readonly string[]): Promise<DicomReports> {
  const files = new Set<string>()
  const texts = new Map<string, string>()
  let silent = 0
  for (const path of paths) {
    const place = join(src, path)
    if (!(await beginningOf(place, 4096)).includes(reportClasses)) continue
    files.add(path)
    const bytes = await readBytes(place)
    const text = attempt(() => readStructuredReport(bytes, place).text)
    const study = await studyOf(place)
    if (!text || study === undefined) silent++
    else texts.set(study, texts.has(study) ? `${texts.get(study)}\n\n${text}` : text)
  }
  return { files, texts, silent }
}

/** What a damaged file does not give is undefined; other errors are not its fault. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof VesaliusError) return undefined
    throw error
  }
}
