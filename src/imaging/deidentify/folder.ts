/** @file De-identification of files and folders: everything is written, or nothing is. */

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { readBytes, syncFolder, writeFileAtomic, writeJsonAtomic } from '../../core/files.ts'
import { recognise } from '../formats.ts'
import { type Counts, noCounts } from './clean.ts'
import { type DeidentifyOptions, deidentify } from './deidentify.ts'
import type { BurnedIn } from './pixels.ts'
import { type ProfileOption, usualOptions } from './profile.ts'

/** What was done to a folder. Files are numbered in the order of their paths, because paths may name people. */
export interface FolderReport {
  /** Files written. */
  files: number
  patients: number
  /** Files that are not DICOM; not copied. */
  others: number
  /** Files that could not be de-identified; not written. */
  refused: { file: number; code: string; message: string }[]
  options: readonly ProfileOption[]
  counts: Counts
  /** Files whose pixels may show text, by what their headers say. */
  burnedIn: Record<BurnedIn, number>
  /** Numbers of the written files whose pixels may show text. */
  look: number[]
}

export interface FolderOptions extends Omit<DeidentifyOptions, 'key'> {
  /** Default: random, and forgotten afterwards. */
  key?: Uint8Array
  /** Write what can be written although some files are refused. Default: write nothing then. */
  skipRefused?: boolean
  /** Called after each file. */
  onFile?: (done: number, all: number) => void
}

/** A secret from a file: its bytes, without white space at the end. Throws DATA_INVALID when it is shorter than 16 bytes. */
export async function readKey(path: string): Promise<Uint8Array> {
  const bytes = await readBytes(path)
  let end = bytes.length
  while (end > 0 && bytes[end - 1]! <= 32) end--
  if (end < 16) {
    throw new VesaliusError('DATA_INVALID', `The key in ${path} is shorter than 16 bytes.`, {
      where: path,
      hint: 'Make one with: head -c 32 /dev/urandom | base64 > key',
    })
  }
  return bytes.subarray(0, end)
}

async function filesOf(source: string): Promise<string[]> {
  const info = await stat(source).catch(() => undefined)
  if (info === undefined) {
    throw new VesaliusError('FILE_MISSING', `There is no file or folder at ${source}.`, {
      where: source,
      hint: 'Check the path.',
    })
  }
  if (!info.isDirectory()) return [source]
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function refuseFull(out: string): Promise<void> {
  const there = await readdir(out).catch(() => [])
  if (there.length === 0) return
  throw new VesaliusError('DATA_INVALID', `${out} is not empty.`, { where: out, hint: 'Choose a new folder.' })
}

/**
 * De-identifies a DICOM file, or all in a folder and below, into the new folder `out`: `P-.../UID.dcm` by the replaced
 * names, and `deidentification.json`, the report. The folder appears under its name when it is whole. Throws DATA_INVALID
 * when files are refused (unless `skipRefused`), DATA_EMPTY when there is no DICOM file.
 *
 * @example
 * const report = await deidentifyFolder('export', 'clean', { key: await readKey('secret') })
 */
export async function deidentifyFolder(source: string, out: string, options: FolderOptions): Promise<FolderReport> {
  await refuseFull(out)
  const paths = await filesOf(source)
  const { key = randomBytes(32), skipRefused = false, onFile, ...rest } = options
  const report: FolderReport = {
    files: 0,
    patients: 0,
    others: 0,
    refused: [],
    options: rest.options ?? usualOptions,
    counts: noCounts(),
    burnedIn: { stated: 0, possible: 0, denied: 0 },
    look: [],
  }
  const place = resolve(out)
  const temporary = join(dirname(place), `.${process.pid}-deidentified.part`)
  const names = new Set<string>()
  const patients = new Set<string>()
  try {
    for (const [i, path] of paths.entries()) {
      const bytes = await readBytes(path)
      const found = recognise(bytes)
      if (found === undefined || !('format' in found) || found.format !== 'dicom') report.others++
      else {
        const done = attempt(bytes, i + 1, { ...rest, key }, report)
        if (done !== undefined) {
          patients.add(done.patient)
          let name = join(done.patient, `${done.instance}.dcm`)
          for (let n = 2; names.has(name); n++) name = join(done.patient, `${done.instance}-${n}.dcm`)
          names.add(name)
          await writeFileAtomic(join(temporary, name), done.bytes)
        }
      }
      onFile?.(i + 1, paths.length)
    }
    if (report.files === 0 && report.refused.length === 0) {
      throw new VesaliusError('DATA_EMPTY', `${source} holds no DICOM file.`, {
        where: source,
        hint: 'Check the path.',
      })
    }
    const [first] = report.refused
    if (first !== undefined && (!skipRefused || report.files === 0)) {
      throw new VesaliusError(
        'DATA_INVALID',
        `${report.refused.length} of ${paths.length} files cannot be de-identified, so nothing was written. ${first.message}`,
        { where: `file ${first.file} in the order of paths`, hint: 'Leave them out, or allow it with --skip-refused.' },
      )
    }
    report.patients = patients.size
    await writeJsonAtomic(join(temporary, 'deidentification.json'), { version: 1, ...report })
    await mkdir(dirname(place), { recursive: true })
    await rmdir(place).catch(() => undefined)
    await rename(temporary, place)
    await syncFolder(dirname(place))
    return report
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

/** One file, added to the report; undefined when it is refused. Wrong options are thrown: they concern all files. */
function attempt(
  bytes: Uint8Array,
  file: number,
  options: DeidentifyOptions,
  report: FolderReport,
): ReturnType<typeof deidentify> | undefined {
  try {
    const done = deidentify(bytes, `File ${file}`, options)
    report.files++
    report.burnedIn[done.report.burnedIn]++
    if (done.report.burnedIn !== 'denied') report.look.push(file)
    for (const name of Object.keys(report.counts) as (keyof Counts)[]) report.counts[name] += done.report.counts[name]
    return done
  } catch (error) {
    if (!(error instanceof VesaliusError) || error.code === 'USAGE') throw error
    report.refused.push({ file, code: error.code, message: error.message })
    return undefined
  }
}
