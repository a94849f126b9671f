/** @file The header of a DICOM file: transfer syntax and elements up to the pixels, with or without preamble and meta header. */

import { inflateRawSync } from 'node:zlib'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { bareDicomEncoding, hasDicomPreamble } from '../formats.ts'
import { uidOf } from './fields.ts'
import { type DataSet, DicomSyntaxError, type Encoding, parseDataSet, parseMeta } from './parse.ts'
import {
  deflated,
  explicitBig,
  explicitLittle,
  implicitLittle,
  type TransferSyntax,
  transferSyntaxes,
} from './syntaxes.ts'

/** A parsed header. Positions in `dataSet` refer to `bytes`, which are the inflated ones of a deflated file. */
export interface DicomHeader {
  dataSet: DataSet
  bytes: Uint8Array
  /** UID. */
  transferSyntax: string
  syntax: TransferSyntax
}

/** A deflated data set may unfold to this many bytes and no more. */
export const inflateLimit = 256 * 1024 * 1024

export function damagedDicom(where: string, problem: string, cause?: unknown): VesaliusError {
  return new VesaliusError('FILE_DAMAGED', `${where} is a damaged DICOM file: ${problem}.`, {
    where,
    hint: 'Copy or export the file again.',
    ...(cause === undefined ? {} : { cause }),
  })
}

export function unsupportedDicom(where: string, problem: string, hint: string): VesaliusError {
  return new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${problem}.`, { where, hint })
}

function inflate(bytes: Uint8Array, where: string): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: inflateLimit })
  } catch (error) {
    if (error instanceof RangeError) {
      throw unsupportedDicom(
        where,
        `unfolds to more than ${inflateLimit} bytes`,
        'Split it, or export it uncompressed.',
      )
    }
    throw damagedDicom(where, 'its deflated data set is corrupt', error)
  }
}

const encodings: Readonly<Record<string, Encoding>> = {
  [implicitLittle]: { explicit: false, littleEndian: true },
  [explicitBig]: { explicit: true, littleEndian: false },
}

/** The encoding the bytes show, where it can be told, before what the meta header says: headers get it wrong. */
function encodingAt(bytes: Uint8Array, from: number, said: Encoding): Encoding {
  const found = bareDicomEncoding(bytes.subarray(from, from + 16))
  return found === undefined || found.littleEndian !== said.littleEndian ? said : found
}

function syntaxOf({ explicit, littleEndian }: Encoding): string {
  return littleEndian ? (explicit ? explicitLittle : implicitLittle) : explicitBig
}

/**
 * Parses a DICOM file up to its pixel data. Files without preamble, without meta header, or whose meta header names no
 * transfer syntax are read as their first element shows. Throws FORMAT_UNSUPPORTED for a transfer syntax that is not known,
 * FILE_DAMAGED for bytes that are not a data set.
 */
export function readHeader(input: Uint8Array, where: string): DicomHeader {
  let bytes = input
  try {
    const { meta, end } = parseMeta(bytes, hasDicomPreamble(bytes) ? 132 : 0)
    const shown = bareDicomEncoding(bytes.subarray(end, end + 16))
    const transferSyntax = uidOf(meta, 0x00020010) ?? (shown === undefined ? undefined : syntaxOf(shown))
    if (transferSyntax === undefined) throw damagedDicom(where, 'it names no transfer syntax (0002,0010)')
    const syntax = transferSyntaxes[transferSyntax]
    if (syntax === undefined) {
      throw unsupportedDicom(
        where,
        `is stored in the DICOM transfer syntax ${transferSyntax}, which is not known`,
        'Convert it to Explicit VR Little Endian first, e.g. with dcmconv or gdcmconv.',
      )
    }
    let from = end
    if (transferSyntax === deflated) {
      bytes = inflate(bytes.subarray(end), where)
      from = 0
    }
    const said = encodings[transferSyntax] ?? { explicit: true, littleEndian: true }
    const dataSet = parseDataSet(bytes, from, encodingAt(bytes, from, said))
    return { dataSet, bytes, transferSyntax, syntax }
  } catch (error) {
    if (error instanceof DicomSyntaxError) throw damagedDicom(where, messageOf(error), error)
    throw error
  }
}
