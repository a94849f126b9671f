/** @file The header of a DICOM file: transfer syntax, data set up to the pixels, and fields read defensively. No patient data. */

import dicomParser, { type DataSet } from 'dicom-parser'
import { messageOf, VesaliusError } from '../core/errors.ts'
import { bareDicomSyntax, hasDicomPreamble } from './formats.ts'

export const implicitLittle = '1.2.840.10008.1.2'
export const explicitLittle = '1.2.840.10008.1.2.1'
export const explicitBig = '1.2.840.10008.1.2.2'
export const jpegBaseline = '1.2.840.10008.1.2.4.50'

/** What is read, and what is known well enough to be refused by name. */
const syntaxNames: Record<string, string> = {
  [implicitLittle]: 'Implicit VR Little Endian',
  [explicitLittle]: 'Explicit VR Little Endian',
  [explicitBig]: 'Explicit VR Big Endian',
  '1.2.840.10008.1.2.1.99': 'Deflated Explicit VR Little Endian',
  [jpegBaseline]: 'JPEG Baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended (12 bit)',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless, first-order prediction',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-Lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.100': 'MPEG-2 video',
  '1.2.840.10008.1.2.4.101': 'MPEG-2 video, high level',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 video',
  '1.2.840.10008.1.2.4.103': 'MPEG-4 video, Blu-ray',
  '1.2.840.10008.1.2.4.107': 'HEVC video',
  '1.2.840.10008.1.2.4.108': 'HEVC video, 10 bit',
  '1.2.840.10008.1.2.4.201': 'High-Throughput JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.202': 'High-Throughput JPEG 2000 Lossless, RPCL',
  '1.2.840.10008.1.2.4.203': 'High-Throughput JPEG 2000',
  '1.2.840.10008.1.2.5': 'RLE Lossless',
}
const read = new Set([implicitLittle, explicitLittle, explicitBig, jpegBaseline])

/** Name of a transfer syntax for people, or its UID. */
export function syntaxName(uid: string): string {
  return syntaxNames[uid] ?? uid
}

/** A parsed header and the bytes its offsets refer to. */
export interface DicomHeader {
  dataSet: DataSet
  bytes: Uint8Array
  transferSyntax: string
  bigEndian: boolean
}

export function damagedDicom(where: string, problem: string, cause?: unknown): VesaliusError {
  // dicom-parser throws strings and objects that hold the data set; only their text may travel on.
  const text =
    typeof cause === 'object' && cause !== null && 'exception' in cause ? String(cause.exception) : messageOf(cause)
  return new VesaliusError('FILE_DAMAGED', `${where} is a damaged DICOM file: ${problem}.`, {
    where,
    hint: 'Copy or export the file again.',
    ...(cause === undefined ? {} : { cause: new Error(text) }),
  })
}

export function unsupportedDicom(where: string, problem: string, hint: string): VesaliusError {
  return new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${problem}.`, { where, hint })
}

/**
 * Parses a DICOM file up to its pixel data. Files without the Part 10 preamble are read as they begin (implicit or explicit
 * little endian). Throws FORMAT_UNSUPPORTED, naming it, for a transfer syntax that is not read; FILE_DAMAGED for the rest.
 */
export function readHeader(input: Uint8Array, where: string): DicomHeader {
  let bytes = input
  let bare: string | undefined
  if (!hasDicomPreamble(bytes)) {
    if (bytes[0] === 2) {
      // Only the preamble is missing.
      const preamble = new Uint8Array(132)
      preamble.set([0x44, 0x49, 0x43, 0x4d], 128)
      bytes = Buffer.concat([preamble, bytes])
    } else {
      bare = bareDicomSyntax(bytes) === 'explicit' ? explicitLittle : implicitLittle
    }
  }
  let transferSyntax = bare
  if (transferSyntax === undefined) {
    try {
      transferSyntax = dicomParser.readPart10Header(bytes).string('x00020010')?.trim()
    } catch (error) {
      throw damagedDicom(where, 'its meta header cannot be read', error)
    }
    if (transferSyntax === undefined || !/^[0-9.]{1,64}$/.test(transferSyntax)) {
      throw damagedDicom(where, 'its meta header names no transfer syntax (0002,0010)')
    }
  }
  if (!read.has(transferSyntax)) {
    const name = syntaxNames[transferSyntax]
    const syntax = name === undefined ? transferSyntax : `${name} (${transferSyntax})`
    throw unsupportedDicom(
      where,
      `is stored in the DICOM transfer syntax ${syntax}, which is not read yet`,
      'Convert it to Explicit VR Little Endian or JPEG Baseline first, e.g. with dcmconv or gdcmconv.',
    )
  }
  try {
    const options = { untilTag: 'x7fe00010', ...(bare === undefined ? {} : { TransferSyntaxUID: bare }) }
    const dataSet = dicomParser.parseDicom(bytes, options)
    return { dataSet, bytes, transferSyntax, bigEndian: transferSyntax === explicitBig }
  } catch (error) {
    throw damagedDicom(where, 'its header is cut short or corrupt', error)
  }
}

/** Code strings (CS) such as MONOCHROME2; anything that is not one, as in a corrupt file, is dropped. */
export function codeOf(dataSet: DataSet | undefined, tag: string): string | undefined {
  const text = attempt(() => dataSet?.string(tag)?.split('\\')[0]?.trim())
  return text !== undefined && /^[A-Z0-9_ ]{1,16}$/.test(text) ? text : undefined
}

/** US: an unsigned 16-bit number, or undefined. */
export function unsignedOf(dataSet: DataSet | undefined, tag: string, index = 0): number | undefined {
  return attempt(() =>
    (dataSet?.elements[tag]?.length ?? 0) >= 2 * index + 2 ? dataSet?.uint16(tag, index) : undefined,
  )
}

/** US or SS, by the sign of the pixels. */
export function pixelValueOf(
  dataSet: DataSet | undefined,
  tag: string,
  signed: boolean,
  index = 0,
): number | undefined {
  const value = unsignedOf(dataSet, tag, index)
  return value === undefined || !signed || value < 0x8000 ? value : value - 0x10000
}

/** DS or IS: the finite numbers of a field, in order; none if the field is absent or not numeric. */
export function decimalsOf(dataSet: DataSet | undefined, tag: string): number[] {
  const text = attempt(() => dataSet?.string(tag)) ?? ''
  const numbers = text.split('\\').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  return numbers.every(Number.isFinite) ? numbers : []
}

/** The first item of a sequence. */
export function itemOf(dataSet: DataSet | undefined, tag: string, index = 0): DataSet | undefined {
  return dataSet?.elements[tag]?.items?.[index]?.dataSet
}

/**
 * Where a frame's values of a functional group stand: in the item of the frame, else in the shared item, else (classic,
 * single-frame objects) in the data set itself.
 */
export function groupOf(dataSet: DataSet, frame: number, sequence: string): DataSet {
  return (
    itemOf(itemOf(dataSet, 'x52009230', frame), sequence) ?? itemOf(itemOf(dataSet, 'x52009229'), sequence) ?? dataSet
  )
}

/** dicom-parser throws on fields that reach past the end; such a field counts as absent. */
function attempt<T>(get: () => T): T | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}
