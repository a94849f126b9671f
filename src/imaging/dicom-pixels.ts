/** @file The stored samples of one frame of a DICOM file: uncompressed in either byte order, or JPEG baseline. */

import sharp from 'sharp'
import { VesaliusError } from '../core/errors.ts'
import {
  codeOf,
  type DicomHeader,
  damagedDicom,
  decimalsOf,
  jpegBaseline,
  unsignedOf,
  unsupportedDicom,
} from './dicom-header.ts'
import { isGreyJpeg, withoutColorTransform } from './jpeg-markers.ts'
import { pixelLimit } from './raster.ts'

/** The fields that say how pixels are laid out. */
export interface PixelLayout {
  rows: number
  columns: number
  samples: 1 | 3
  photometric: string
  bitsAllocated: 8 | 16
  bitsStored: number
  highBit: number
  signed: boolean
  /** True: all of red, then all of green, then all of blue. */
  planar: boolean
  frames: number
}

/** Reads and checks the layout. Throws FILE_DAMAGED when it contradicts itself, FORMAT_UNSUPPORTED when it is not read. */
export function readLayout({ dataSet, bytes }: DicomHeader, where: string): PixelLayout {
  const refuse = (problem: string): never => {
    throw unsupportedDicom(where, problem, 'Export it as grey or RGB, 8 or 16 bits.')
  }
  if (dataSet.elements.x7fe00010 === undefined) {
    const cut = Object.values(dataSet.elements).some(({ dataOffset, length }) => dataOffset + length > bytes.length)
    if (cut) throw damagedDicom(where, 'it is cut short before its pixels')
    if (dataSet.elements.x7fe00008 !== undefined || dataSet.elements.x7fe00009 !== undefined) {
      refuse('is a DICOM file with floating-point pixels, which are not read')
    }
    throw unsupportedDicom(
      where,
      'is a DICOM file without a picture (7FE0,0010)',
      'Give an image, not a report, plan or list.',
    )
  }
  const need = (tag: string, name: string): number => {
    const value = unsignedOf(dataSet, tag)
    if (value === undefined) throw damagedDicom(where, `${name} is missing`)
    return value
  }
  const rows = need('x00280010', 'Rows (0028,0010)')
  const columns = need('x00280011', 'Columns (0028,0011)')
  if (rows === 0 || columns === 0) throw damagedDicom(where, `its size is ${columns} x ${rows} pixels`)
  if (rows * columns > pixelLimit) refuse(`has ${columns} x ${rows} pixels, more than the ${pixelLimit} that are read`)

  const samples = unsignedOf(dataSet, 'x00280002') ?? 1
  const photometric = codeOf(dataSet, 'x00280004') ?? (samples === 1 ? 'MONOCHROME2' : 'RGB')
  const known = samples === 1 ? ['MONOCHROME1', 'MONOCHROME2'] : ['RGB', 'YBR_FULL', 'YBR_FULL_422']
  if ((samples !== 1 && samples !== 3) || !known.includes(photometric)) {
    return refuse(
      `has the photometric interpretation ${photometric} with ${samples} samples a pixel, which is not read`,
    )
  }
  const bitsAllocated = need('x00280100', 'Bits Allocated (0028,0100)')
  if (bitsAllocated !== 8 && bitsAllocated !== 16) {
    return refuse(`stores pixels in ${bitsAllocated} bits, and only 8 and 16 are read`)
  }
  const bitsStored = unsignedOf(dataSet, 'x00280101') ?? bitsAllocated
  const highBit = unsignedOf(dataSet, 'x00280102') ?? bitsStored - 1
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit >= bitsAllocated || highBit < bitsStored - 1) {
    throw damagedDicom(where, `${bitsStored} bits up to bit ${highBit} do not fit into ${bitsAllocated}`)
  }
  return {
    rows,
    columns,
    samples,
    photometric,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: unsignedOf(dataSet, 'x00280103') === 1,
    planar: samples === 3 && unsignedOf(dataSet, 'x00280006') === 1,
    frames: Math.max(1, Math.trunc(decimalsOf(dataSet, 'x00280008')[0] ?? 1)),
  }
}

/** Bytes that one frame takes uncompressed. */
function frameBytes({ rows, columns, samples, photometric, bitsAllocated }: PixelLayout): number {
  // 4:2:2 keeps one pair of colour differences for two pixels.
  if (photometric === 'YBR_FULL_422') return rows * Math.ceil(columns / 2) * 4 * (bitsAllocated / 8)
  return rows * columns * samples * (bitsAllocated / 8)
}

/** Keeps the stored bits and their sign. */
function storedValue(raw: number, { bitsStored, highBit, signed }: PixelLayout): number {
  const value = (raw >> (highBit - bitsStored + 1)) & (2 ** bitsStored - 1)
  return signed && value >= 2 ** (bitsStored - 1) ? value - 2 ** bitsStored : value
}

/** Samples as [rows, columns, samples] from the bytes of one uncompressed frame. */
function unpack(data: Uint8Array, layout: PixelLayout, bigEndian: boolean): Float64Array {
  const { rows, columns, samples, photometric, bitsAllocated, planar } = layout
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const raw = bitsAllocated === 16 ? (i: number) => view.getUint16(2 * i, !bigEndian) : (i: number) => data[i]!
  const pixels = rows * columns
  const out = new Float64Array(pixels * samples)
  if (photometric === 'YBR_FULL_422') {
    const pairs = Math.ceil(columns / 2)
    for (let i = 0; i < pixels; i++) {
      const x = i % columns
      const start = (Math.trunc(i / columns) * pairs + (x >> 1)) * 4
      out[3 * i] = storedValue(raw(start + (x & 1)), layout)
      out[3 * i + 1] = storedValue(raw(start + 2), layout)
      out[3 * i + 2] = storedValue(raw(start + 3), layout)
    }
    return out
  }
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < samples; c++) {
      out[i * samples + c] = storedValue(raw(planar ? c * pixels + i : i * samples + c), layout)
    }
  }
  return out
}

/** The compressed bytes of one frame: fragments (PS3.5 A.4) joined by the offset table, or by where JPEG streams begin. */
function encapsulatedFrame({ dataSet, bytes }: DicomHeader, frame: number, frames: number, where: string): Uint8Array {
  const start = dataSet.elements.x7fe00010!.dataOffset
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const items: { at: number; data: Uint8Array }[] = []
  let position = start
  let complete = false
  while (position + 8 <= bytes.length) {
    const element = view.getUint32(position, true)
    const length = view.getUint32(position + 4, true)
    if (element === 0xe0ddfffe) {
      complete = true
      break
    }
    if (element !== 0xe000fffe || position + 8 + length > bytes.length) break
    items.push({ at: position, data: bytes.subarray(position + 8, position + 8 + length) })
    position += 8 + length
  }
  const [table, ...fragments] = items
  if (table === undefined || fragments.length === 0) throw damagedDicom(where, 'its compressed pixels are cut short')

  const first = fragments[0]!.at
  const offsets = Array.from({ length: Math.trunc(table.data.length / 4) }, (_, i) =>
    new DataView(table.data.buffer, table.data.byteOffset).getUint32(4 * i, true),
  )
  let starts: number[]
  if (frames === 1) starts = [first]
  else if (offsets.length === frames) starts = offsets.map((offset) => first + offset)
  else if (fragments.length === frames) starts = fragments.map(({ at }) => at)
  else starts = fragments.filter(({ data }) => data[0] === 0xff && data[1] === 0xd8).map(({ at }) => at)
  const from = starts[frame]
  const to = starts[frame + 1] ?? Number.POSITIVE_INFINITY
  const parts = fragments.filter(({ at }) => from !== undefined && at >= from && at < to)
  if (parts.length === 0 || (to === Number.POSITIVE_INFINITY && !complete)) {
    throw damagedDicom(where, `the compressed pixels of frame ${frame} are cut short`)
  }
  return Buffer.concat(parts.map(({ data }) => data))
}

async function jpegFrame(
  header: DicomHeader,
  layout: PixelLayout,
  frame: number,
  where: string,
): Promise<Float64Array> {
  const { rows, columns, samples, photometric } = layout
  const stream = encapsulatedFrame(header, frame, layout.frames, where)
  const jpeg = photometric === 'RGB' ? withoutColorTransform(stream) : stream
  if (samples === 3 && isGreyJpeg(jpeg))
    throw damagedDicom(where, 'its JPEG picture is grey and its header says colour')
  let data: Buffer
  let info: { width: number; height: number; channels: number }
  try {
    const image = sharp(jpeg, { failOn: 'error', ignoreIcc: true, limitInputPixels: pixelLimit })
    const space = samples === 1 ? 'b-w' : 'srgb'
    ;({ data, info } = await image.toColourspace(space).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }))
  } catch (error) {
    throw damagedDicom(where, `the JPEG picture of frame ${frame} cannot be decoded`, error)
  }
  if (info.width !== columns || info.height !== rows || info.channels < samples) {
    const found = `${info.width} x ${info.height}`
    throw damagedDicom(where, `its JPEG picture has ${found} pixels and its header says ${columns} x ${rows}`)
  }
  const out = new Float64Array(rows * columns * samples)
  for (let i = 0; i < rows * columns; i++) {
    for (let c = 0; c < samples; c++) out[i * samples + c] = data[i * info.channels + c]!
  }
  return samples === 1 ? out.map((raw) => storedValue(raw, layout)) : out
}

/**
 * The stored samples of one frame, [rows, columns, samples]; JPEG colour comes out as RGB, uncompressed YBR as it is.
 * Throws FILE_DAMAGED when the file holds fewer bytes than its header says, USAGE for a frame it does not have.
 */
export async function readSamples(
  header: DicomHeader,
  layout: PixelLayout,
  frame: number,
  where: string,
): Promise<Float64Array> {
  const { frames } = layout
  if (!Number.isInteger(frame) || frame < 0 || frame >= frames) {
    throw new VesaliusError('USAGE', `${where} has no frame ${frame}.`, {
      where,
      hint: `It has frames 0 to ${frames - 1}.`,
    })
  }
  const element = header.dataSet.elements.x7fe00010!
  if (header.transferSyntax === jpegBaseline) return jpegFrame(header, layout, frame, where)
  if (element.hadUndefinedLength) throw damagedDicom(where, 'its pixels are packed although its transfer syntax is not')
  const length = frameBytes(layout)
  const there = Math.min(element.length, header.bytes.length - element.dataOffset)
  if (there < (frame + 1) * length) {
    throw damagedDicom(
      where,
      `frame ${frame} ends at byte ${(frame + 1) * length} of its pixels, and ${there} are there`,
    )
  }
  let data = header.bytes.subarray(element.dataOffset, element.dataOffset + there)
  // Big-endian files store 8-bit pixels in swapped pairs when they are declared as 16-bit words.
  if (header.bigEndian && element.vr === 'OW' && layout.bitsAllocated === 8) {
    data = Buffer.from(data.subarray(0, there - (there % 2))).swap16()
    if (data.length < (frame + 1) * length) throw damagedDicom(where, 'its pixels lack their last byte')
  }
  return unpack(data.subarray(frame * length, (frame + 1) * length), layout, header.bigEndian)
}
