/** @file The stored values of one frame of a DICOM file, whatever its transfer syntax. */

import { inflateRawSync } from 'node:zlib'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { codecLimits, decodeGuarded } from '../codecs/pool.ts'
import { decodeRle } from '../codecs/rle.ts'
import { CodecError, type StreamCodec } from '../codecs/types.ts'
import { frameBytesOf, readFragments } from './fragments.ts'
import { type DicomHeader, damagedDicom, unsupportedDicom } from './header.ts'
import { frameBits, type PixelLayout } from './layout.ts'
import { maskStored, type StoredValues, storedArray, unpack } from './unpack.ts'

/** Stored values [rows, columns, samples]. */
export interface StoredFrame {
  values: StoredValues
  /** Bits that whole numbers fit into. */
  bits: number
  /** True when a decoder has made RGB of transformed colours. */
  rgb: boolean
}

function requireFrame({ frames }: PixelLayout, frame: number, where: string): void {
  if (Number.isInteger(frame) && frame >= 0 && frame < frames) return
  throw new VesaliusError('USAGE', `${where} has no frame ${frame}.`, {
    where,
    hint: `It has frames 0 to ${frames - 1}.`,
  })
}

/** A frame of uncompressed pixels. */
function nativeFrame(header: DicomHeader, layout: PixelLayout, frame: number, where: string): StoredValues {
  const { bytes, dataSet } = header
  const element = dataSet.elements.get(layout.tag)!
  const bits = frameBits(layout)
  const first = frame * bits
  const end = Math.ceil((first + bits) / 8)
  const there = Math.min(element.length, bytes.length - element.start)
  if (there < end) throw damagedDicom(where, `frame ${frame} ends at byte ${end} of its pixels, and ${there} are there`)
  let data = bytes.subarray(element.start, element.start + there)
  const bigEndian = !dataSet.littleEndian
  // Big-endian files store 8-bit pixels in swapped pairs when they are declared as 16-bit words.
  if (bigEndian && element.vr === 'OW' && layout.bitsAllocated <= 8) {
    data = Buffer.from(data.subarray(0, there - (there % 2))).swap16()
    if (data.length < end) throw damagedDicom(where, 'its pixels lack their last byte')
  }
  const start = Math.trunc(first / 8)
  return unpack(data.subarray(start, end), layout, bigEndian, first % 8)
}

/** Bytes of a frame that is encapsulated without a codec for pictures. */
function framedBytes(codec: 'native' | 'rle' | 'deflated-frames', data: Uint8Array, layout: PixelLayout): Uint8Array {
  const { rows, columns, samples, bitsAllocated } = layout
  const length = Math.ceil(frameBits(layout) / 8)
  if (codec === 'rle') return decodeRle(data, rows * columns, samples, bitsAllocated / 8)
  const bytes = codec === 'native' ? data : inflateRawSync(data, { maxOutputLength: length + 1 })
  if (bytes.length < length) throw new CodecError(`its frame has ${bytes.length} of ${length} bytes`)
  return bytes.subarray(0, length)
}

const codecsOfStreams: readonly string[] = ['jpeg', 'jpeg-lossless', 'jpeg-ls', 'jpeg-2000', 'ht-jpeg-2000']

function isStreamCodec(codec: string): codec is StreamCodec {
  return codecsOfStreams.includes(codec)
}

/** A frame of encapsulated pixels. */
async function encapsulatedFrame(
  header: DicomHeader,
  layout: PixelLayout,
  frame: number,
  where: string,
  milliseconds: number | undefined,
): Promise<StoredFrame> {
  const { codec, name } = header.syntax
  const { rows, columns, samples, frames, photometric } = layout
  const data = frameBytesOf(readFragments(header, where), frame, frames, where)
  if (isStreamCodec(codec)) {
    const job = {
      codec,
      bytes: data,
      expected: { width: columns, height: rows, samples },
      transformed: photometric !== 'RGB',
    }
    const limits = codecLimits(job)
    const decoded = await decodeGuarded(job, milliseconds === undefined ? limits : { ...limits, milliseconds })
    if (decoded.precision > layout.bitsAllocated) {
      throw new CodecError(`its pixels have ${decoded.precision} bits and its header allocates ${layout.bitsAllocated}`)
    }
    const values = storedArray(layout, decoded.values.length)
    values.set(decoded.values)
    // Streams hold their values in the lowest bits, whatever the high bit of the header; headers decide on the sign.
    const bits = Math.max(layout.bitsStored, decoded.precision)
    maskStored(values, { ...layout, bitsStored: bits, highBit: bits - 1 })
    return { values, bits, rgb: codec === 'jpeg' && decoded.precision === 8 }
  }
  if (codec === 'video') {
    throw unsupportedDicom(where, `holds ${name}, which is not read`, 'Export single frames as images first.')
  }
  // RLE keeps samples by plane, whatever Planar Configuration says.
  const whole = codec === 'rle' ? { ...layout, planar: samples > 1 } : layout
  const spread = whole.photometric === 'YBR_FULL_422' && codec === 'rle'
  return {
    values: unpack(framedBytes(codec, data, whole), spread ? { ...whole, photometric: 'YBR_FULL' } : whole, false),
    bits: layout.bitsStored,
    rgb: false,
  }
}

/**
 * The stored values of one frame; a compressed one may take its decoder `milliseconds` (see codecLimits). Throws FILE_DAMAGED when the file holds fewer bytes than its header says or its stream is
 * corrupt, FORMAT_UNSUPPORTED for video, USAGE for a frame it does not have.
 */
export async function readSamples(
  header: DicomHeader,
  layout: PixelLayout,
  frame: number,
  where: string,
  milliseconds?: number,
): Promise<StoredFrame> {
  requireFrame(layout, frame, where)
  const native = header.syntax.codec === 'native' && !header.dataSet.elements.get(layout.tag)!.undefinedLength
  try {
    if (native) return { values: nativeFrame(header, layout, frame, where), bits: layout.bitsStored, rgb: false }
    if (layout.float) throw damagedDicom(where, 'its floating-point pixels are compressed')
    return await encapsulatedFrame(header, layout, frame, where, milliseconds)
  } catch (error) {
    if (error instanceof VesaliusError) throw error
    if (error instanceof CodecError) throw damagedDicom(where, `in frame ${frame} ${messageOf(error)}`, error)
    throw damagedDicom(where, `frame ${frame} cannot be decoded`, error)
  }
}
