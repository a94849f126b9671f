/** @file What NRRD and MetaImage have in common: a header of text lines, then voxels in this file or in another beside it. */

import { basename, dirname, isAbsolute, join } from 'node:path'
import { gunzipSync, inflateSync } from 'node:zlib'
import { messageOf } from '../../core/errors.ts'
import { damagedVolume, unsupportedVolume } from './volume.ts'

/** Reads a file beside the header, by name. */
export type ReadBeside = (name: string) => Promise<Uint8Array>

/** The path of a data file a header names: beside it or below it, never elsewhere. */
export function besidePath(header: string, name: string): string {
  const parts = name.split(/[\\/]/)
  if (isAbsolute(name) || parts.includes('..') || name === '' || /^[A-Za-z]:/.test(name)) {
    throw unsupportedVolume(basename(header), 'names a data file outside its own folder')
  }
  return join(dirname(header), ...parts)
}

/** Numbers of a line, separated by blanks, commas or brackets. */
export function numbersOf(text: string): number[] {
  return text
    .split(/[\s,()]+/)
    .filter((part) => part !== '')
    .map(Number)
}

/** Unfolds zlib or gzip to exactly `needed` bytes or more; more than a megabyte beyond that is refused. */
export function unfold(data: Uint8Array, needed: number, where: string): Uint8Array {
  const options = { maxOutputLength: needed + 2 ** 20 }
  try {
    return data[0] === 0x1f && data[1] === 0x8b ? gunzipSync(data, options) : inflateSync(data, options)
  } catch (error) {
    const problem = error instanceof RangeError ? 'it unfolds to more than its header says' : messageOf(error)
    throw damagedVolume(where, `its compressed voxels cannot be read (${problem})`, error)
  }
}

/** Voxels written as text. */
export function textNumbers(data: Uint8Array, count: number, where: string): Float64Array {
  const parts = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    .toString('latin1')
    .trim()
    .split(/[\s,]+/)
  const values = Float64Array.from(parts.slice(0, count), Number)
  if (values.length < count || values.some((value) => Number.isNaN(value)))
    throw damagedVolume(where, `it has ${parts.length} of ${count} numbers`)
  return values
}

/** Bytes `from` the given place to the end that voxels need; a negative place counts from the end. */
export function tail(data: Uint8Array, from: number, needed: number, where: string): Uint8Array {
  const start = from < 0 ? data.length - needed : from
  if (start < 0 || data.length - start < needed)
    throw damagedVolume(where, `its voxels take ${needed} bytes, and ${Math.max(0, data.length - start)} are there`)
  return data.subarray(start, start + needed)
}
