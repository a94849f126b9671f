/** @file How the pixels of a DICOM file are laid out (PS3.3 C.7.6.3), checked before anything is decoded. */

import { codeOf, decimalsOf, unsignedOf } from './fields.ts'
import { type DicomHeader, damagedDicom, unsupportedDicom } from './header.ts'
import { pixelData } from './parse.ts'

/** More pixels than any radiograph has; a larger frame is a mistake or an attack, and would take gigabytes. */
export const pixelLimit = 128 * 1024 * 1024

export const floatPixelData = 0x7fe00008
export const doublePixelData = 0x7fe00009

export type Photometric =
  | 'MONOCHROME1'
  | 'MONOCHROME2'
  | 'PALETTE COLOR'
  | 'RGB'
  | 'YBR_FULL'
  | 'YBR_FULL_422'
  | 'YBR_PARTIAL_420'
  | 'YBR_ICT'
  | 'YBR_RCT'

/** The fields that say how pixels are laid out. */
export interface PixelLayout {
  rows: number
  columns: number
  samples: 1 | 3
  photometric: Photometric
  bitsAllocated: 1 | 8 | 16 | 32 | 64
  bitsStored: number
  highBit: number
  signed: boolean
  /** Samples are IEEE numbers (Float or Double Float Pixel Data). */
  float: boolean
  /** Element that holds the pixels. */
  tag: number
  /** True: all of red, then all of green, then all of blue. */
  planar: boolean
  frames: number
}

const grey: readonly string[] = ['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR']
const color: readonly string[] = ['RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_PARTIAL_420', 'YBR_ICT', 'YBR_RCT']

function pixelTag({ dataSet }: DicomHeader, where: string): number {
  const tag = [pixelData, floatPixelData, doublePixelData].find((each) => dataSet.elements.has(each))
  if (tag !== undefined) return tag
  throw unsupportedDicom(
    where,
    'is a DICOM file without a picture (7FE0,0010)',
    'Give an image, not a report, plan or list.',
  )
}

/** Reads and checks the layout. Throws FILE_DAMAGED when it contradicts itself, FORMAT_UNSUPPORTED when it is not read. */
export function readLayout(header: DicomHeader, where: string): PixelLayout {
  const { dataSet } = header
  const refuse = (problem: string): never => {
    throw unsupportedDicom(where, problem, 'Export it as grey or RGB, 8 or 16 bits.')
  }
  const tag = pixelTag(header, where)
  const need = (field: number, name: string): number => {
    const value = unsignedOf(dataSet, field)
    if (value === undefined) throw damagedDicom(where, `${name} is missing`)
    return value
  }
  const rows = need(0x00280010, 'Rows (0028,0010)')
  const columns = need(0x00280011, 'Columns (0028,0011)')
  if (rows === 0 || columns === 0) throw damagedDicom(where, `its size is ${columns} x ${rows} pixels`)
  if (rows * columns > pixelLimit) refuse(`has ${columns} x ${rows} pixels, more than the ${pixelLimit} that are read`)

  const samples = unsignedOf(dataSet, 0x00280002) ?? 1
  const photometric = codeOf(dataSet, 0x00280004) ?? (samples === 1 ? 'MONOCHROME2' : 'RGB')
  const known = samples === 1 ? grey : color
  if ((samples !== 1 && samples !== 3) || !known.includes(photometric)) {
    return refuse(
      `has the photometric interpretation ${photometric} with ${samples} samples a pixel, which is not read`,
    )
  }
  const bitsAllocated = need(0x00280100, 'Bits Allocated (0028,0100)')
  const float = tag !== pixelData
  const widths = float ? [32, 64] : [1, 8, 16, 32]
  if (!widths.includes(bitsAllocated)) {
    return refuse(`stores pixels in ${bitsAllocated} bits, and only ${widths.join(', ')} are read`)
  }
  const bitsStored = unsignedOf(dataSet, 0x00280101) ?? bitsAllocated
  const highBit = unsignedOf(dataSet, 0x00280102) ?? bitsStored - 1
  if (
    !float &&
    (bitsStored < 1 || bitsStored > bitsAllocated || highBit >= bitsAllocated || highBit < bitsStored - 1)
  ) {
    throw damagedDicom(where, `${bitsStored} bits up to bit ${highBit} do not fit into ${bitsAllocated}`)
  }
  return {
    rows,
    columns,
    samples,
    photometric: photometric as Photometric,
    bitsAllocated: bitsAllocated as PixelLayout['bitsAllocated'],
    bitsStored,
    highBit,
    signed: unsignedOf(dataSet, 0x00280103) === 1,
    float,
    tag,
    planar: samples === 3 && unsignedOf(dataSet, 0x00280006) === 1,
    frames: Math.max(1, Math.trunc(decimalsOf(dataSet, 0x00280008)[0] ?? 1)),
  }
}

/** Bits that one frame takes uncompressed. Frames of single bits follow each other without a gap. */
export function frameBits({ rows, columns, samples, photometric, bitsAllocated }: PixelLayout): number {
  // 4:2:2 keeps one pair of colour differences for two pixels.
  if (photometric === 'YBR_FULL_422') return rows * Math.ceil(columns / 2) * 4 * bitsAllocated
  return rows * columns * samples * bitsAllocated
}
