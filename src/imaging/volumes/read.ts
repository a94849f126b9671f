/** @file The door for volumes in one file: NIfTI, NRRD, MetaImage, told apart by content. */

import { basename } from 'node:path'
import { VesaliusError } from '../../core/errors.ts'
import { readBytes } from '../../core/files.ts'
import { besidePath, type ReadBeside } from './header-text.ts'
import { isMetaImage, readMetaImage } from './meta-image.ts'
import { gunzipStart, isNifti, readNifti } from './nifti.ts'
import { isNrrd, readNrrd } from './nrrd.ts'
import type { Volume } from './volume.ts'

/** The format of a volume by its first bytes (2 kB are enough), or undefined. */
export function recogniseVolume(bytes: Uint8Array): 'nifti' | 'nrrd' | 'metaimage' | undefined {
  if (isNrrd(bytes)) return 'nrrd'
  if (isMetaImage(bytes)) return 'metaimage'
  const start = gunzipStart(bytes)
  return start !== undefined && isNifti(start) ? 'nifti' : undefined
}

/** Bytes of a volume as {@link readVolume}; `beside` reads the file its header names. */
export async function decodeVolume(bytes: Uint8Array, where: string, beside: ReadBeside): Promise<Volume> {
  const format = recogniseVolume(bytes)
  if (format === 'nrrd') return readNrrd(bytes, where, beside)
  if (format === 'metaimage') return readMetaImage(bytes, where, beside)
  if (format === 'nifti') {
    const start = gunzipStart(bytes)!
    // Header and image of a pair carry the magic ni1.
    const pair = start[start[0] === 0x5c || start[3] === 0x5c ? 345 : 5] === 0x69
    const image = pair ? await beside(basename(where).replace(/\.hdr(\.gz)?$/i, '.img$1')) : undefined
    return readNifti(bytes, where, image)
  }
  throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} is not a volume that is known here.`, {
    where,
    hint: 'Give a NIfTI, NRRD or MetaImage file, or a folder of DICOM files to readSeries.',
  })
}

/**
 * Reads a volume: NIfTI-1 and -2 (gzip or not, one file or two), NRRD (.nrrd, .nhdr), MetaImage (.mha, .mhd).
 *
 * @example
 * const volume = toCanonical(await readVolume('t1.nii.gz'))
 * console.log(volume.size, volume.spacing)
 */
export async function readVolume(path: string): Promise<Volume> {
  return decodeVolume(await readBytes(path), path, (name) => readBytes(besidePath(path, name)))
}
