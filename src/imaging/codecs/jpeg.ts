/** @file JPEG with 8 bits a sample through sharp's libjpeg-turbo, colours as RGB. */

import sharp from 'sharp'
import { messageOf } from '../../core/errors.ts'
import { isGreyJpeg, withoutColorTransform } from './jpeg-markers.ts'
import { CodecError, type DecodedStream, type StreamFrame } from './types.ts'

/**
 * Decodes a JPEG stream of 8 bits a sample. With `transformed` false three components without a marker that says otherwise
 * are RGB, not YCbCr. Throws {@link CodecError}.
 */
export async function decodeJpeg8(
  bytes: Uint8Array,
  { width, height, samples }: StreamFrame,
  transformed: boolean,
): Promise<DecodedStream> {
  const jpeg = transformed ? bytes : withoutColorTransform(bytes)
  if (samples === 3 && isGreyJpeg(jpeg)) throw new CodecError('its JPEG picture is grey and its header says colour')
  try {
    const image = sharp(jpeg, { failOn: 'error', ignoreIcc: true, limitInputPixels: width * height })
    const { data, info } = await image
      .toColourspace(samples === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    if (info.channels !== samples) throw new CodecError(`its JPEG picture has ${info.channels} channels`)
    return { values: data, precision: 8 }
  } catch (error) {
    if (error instanceof CodecError) throw error
    throw new CodecError(`its JPEG picture cannot be decoded (${messageOf(error).split('\n')[0]})`, { cause: error })
  }
}
