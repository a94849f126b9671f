/**
 * @file DICOM files as trees of elements with their bytes, and back: nothing is interpreted that need not be, so a file
 * that is read and written unchanged keeps the value of every element. For work on whole data sets (reports,
 * de-identification); pictures are read elsewhere.
 */

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { VesaliusError } from '../../core/errors.ts'
import { bareDicomEncoding, hasDicomPreamble } from '../formats.ts'
import { vrOf } from './dictionary.ts'

/** One element. Exactly one of `value`, `items` and `fragments` is there. */
export interface Element {
  /** Group * 65536 + element, as in 0x00100010. */
  tag: number
  /** Value representation: as written, or from the dictionary for implicit files; `UN` when neither knows. */
  vr: string
  /** Bytes of a plain value, in the byte order of the file, with its padding. */
  value?: Uint8Array
  /** Data sets of a sequence. */
  items?: Element[][]
  /** Encapsulated pixels: the offset table first, then the fragments. */
  fragments?: Uint8Array[]
  /** A sequence written as UN holds implicit little endian whatever the file is (PS3.5 6.2.2 note 2). */
  unknown?: boolean
}

/** How a data set is written down. */
export interface Encoding {
  implicit: boolean
  bigEndian: boolean
}

/** A file: meta header (group 0002), data set, and how both were written. */
export interface DicomFile {
  meta: Element[]
  elements: Element[]
  transferSyntax: string
}

const deflatedSyntax = '1.2.840.10008.1.2.1.99'
const item = 0xfffee000
const itemEnd = 0xfffee00d
const sequenceEnd = 0xfffee0dd
const undefinedLength = 0xffffffff
const pixelData = 0x7fe00010
/** Value representations whose explicit form has a 32-bit length (PS3.5 7.1.2). */
const longForms = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
/** Real files nest less than ten deep, and hold less than a hundred thousand elements. */
const deepest = 40
const mostElements = 2_000_000
const largestInflated = 1 << 30

/** The encoding of a transfer syntax. */
export function encodingOf(transferSyntax: string): Encoding {
  return { implicit: transferSyntax === '1.2.840.10008.1.2', bigEndian: transferSyntax === '1.2.840.10008.1.2.2' }
}

/** `(0010,0010)`. */
export function tagName(tag: number): string {
  const hex = tag.toString(16).toUpperCase().padStart(8, '0')
  return `(${hex.slice(0, 4)},${hex.slice(4)})`
}

class Reader {
  at = 0
  elements = 0
  readonly bytes: Uint8Array
  readonly where: string
  private readonly view: DataView

  constructor(bytes: Uint8Array, where: string) {
    this.bytes = bytes
    this.where = where
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  damaged(problem: string): VesaliusError {
    return new VesaliusError('FILE_DAMAGED', `${this.where} is a damaged DICOM file: at byte ${this.at} ${problem}.`, {
      where: `${this.where} byte ${this.at}`,
      hint: 'Copy or export the file again.',
    })
  }

  need(count: number, what: string): void {
    if (this.at + count > this.bytes.length) throw this.damaged(`${what} reaches beyond the end`)
  }

  tag(bigEndian: boolean): number {
    const group = this.view.getUint16(this.at, !bigEndian)
    return group * 0x10000 + this.view.getUint16(this.at + 2, !bigEndian)
  }

  uint32(offset: number, bigEndian: boolean): number {
    return this.view.getUint32(this.at + offset, !bigEndian)
  }

  uint16(offset: number, bigEndian: boolean): number {
    return this.view.getUint16(this.at + offset, !bigEndian)
  }

  take(count: number, what: string): Uint8Array {
    this.need(count, what)
    const value = this.bytes.subarray(this.at, this.at + count)
    this.at += count
    return value
  }

  /** Elements up to `end`, or up to an item delimiter when `end` is undefined. */
  dataSet(encoding: Encoding, end: number | undefined, depth: number): Element[] {
    if (depth > deepest) throw this.damaged(`sequences are nested more than ${deepest} deep`)
    const elements: Element[] = []
    while (end === undefined || this.at < end) {
      // Some writers fill the last block of the file.
      if (end !== undefined && depth === 0 && this.rest().every((byte) => byte === 0)) break
      this.need(8, 'an element')
      if (end === undefined && this.tag(encoding.bigEndian) === itemEnd) {
        this.at += 8
        return elements
      }
      if (++this.elements > mostElements) throw this.damaged(`there are more than ${mostElements} elements`)
      elements.push(this.element(encoding, depth))
      if (end !== undefined && this.at > end) throw this.damaged('an element reaches beyond its item')
    }
    return elements
  }

  /** One element at this level. */
  one(encoding: Encoding): Element {
    this.need(8, 'an element')
    return this.element(encoding, 0)
  }

  private element(encoding: Encoding, depth: number): Element {
    const tag = this.tag(encoding.bigEndian)
    let vr = vrOf(tag)
    let length: number
    if (encoding.implicit) {
      length = this.uint32(4, encoding.bigEndian)
      this.at += 8
    } else {
      vr = String.fromCharCode(this.bytes[this.at + 4]!, this.bytes[this.at + 5]!)
      if (!/^[A-Z]{2}$/.test(vr)) throw this.damaged(`the element ${tagName(tag)} has no value representation`)
      if (longForms.has(vr)) {
        this.need(12, 'an element')
        length = this.uint32(8, encoding.bigEndian)
        this.at += 12
      } else {
        length = this.uint16(6, encoding.bigEndian)
        this.at += 8
      }
    }
    if (length === undefinedLength) {
      if (tag === pixelData || vr === 'OB' || vr === 'OW') {
        return { tag, vr, fragments: this.fragments(encoding.bigEndian) }
      }
      if (vr === 'UN' && !encoding.implicit) {
        return { tag, vr, unknown: true, items: this.items({ implicit: true, bigEndian: false }, undefined, depth) }
      }
      return { tag, vr: 'SQ', items: this.items(encoding, undefined, depth) }
    }
    if (vr === 'UN' && vrOf(tag) === 'SQ') {
      this.need(length, `the sequence ${tagName(tag)}`)
      const implicit = { implicit: true, bigEndian: false }
      return { tag, vr, unknown: true, items: this.items(implicit, this.at + length, depth) }
    }
    if (vr === 'SQ') {
      this.need(length, `the sequence ${tagName(tag)}`)
      return { tag, vr, items: this.items(encoding, this.at + length, depth) }
    }
    return { tag, vr, value: this.take(length, `the element ${tagName(tag)}`) }
  }

  private rest(): Uint8Array {
    return this.bytes.subarray(this.at, Math.min(this.at + 8, this.bytes.length))
  }

  private items(encoding: Encoding, end: number | undefined, depth: number): Element[][] {
    const items: Element[][] = []
    while (end === undefined || this.at < end) {
      this.need(8, 'an item')
      const tag = this.tag(encoding.bigEndian)
      const length = this.uint32(4, encoding.bigEndian)
      if (tag === sequenceEnd) {
        this.at += 8
        if (end === undefined) return items
        continue
      }
      if (tag !== item) throw this.damaged(`a sequence holds ${tagName(tag)} where an item should begin`)
      this.at += 8
      if (length === undefinedLength) items.push(this.dataSet(encoding, undefined, depth + 1))
      else {
        this.need(length, 'an item')
        items.push(this.dataSet(encoding, this.at + length, depth + 1))
      }
    }
    if (this.at > end!) throw this.damaged('an item reaches beyond its sequence')
    return items
  }

  private fragments(bigEndian: boolean): Uint8Array[] {
    const fragments: Uint8Array[] = []
    for (;;) {
      this.need(8, 'a fragment of pixels')
      const tag = this.tag(bigEndian)
      const length = this.uint32(4, bigEndian)
      this.at += 8
      if (tag === sequenceEnd) return fragments
      if (tag !== item) throw this.damaged(`the pixels hold ${tagName(tag)} where a fragment should begin`)
      fragments.push(this.take(length, 'a fragment of pixels'))
    }
  }
}

/**
 * Reads a whole file: Part 10, or a bare data set, or one that lacks only the
 * preamble. Throws FILE_DAMAGED with the byte, FORMAT_UNSUPPORTED for bytes that are not DICOM at all.
 */
export function readDicomFile(bytes: Uint8Array, where: string): DicomFile {
  const bare = hasDicomPreamble(bytes) ? undefined : bareDicomEncoding(bytes)
  if (!hasDicomPreamble(bytes) && bare === undefined) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${where} is not a DICOM file.`, {
      where,
      hint: 'DICOM files have DICM at byte 128, or begin with group 0002 or 0008.',
    })
  }
  const reader = new Reader(bytes, where)
  if (bare === undefined) reader.at = 132
  const meta: Element[] = []
  const explicit: Encoding = { implicit: false, bigEndian: false }
  while (bytes.length - reader.at >= 8 && reader.tag(false) >>> 16 === 2) {
    // One element at a time: the stated group length is often wrong, and the group ends where another begins.
    meta.push(reader.one(explicit))
  }
  const named = meta.find(({ tag }) => tag === 0x00020010)
  let transferSyntax = '1.2.840.10008.1.2.1'
  if (bare?.explicit === false) transferSyntax = '1.2.840.10008.1.2'
  if (bare?.littleEndian === false) transferSyntax = '1.2.840.10008.1.2.2'
  if (named !== undefined || bare === undefined) {
    transferSyntax = asciiOf(named).trim()
    if (!/^[0-9.]{1,64}$/.test(transferSyntax)) throw reader.damaged('no transfer syntax (0002,0010) was named')
  }
  let body = reader
  if (transferSyntax === deflatedSyntax) {
    try {
      const inflated = inflateRawSync(bytes.subarray(reader.at), { maxOutputLength: largestInflated })
      body = new Reader(inflated, where)
    } catch {
      throw reader.damaged('the deflated data set cannot be unpacked')
    }
  }
  return { meta, elements: body.dataSet(encodingOf(transferSyntax), body.bytes.length, 0), transferSyntax }
}

/** A value as characters 0 to 255, without the padding at its end; '' when it is absent. */
export function asciiOf(element: Element | undefined): string {
  const value = element?.value
  if (value === undefined) return ''
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
}

/** The element of a tag at this level. */
export function find(elements: readonly Element[], tag: number): Element | undefined {
  return elements.find((element) => element.tag === tag)
}

function header(tag: number, bigEndian: boolean, size: number): Buffer {
  const head = Buffer.alloc(size)
  if (bigEndian) {
    head.writeUInt16BE(tag >>> 16, 0)
    head.writeUInt16BE(tag & 0xffff, 2)
  } else {
    head.writeUInt16LE(tag >>> 16, 0)
    head.writeUInt16LE(tag & 0xffff, 2)
  }
  return head
}

function withLength(tag: number, length: number, bigEndian: boolean): Buffer {
  const head = header(tag, bigEndian, 8)
  if (bigEndian) head.writeUInt32BE(length, 4)
  else head.writeUInt32LE(length, 4)
  return head
}

function elementHeader(tag: number, vr: string, length: number, { implicit, bigEndian }: Encoding): Buffer {
  if (implicit) return withLength(tag, length, bigEndian)
  const long = longForms.has(vr)
  const head = header(tag, bigEndian, long ? 12 : 8)
  head.write(vr, 4, 'latin1')
  if (long) {
    if (bigEndian) head.writeUInt32BE(length, 8)
    else head.writeUInt32LE(length, 8)
  } else if (length > 0xffff) {
    throw new VesaliusError('DATA_INVALID', `The element ${tagName(tag)} of ${length} bytes is too long for ${vr}.`, {
      where: tagName(tag),
    })
  } else if (bigEndian) head.writeUInt16BE(length, 6)
  else head.writeUInt16LE(length, 6)
  return head
}

/** Bytes of a data set. Sequences and items are written with undefined lengths; group lengths are left out (retired). */
export function writeDataSet(
  elements: readonly Element[],
  encoding: Encoding,
  chunks: Uint8Array[] = [],
): Uint8Array[] {
  const { bigEndian } = encoding
  for (const { tag, vr, value, items, fragments, unknown } of elements) {
    if ((tag & 0xffff) === 0) continue
    if (items !== undefined) {
      const inside = unknown ? { implicit: true, bigEndian: false } : encoding
      chunks.push(elementHeader(tag, vr, undefinedLength, encoding))
      for (const each of items) {
        chunks.push(withLength(item, undefinedLength, inside.bigEndian))
        writeDataSet(each, inside, chunks)
        chunks.push(withLength(itemEnd, 0, inside.bigEndian))
      }
      chunks.push(withLength(sequenceEnd, 0, inside.bigEndian))
    } else if (fragments !== undefined) {
      chunks.push(elementHeader(tag, vr, undefinedLength, encoding))
      for (const fragment of fragments) chunks.push(withLength(item, fragment.length, bigEndian), fragment)
      chunks.push(withLength(sequenceEnd, 0, bigEndian))
    } else if (value !== undefined) {
      chunks.push(elementHeader(tag, vr, value.length, encoding), value)
    }
  }
  return chunks
}

/** A Part 10 file: empty preamble, meta header with its group length, data set in the transfer syntax. */
export function writeDicomFile({ meta, elements, transferSyntax }: DicomFile): Buffer {
  const preamble = Buffer.alloc(132)
  preamble.write('DICM', 128, 'latin1')
  const explicit: Encoding = { implicit: false, bigEndian: false }
  const head = Buffer.concat(writeDataSet(meta, explicit))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(head.length)
  let body = Buffer.concat(writeDataSet(elements, encodingOf(transferSyntax)))
  if (transferSyntax === deflatedSyntax) {
    body = deflateRawSync(body)
    if (body.length % 2 === 1) body = Buffer.concat([body, Buffer.alloc(1)])
  }
  return Buffer.concat([preamble, elementHeader(0x00020000, 'UL', 4, explicit), size, head, body])
}
