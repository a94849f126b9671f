/** @file One compressed stream to samples, in this thread. See pool.ts for the guarded way. */

import { decodeJpeg8 } from './jpeg.ts'
import { decodeJpegExtended } from './jpeg-extended.ts'
import { jpegFrameOf } from './jpeg-headers.ts'
import { decodeJpegLossless, requireSize } from './jpeg-lossless.ts'
import { streamSize } from './stream-size.ts'
import { CodecError, type DecodedStream, type StreamCodec, type StreamFrame } from './types.ts'
import { decodeWasm } from './wasm.ts'

export interface StreamJob {
  codec: StreamCodec
  bytes: Uint8Array
  expected: StreamFrame
  /** JPEG: three components are YCbCr unless the stream says otherwise. */
  transformed: boolean
}

/** The samples of a stream, which must have the size that is expected. Throws {@link CodecError}. */
export async function decodeStream({ codec, bytes, expected, transformed }: StreamJob): Promise<DecodedStream> {
  requireSize(streamSize(codec, bytes), expected)
  if (codec === 'jpeg' || codec === 'jpeg-lossless') {
    // The stream decides: files of one process are stored under the name of another.
    const { marker, precision } = jpegFrameOf(bytes)
    if (marker === 0xc3) return decodeJpegLossless(bytes, expected)
    if (precision > 8) return decodeJpegExtended(bytes, expected)
    return decodeJpeg8(bytes, expected, transformed)
  }
  const { width, height, componentCount, ...decoded } = await decodeWasm(codec, bytes)
  requireSize({ width, height, components: { length: componentCount } }, expected)
  if (decoded.values.length !== expected.width * expected.height * expected.samples)
    throw new CodecError('its stream gave another number of samples than it declares')
  return { values: decoded.values, precision: decoded.precision }
}
