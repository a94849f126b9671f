/** @file A small writer of DICOM Part 10 files, explicit VR little endian. */

import { sha256 } from '../core/files.ts'

const explicitLittleEndian = '1.2.840.10008.1.2.1'
const long = new Set(['OB', 'OW', 'SQ', 'UN', 'UT'])

/** Whom a file is about. */
export interface DicomStudy {
  patient: string
  studyId: string
  /** Names the set; unique identifiers are derived from it, the patient and the study. */
  set: string
  sex: 'F' | 'M'
  age: number
}

/** An identifier under 2.25 (UUID-derived) that depends on the text only. */
export function uidOf(text: string): string {
  return `2.25.${BigInt(`0x${sha256(text).slice(0, 31)}`)}`
}

/** A data element, explicit VR little endian. Numbers are two bytes, with the VR UL four. */
export function element(group: number, number: number, vr: string, value: string | number | Uint8Array): Buffer {
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

/** A sequence of items, each a list of elements. */
export function sequence(group: number, number: number, items: readonly (readonly Buffer[])[]): Buffer {
  const parts = items.map((item) => {
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
    const content = Buffer.concat(item)
    head.writeUInt32LE(content.length, 4)
    return Buffer.concat([head, content])
  })
  return element(group, number, 'SQ', Buffer.concat(parts))
}

/** Elements of the patient, group 0010. */
export function patientElements({ patient, sex, age }: DicomStudy): Buffer[] {
  return [
    element(0x0010, 0x0010, 'PN', `PHANTOM^${patient.toUpperCase()}`),
    element(0x0010, 0x0020, 'LO', patient),
    element(0x0010, 0x0040, 'CS', sex),
    element(0x0010, 0x1010, 'AS', `${String(age).padStart(3, '0')}Y`),
  ]
}

/** Identifiers of study and series, group 0020. */
export function studyElements({ set, patient, studyId }: DicomStudy): Buffer[] {
  return [
    element(0x0020, 0x000d, 'UI', uidOf(`${set}/${patient}/${studyId}`)),
    element(0x0020, 0x000e, 'UI', uidOf(`${set}/${studyId}/series`)),
    element(0x0020, 0x0010, 'SH', studyId),
  ]
}

/** The file of these elements, in the order of their tags; class and instance come first by themselves. */
export function dicomFile(sopClass: string, instance: string, elements: readonly Buffer[]): Buffer {
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Uint8Array.of(0, 1)),
    element(0x0002, 0x0002, 'UI', sopClass),
    element(0x0002, 0x0003, 'UI', instance),
    element(0x0002, 0x0010, 'UI', explicitLittleEndian),
    element(0x0002, 0x0012, 'UI', '2.25.299792458'),
    element(0x0002, 0x0013, 'SH', 'VESALIUS'),
  ])
  const preamble = Buffer.alloc(132)
  preamble.write('DICM', 128, 'latin1')
  return Buffer.concat([
    preamble,
    element(0x0002, 0x0000, 'UL', meta.length),
    meta,
    element(0x0008, 0x0016, 'UI', sopClass),
    element(0x0008, 0x0018, 'UI', instance),
    ...elements,
  ])
}
