/**
 * @file The elements of a DICOM data set (PS3.5 section 7): where each value lies, sequences as nested data sets. Values are
 * not copied and nothing is decoded. Made for files that break the rules: every read is bounded, nesting and number of
 * elements are limited, and an element that cannot be right ends the parse with one sentence.
 */

/** How elements are written. */
export interface Encoding {
  explicit: boolean
  littleEndian: boolean
}

/** One element: where its value lies in `bytes` of its data set. */
export interface DicomElement {
  /** Group and element: 0x00280010 for Rows. */
  tag: number
  /** Value representation, '' where the encoding does not say. */
  vr: string
  /** First byte of the value. */
  start: number
  /** Bytes of the value; for a value of undefined length what was found, or all that is left for pixel data. */
  length: number
  undefinedLength: boolean
  /** Of a sequence. */
  items?: DataSet[]
}

/** Elements by tag, and the bytes their positions refer to. */
export interface DataSet extends Encoding {
  elements: Map<number, DicomElement>
  bytes: Uint8Array
  view: DataView
}

/** What is wrong with a data set; positions are bytes of the (inflated) file. */
export class DicomSyntaxError extends Error {}

export const pixelData = 0x7fe00010
const item = 0xfffee000
const itemEnd = 0xfffee00d
const sequenceEnd = 0xfffee0dd
const undefinedLength = 0xffffffff
/** Deeper than any real file (structured reports reach about 20), and shallow enough for the stack. */
const deepest = 64
/** More elements than real files have; each costs memory. */
const mostElements = 500_000

const shortForms = new Set(
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(' '),
)
/** Representations whose length takes 4 bytes (PS3.5 table 7.1-1). */
const longForms = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))

/** True for two letters that are a value representation. */
export function isRepresentation(vr: string): boolean {
  return shortForms.has(vr)
}

interface Reader {
  bytes: Uint8Array
  view: DataView
  elements: number
}

function tagName(tag: number): string {
  const hex = tag.toString(16).toUpperCase().padStart(8, '0')
  return `(${hex.slice(0, 4)},${hex.slice(4)})`
}

function readTag(reader: Reader, at: number, end: number, littleEndian: boolean): number {
  if (at + 4 > end) throw new DicomSyntaxError(`an element is cut short at byte ${at}`)
  return reader.view.getUint16(at, littleEndian) * 0x10000 + reader.view.getUint16(at + 2, littleEndian)
}

interface Head {
  tag: number
  vr: string
  length: number
  start: number
}

/** Tag, representation and length. Elements that lack a representation in an explicit file are read as implicit ones. */
function readHead(reader: Reader, at: number, end: number, { explicit, littleEndian }: Encoding): Head {
  const tag = readTag(reader, at, end, littleEndian)
  const { view, bytes } = reader
  if (at + 8 > end) throw new DicomSyntaxError(`the element ${tagName(tag)} at byte ${at} is cut short`)
  const delimiter = tag === item || tag === itemEnd || tag === sequenceEnd
  if (explicit && !delimiter) {
    const vr = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!)
    if (longForms.has(vr)) {
      if (at + 12 > end) throw new DicomSyntaxError(`the element ${tagName(tag)} at byte ${at} is cut short`)
      return { tag, vr, length: view.getUint32(at + 8, littleEndian), start: at + 12 }
    }
    if (shortForms.has(vr)) return { tag, vr, length: view.getUint16(at + 6, littleEndian), start: at + 8 }
    // Representations of the future have two capitals and the long form (PS3.5 section 6.2.2).
    if (/^[A-Z]{2}$/.test(vr) && bytes[at + 6] === 0 && bytes[at + 7] === 0 && at + 12 <= end)
      return { tag, vr, length: view.getUint32(at + 8, littleEndian), start: at + 12 }
  }
  return { tag, vr: '', length: view.getUint32(at + 4, littleEndian), start: at + 8 }
}

/** The end of fragments: behind the sequence delimiter, or the end of the data when it is missing. */
function skipFragments(reader: Reader, from: number, end: number, littleEndian: boolean): number {
  let at = from
  while (at + 8 <= end) {
    const tag = readTag(reader, at, end, littleEndian)
    const length = reader.view.getUint32(at + 4, littleEndian)
    at += 8
    if (tag === sequenceEnd) return at
    if (tag !== item || length === undefinedLength) break
    at += length
  }
  return end
}

/** Items up to the delimiter or `end`; returns the items and the position behind them. */
function readItems(
  reader: Reader,
  from: number,
  end: number,
  encoding: Encoding,
  depth: number,
): { items: DataSet[]; end: number } {
  if (depth > deepest) throw new DicomSyntaxError(`sequences are nested deeper than ${deepest}`)
  const items: DataSet[] = []
  let at = from
  while (at + 8 <= end) {
    const tag = readTag(reader, at, end, encoding.littleEndian)
    const length = reader.view.getUint32(at + 4, encoding.littleEndian)
    if (tag === sequenceEnd) return { items, end: at + 8 }
    if (tag !== item) throw new DicomSyntaxError(`${tagName(tag)} at byte ${at} stands where an item should`)
    if (length !== undefinedLength && at + 8 + length > end)
      throw new DicomSyntaxError(`an item at byte ${at} is longer than its sequence`)
    const inner = readElements(reader, at + 8, length === undefinedLength ? end : at + 8 + length, encoding, depth)
    items.push(inner.dataSet)
    at = length === undefinedLength ? inner.end : at + 8 + length
  }
  return { items, end }
}

/** True when the value begins like a sequence; implicit files do not say. */
function looksLikeItems(reader: Reader, { start, length }: Head, littleEndian: boolean): boolean {
  return length >= 8 && readTag(reader, start, start + 8, littleEndian) === item
}

function readElements(
  reader: Reader,
  from: number,
  end: number,
  encoding: Encoding,
  depth: number,
): { dataSet: DataSet; end: number } {
  const elements = new Map<number, DicomElement>()
  const dataSet: DataSet = { ...encoding, elements, bytes: reader.bytes, view: reader.view }
  let at = from
  while (at + 8 <= end) {
    const head = readHead(reader, at, end, encoding)
    const { tag, vr, start } = head
    if (tag === itemEnd) return { dataSet, end: start }
    if (++reader.elements > mostElements) throw new DicomSyntaxError(`it has more than ${mostElements} elements`)
    const unknownLength = head.length === undefinedLength
    const left = end - start
    const element: DicomElement = {
      tag,
      vr,
      start,
      length: Math.min(head.length, left),
      undefinedLength: unknownLength,
    }
    if (tag === pixelData && depth === 0) {
      elements.set(tag, element)
      return { dataSet, end: start + element.length }
    }
    if (!unknownLength && head.length > left) {
      // Padding of zeros behind the data set is not an element.
      if (tag === 0) return { dataSet, end }
      throw new DicomSyntaxError(`the element ${tagName(tag)} at byte ${at} is longer than what is left`)
    }
    if (unknownLength) {
      const binary = vr !== '' && vr !== 'SQ' && vr !== 'UN'
      if (binary || tag === pixelData) {
        at = skipFragments(reader, start, end, encoding.littleEndian)
      } else {
        // UN of undefined length is a sequence in implicit little endian (PS3.5 section 6.2.2, note 7).
        const inside = vr === 'UN' ? { explicit: false, littleEndian: true } : encoding
        const found = readItems(reader, start, end, inside, depth + 1)
        element.items = found.items
        at = found.end
      }
      element.length = at - start
    } else {
      at = start + head.length
      if (vr === 'SQ') element.items = readItems(reader, start, at, encoding, depth + 1).items
      else if (vr === '' && looksLikeItems(reader, head, encoding.littleEndian))
        element.items = attemptItems(reader, start, at, encoding, depth + 1)
    }
    elements.set(tag, element)
  }
  return { dataSet, end: at }
}

/** Bytes that began like items may be something else. */
function attemptItems(reader: Reader, start: number, end: number, encoding: Encoding, depth: number) {
  try {
    return readItems(reader, start, end, encoding, depth).items
  } catch (error) {
    if (error instanceof DicomSyntaxError && depth <= deepest && reader.elements <= mostElements) return undefined
    throw error
  }
}

/** Elements of `bytes` from `from` up to and including Pixel Data. Throws {@link DicomSyntaxError}. */
export function parseDataSet(bytes: Uint8Array, from: number, encoding: Encoding): DataSet {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return readElements({ bytes, view, elements: 0 }, from, bytes.length, encoding, 0).dataSet
}

/** The elements of group 0002 from `from` (explicit little endian, PS3.10 section 7.1), and where the data set begins. */
export function parseMeta(bytes: Uint8Array, from: number): { meta: DataSet; end: number } {
  const encoding: Encoding = { explicit: true, littleEndian: true }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader: Reader = { bytes, view, elements: 0 }
  const meta: DataSet = { ...encoding, elements: new Map(), bytes, view }
  let at = from
  while (at + 8 <= bytes.length && view.getUint16(at, true) === 2) {
    const { tag, vr, length, start } = readHead(reader, at, bytes.length, encoding)
    if (length > bytes.length - start)
      throw new DicomSyntaxError(`the element ${tagName(tag)} at byte ${at} is longer than what is left`)
    meta.elements.set(tag, { tag, vr, start, length, undefinedLength: false })
    at = start + length
  }
  return { meta, end: at }
}
