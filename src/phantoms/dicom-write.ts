/**
 * @file A small writer of DICOM Part 10 files, explicit VR little endian: one greyscale projection image with the tags
 * a reader needs (patient and study, size, bits, window, polarity, spacing).
 */

import { sha256 } from '../core/files.ts'

/** What goes into the file. */
export interface DicomImage {
  /** [rows * columns], 12 bits stored in 16. */
  pixels: Uint16Array
  rows: number
  columns: number
  /** mm. */
  spacing: number
  patient: string
  studyId: string
  /** Names the set; unique identifiers are derived from it, the patient and the study. */
  set: string
  sex: 'F' | 'M'
  age: number
  view: string
  laterality?: string
  /** True: the smallest value is shown white. */
  monochrome1: boolean
  /** Window in stored values. */
  windowCentre: number
  windowWidth: number
}

const digitalXRay = '1.2.840.10008.5.1.4.1.1.1.1'
const explicitLittleEndian = '1.2.840.10008.1.2.1'
const long = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])

/** An identifier under 2.25 (UUID-derived) that depends on the text only. */
export function uidOf(text: string): string {
  return `2.25.${BigInt(`0x${sha256(text).slice(0, 31)}`)}`
}

function element(group: number, number: number, vr: string, value: string | number | Uint8Array): Buffer {
  let body: Buffer
  if (typeof value === 'number') {
    body = Buffer.alloc(vr === 'UL' ? 4 : 2)
    if (vr === 'UL') body.writeUInt32LE(value)
    else body.writeUInt16LE(value)
  } else if (typeof value === 'string') {
    // Text is padded to an even length: identifiers with a zero byte, the rest with a space.
    const pad = value.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' '
    body = Buffer.from(value + pad, 'latin1')
  } else {
    body = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  const head = Buffer.alloc(long.has(vr) ? 12 : 8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.write(vr, 4, 'latin1')
  if (long.has(vr)) head.writeUInt32LE(body.length, 8)
  else head.writeUInt16LE(body.length, 6)
  return Buffer.concat([head, body])
}

/** The bytes of a DICOM file. */
export function encodeDicom(image: DicomImage): Buffer {
  const study = uidOf(`${image.set}/${image.patient}/${image.studyId}`)
  // The PA picture of a study keeps its identifier whatever else is taken.
  const other = image.view === 'PA' ? '' : `/${image.view}`
  const instance = uidOf(`${image.set}/${image.studyId}/image${other}`)
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Uint8Array.of(0, 1)),
    element(0x0002, 0x0002, 'UI', digitalXRay),
    element(0x0002, 0x0003, 'UI', instance),
    element(0x0002, 0x0010, 'UI', explicitLittleEndian),
    element(0x0002, 0x0012, 'UI', '2.25.299792458'),
    element(0x0002, 0x0013, 'SH', 'VESALIUS'),
  ])
  const mm = image.spacing.toFixed(6)
  const data = [
    element(0x0008, 0x0016, 'UI', digitalXRay),
    element(0x0008, 0x0018, 'UI', instance),
    element(0x0008, 0x0060, 'CS', 'DX'),
    element(0x0008, 0x0068, 'CS', 'FOR PRESENTATION'),
    element(0x0008, 0x103e, 'LO', 'Phantom chest, not a person'),
    element(0x0010, 0x0010, 'PN', `PHANTOM^${image.patient.toUpperCase()}`),
    element(0x0010, 0x0020, 'LO', image.patient),
    element(0x0010, 0x0040, 'CS', image.sex),
    element(0x0010, 0x1010, 'AS', `${String(image.age).padStart(3, '0')}Y`),
    element(0x0018, 0x0015, 'CS', 'CHEST'),
    element(0x0018, 0x1164, 'DS', `${mm}\\${mm}`),
    element(0x0018, 0x5101, 'CS', image.view),
    element(0x0020, 0x000d, 'UI', study),
    element(0x0020, 0x000e, 'UI', uidOf(`${image.set}/${image.studyId}/series`)),
    element(0x0020, 0x0010, 'SH', image.studyId),
    element(0x0020, 0x0013, 'IS', '1'),
    element(0x0028, 0x0002, 'US', 1),
    element(0x0028, 0x0004, 'CS', image.monochrome1 ? 'MONOCHROME1' : 'MONOCHROME2'),
    element(0x0028, 0x0010, 'US', image.rows),
    element(0x0028, 0x0011, 'US', image.columns),
    element(0x0028, 0x0030, 'DS', `${mm}\\${mm}`),
    element(0x0028, 0x0100, 'US', 16),
    element(0x0028, 0x0101, 'US', 12),
    element(0x0028, 0x0102, 'US', 11),
    element(0x0028, 0x0103, 'US', 0),
    element(0x0028, 0x0301, 'CS', 'NO'),
    element(0x0028, 0x1050, 'DS', String(image.windowCentre)),
    element(0x0028, 0x1051, 'DS', String(image.windowWidth)),
    element(
      0x7fe0,
      0x0010,
      'OW',
      new Uint8Array(image.pixels.buffer, image.pixels.byteOffset, image.pixels.byteLength),
    ),
  ]
  const preamble = Buffer.alloc(132)
  preamble.write('DICM', 128, 'latin1')
  return Buffer.concat([preamble, element(0x0002, 0x0000, 'UL', meta.length), meta, ...data])
}
