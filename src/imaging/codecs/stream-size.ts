/** @file Sizes that compressed streams declare in their headers, read before a decoder takes memory for them. */

import { jpegFrameOf } from './jpeg-headers.ts'
import { CodecError, type StreamCodec } from './types.ts'

export interface StreamSize {
  width: number
  height: number
  components: { length: number }
}

/** CharLS spends minutes on a stream that is cut short: streams without their end marker are refused before. */
function requireEnd(bytes: Uint8Array): void {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  if (bytes[end - 1] !== 0xd9 || bytes[end - 2] !== 0xff) throw new CodecError('its JPEG-LS stream is cut short')
}

/** Frame header of JPEG-LS (ITU-T T.87): SOF55, laid out as in JPEG. */
function jpegLsSize(bytes: Uint8Array): StreamSize {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new CodecError('its pixels are not a JPEG-LS stream')
  requireEnd(bytes)
  let at = 2
  while (at + 10 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
    if (marker === 0xf7) {
      return {
        height: (bytes[at + 5]! << 8) | bytes[at + 6]!,
        width: (bytes[at + 7]! << 8) | bytes[at + 8]!,
        components: { length: bytes[at + 9]! },
      }
    }
    if (length < 2 || marker === 0xda) break
    at += 2 + length
  }
  throw new CodecError('its JPEG-LS stream has no frame header')
}

/** SIZ of a JPEG 2000 codestream (ITU-T T.800 A.5.1), which may stand inside the boxes of a JP2 file. */
function jpeg2000Size(bytes: Uint8Array): StreamSize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start =
    bytes[0] === 0xff
      ? 0
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('\xff\x4f\xff\x51', 'latin1')
  if (start < 0 || start + 44 > bytes.length || view.getUint32(start) !== 0xff4fff51)
    throw new CodecError('its pixels are not a JPEG 2000 stream')
  const at = start + 8
  const width = view.getUint32(at) - view.getUint32(at + 8)
  const height = view.getUint32(at + 4) - view.getUint32(at + 12)
  const [tileWidth, tileHeight] = [view.getUint32(at + 16), view.getUint32(at + 20)]
  const count = view.getUint16(at + 32)
  // Each tile costs memory, even an empty one; a stream may declare 65535 of them.
  if (tileWidth === 0 || tileHeight === 0 || Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight) > 65535)
    throw new CodecError('its JPEG 2000 tiles are impossible')
  for (let c = 0; c < count; c++) {
    if (start + 46 + 3 * c + 1 >= bytes.length) throw new CodecError('its JPEG 2000 header is cut short')
    if (view.getUint8(start + 43 + 3 * c) !== 1 || view.getUint8(start + 44 + 3 * c) !== 1)
      throw new CodecError('its JPEG 2000 components are subsampled')
  }
  return { width, height, components: { length: count } }
}

/** Size and components a stream declares. Throws {@link CodecError}. */
export function streamSize(codec: StreamCodec, bytes: Uint8Array): StreamSize {
  if (codec === 'jpeg-ls') return jpegLsSize(bytes)
  if (codec === 'jpeg-2000' || codec === 'ht-jpeg-2000') return jpeg2000Size(bytes)
  return jpegFrameOf(bytes)
}
