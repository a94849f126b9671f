/** @file The door for images: a path or bytes in, display values in 0..1 and what was done to get them out. */

import { VesaliusError } from '../core/errors.ts'
import { readBytes } from '../core/files.ts'
import { decodeDicom } from './dicom/display.ts'
import { recognise } from './formats.ts'
import { decodeRaster } from './raster.ts'
import type { DecodedImage, ReadOptions } from './types.ts'
import { besidePath, type ReadBeside } from './volumes/header-text.ts'
import { pictureOf } from './volumes/picture.ts'
import { decodeVolume, recogniseVolume } from './volumes/read.ts'

function lacksFile(where: string, name: string): VesaliusError {
  return new VesaliusError('FILE_MISSING', `${where} names the file ${name}, which was not given.`, {
    where,
    hint: 'Read it by its path.',
  })
}

/**
 * Decodes a PNG, JPEG, TIFF, DICOM or volume file held in memory; `where` names it in errors, `beside` reads a file that a
 * volume's header names. The format is recognised by content. Of a volume one slice is given, see pictureOf.
 *
 * Throws FILE_EMPTY, FILE_DAMAGED or FORMAT_UNSUPPORTED.
 */
export async function decodeImage(
  bytes: Uint8Array,
  where: string,
  options: ReadOptions = {},
  beside: ReadBeside = (name) => Promise.reject(lacksFile(where, name)),
): Promise<DecodedImage> {
  if (bytes.length === 0) {
    throw new VesaliusError('FILE_EMPTY', `${where} is empty.`, { where, hint: 'Copy or export the file again.' })
  }
  if (recogniseVolume(bytes.subarray(0, 4096)) !== undefined)
    return pictureOf(await decodeVolume(bytes, where, beside), where, options)
  const found = recognise(bytes)
  if (found === undefined || 'refused' in found) {
    const what = found === undefined ? 'is not an image that is known here' : `is a ${found.refused} file`
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${what}.`, {
      where,
      hint: 'Give a PNG, JPEG, TIFF, DICOM, NIfTI, NRRD or MetaImage file.',
    })
  }
  return found.format === 'dicom'
    ? decodeDicom(bytes, where, options)
    : decodeRaster(bytes, found.format, where, options)
}

/**
 * Reads an image file: PNG, JPEG, TIFF (8 and 16 bit), DICOM, or a slice of a NIfTI, NRRD or MetaImage volume.
 *
 * @example
 * const image = await readImage('chest.dcm')
 * console.log(image.width, image.height, describeSteps(image.provenance.steps))
 */
export async function readImage(path: string, options: ReadOptions = {}): Promise<DecodedImage> {
  const bytes = await readBytes(path).catch((error: unknown) => {
    const { cause } = error as { cause?: { code?: string } }
    if (cause?.code !== 'EISDIR') throw error
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} is a folder, not an image.`, {
      where: path,
      hint: 'Give the path of one file.',
    })
  })
  return decodeImage(bytes, path, options, (name) => readBytes(besidePath(path, name)))
}
