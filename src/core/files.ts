/** @file Files that are either whole or absent: temporary name, fsync, rename. */

import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { isMissingFile, messageOf, VesaliusError } from './errors.ts'

/** Makes the entries of a folder durable (a rename is only safe once its folder is on disk). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file so that a reader sees the old content or the new, never a part: temporary name in the same folder,
 * fsync, rename, fsync of the folder. Makes missing parent folders.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${process.pid}-${randomUUID().slice(0, 8)}-${path.split('/').at(-1)}.part`)
  try {
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Writes a value as indented JSON, atomically. */
export function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** Reads a file; a missing one is a {@link VesaliusError} that names it. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    // A worker thread may wait, and waiting takes a quarter of the time that callbacks for each 512 kB do.
    return isMainThread ? await readFile(path) : readFileSync(path)
  } catch (error) {
    if (isMissingFile(error)) {
      throw new VesaliusError('FILE_MISSING', `There is no file at ${path}.`, { where: path, hint: 'Check the path.' })
    }
    throw new VesaliusError('FILE_DAMAGED', `${path} could not be read: ${messageOf(error)}.`, {
      where: path,
      cause: error,
    })
  }
}

/** Reads and parses JSON; damage is reported with the file's name. */
export async function readJson(path: string): Promise<unknown> {
  const text = (await readBytes(path)).toString('utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new VesaliusError('FILE_DAMAGED', `${path} is not valid JSON: ${messageOf(error)}.`, {
      where: path,
      cause: error,
    })
  }
}

/** SHA-256 of some bytes, in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
