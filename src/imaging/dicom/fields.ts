/** @file Values of DICOM fields, read defensively: what is absent, cut short or not what it should be is undefined. */

import type { DataSet, DicomElement } from './parse.ts'

/** The characters of a field, padding removed; only for representations of the default repertoire (CS, DS, IS, UI, SH codes). */
export function textOf(dataSet: DataSet | undefined, tag: number): string | undefined {
  const element = dataSet?.elements.get(tag)
  if (dataSet === undefined || element === undefined || element.length > 65_536) return undefined
  let text = ''
  for (let i = element.start; i < element.start + element.length; i++) text += String.fromCharCode(dataSet.bytes[i]!)
  return text.replace(/[\0 ]+$/, '')
}

/** Code strings (CS) such as MONOCHROME2, all values of the field; anything that is not one, as in a corrupt file, is dropped. */
export function codesOf(dataSet: DataSet | undefined, tag: number): string[] {
  const parts = textOf(dataSet, tag)?.split('\\') ?? []
  return parts.map((part) => part.replaceAll('\0', '').trim()).filter((part) => /^[A-Z0-9_ ]{1,16}$/.test(part))
}

/** The first code string of a field. */
export function codeOf(dataSet: DataSet | undefined, tag: number): string | undefined {
  const first = textOf(dataSet, tag)?.split('\\')[0]?.replaceAll('\0', '').trim()
  return first !== undefined && /^[A-Z0-9_ ]{1,16}$/.test(first) ? first : undefined
}

/** UI: a unique identifier. */
export function uidOf(dataSet: DataSet | undefined, tag: number): string | undefined {
  const text = textOf(dataSet, tag)?.split('\\')[0]?.trim()
  return text !== undefined && /^[0-9.]{1,64}$/.test(text) ? text : undefined
}

function elementAt(dataSet: DataSet | undefined, tag: number, end: number): DicomElement | undefined {
  const element = dataSet?.elements.get(tag)
  return element !== undefined && element.length >= end ? element : undefined
}

/** US: an unsigned 16-bit number. */
export function unsignedOf(dataSet: DataSet | undefined, tag: number, index = 0): number | undefined {
  const element = elementAt(dataSet, tag, 2 * index + 2)
  return element === undefined ? undefined : dataSet!.view.getUint16(element.start + 2 * index, dataSet!.littleEndian)
}

/** UL: an unsigned 32-bit number. */
export function unsigned32Of(dataSet: DataSet | undefined, tag: number, index = 0): number | undefined {
  const element = elementAt(dataSet, tag, 4 * index + 4)
  return element === undefined ? undefined : dataSet!.view.getUint32(element.start + 4 * index, dataSet!.littleEndian)
}

/** US or SS, by the sign of the pixels. */
export function pixelValueOf(
  dataSet: DataSet | undefined,
  tag: number,
  signed: boolean,
  index = 0,
): number | undefined {
  const value = unsignedOf(dataSet, tag, index)
  return value === undefined || !signed || value < 0x8000 ? value : value - 0x10000
}

/** DS or IS: the finite numbers of a field, in order; none if the field is absent or not numeric. */
export function decimalsOf(dataSet: DataSet | undefined, tag: number): number[] {
  // Some scanners write a comma.
  const text = (textOf(dataSet, tag) ?? '').replaceAll('\0', '').replaceAll(',', '.')
  const numbers = text.split('\\').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  return numbers.every(Number.isFinite) ? numbers : []
}

/** FD: the 64-bit numbers of a field. */
export function doublesOf(dataSet: DataSet | undefined, tag: number): number[] {
  const element = dataSet?.elements.get(tag)
  if (dataSet === undefined || element === undefined) return []
  const count = Math.min(64, Math.trunc(element.length / 8))
  return Array.from({ length: count }, (_, i) => dataSet.view.getFloat64(element.start + 8 * i, dataSet.littleEndian))
}

/** The bytes of a field. */
export function bytesOf(dataSet: DataSet | undefined, tag: number): Uint8Array | undefined {
  const element = dataSet?.elements.get(tag)
  return element === undefined ? undefined : dataSet!.bytes.subarray(element.start, element.start + element.length)
}

/** The 16-bit words of a field. */
export function wordsOf(dataSet: DataSet | undefined, tag: number): Uint16Array | undefined {
  const element = dataSet?.elements.get(tag)
  if (dataSet === undefined || element === undefined) return undefined
  const words = new Uint16Array(Math.trunc(element.length / 2))
  for (let i = 0; i < words.length; i++) words[i] = dataSet.view.getUint16(element.start + 2 * i, dataSet.littleEndian)
  return words
}

/** An item of a sequence, the first unless said otherwise. */
export function itemOf(dataSet: DataSet | undefined, tag: number, index = 0): DataSet | undefined {
  return dataSet?.elements.get(tag)?.items?.[index]
}

/** All items of a sequence. */
export function itemsOf(dataSet: DataSet | undefined, tag: number): readonly DataSet[] {
  return dataSet?.elements.get(tag)?.items ?? []
}

/**
 * Where a frame's values of a functional group stand: in the item of the frame, else in the shared item, else (classic,
 * single-frame objects) in the data set itself.
 */
export function groupOf(dataSet: DataSet, frame: number, sequence: number): DataSet {
  return (
    itemOf(itemOf(dataSet, 0x52009230, frame), sequence) ?? itemOf(itemOf(dataSet, 0x52009229), sequence) ?? dataSet
  )
}
