/** @file The door for images: a path or bytes in, display values in 0..1 and what was done to get them out. */

import { stat } from 'node:fs/promises'
import { VesaliusError } from '../core/errors.ts'
import { readBytes } from '../core/files.ts'
import { decodeDicom } from './dicom/display.ts'
import { recognise } from './formats.ts'
import { decodeRaster } from './raster.ts'
import type { DecodedImage, ReadOptions } from './types.ts'

/**
 * Decodes a PNG, JPEG, TIFF or DICOM file held in memory; `where` names it in errors. The format is recognised by content.
 *
 * Throws FILE_EMPTY, FILE_DAMAGED or FORMAT_UNSUPPORTED.
 */
export async function decodeImage(bytes: Uint8Array, where: string, options: ReadOptions = {}): Promise<DecodedImage> {
  if (bytes.length === 0) {
    throw new VesaliusError('FILE_EMPTY', `${where} is empty.`, { where, hint: 'Copy or export the file again.' })
  }
  const found = recognise(bytes)
  if (found === undefined || 'refused' in found) {
    const what = found === undefined ? 'is not an image that is known here' : `is a ${found.refused} file`
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${what}.`, {
      where,
      hint: 'Give a PNG, JPEG, TIFF or DICOM file.',
    })
  }
  return found.format === 'dicom'
    ? decodeDicom(bytes, where, options)
    : decodeRaster(bytes, found.format, where, options)
}

/**
 * Reads an image file: PNG, JPEG, TIFF (8 and 16 bit) or DICOM.
 *
 * @example
 * const image = await readImage('chest.dcm')
 * console.log(image.width, image.height, describeSteps(image.provenance.steps))
 */
export async function readImage(path: string, options: ReadOptions = {}): Promise<DecodedImage> {
  const info = await stat(path).catch(() => undefined)
  if (info?.isDirectory()) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} is a folder, not an image.`, {
      where: path,
      hint: 'Give the path of one file.',
    })
  }
  return decodeImage(await readBytes(path), path, options)
}
