/** @file The segments of a JPEG stream (ITU-T T.81 annex B): frame, scans, Huffman and quantisation tables. */

import { CodecError } from './types.ts'

export interface JpegComponent {
  id: number
  /** Sampling factors, horizontal and vertical. */
  h: number
  v: number
  quantisation: number
}

/** Marker of the frame header: 0xc0 baseline, 0xc1 extended, 0xc2 progressive, 0xc3 lossless. */
export interface JpegFrame {
  marker: number
  precision: number
  width: number
  height: number
  components: JpegComponent[]
}

/** One Huffman table: codes of up to 16 bits to values, looked up 16 bits at a time. */
export interface HuffmanTable {
  /** By the next 16 bits: length of the code in the high byte, value in the low one; 0 where no code fits. */
  lookup: Uint16Array
}

export interface JpegScan {
  /** Components in the order of the scan, with their tables. */
  components: { index: number; dc: number; ac: number }[]
  /** Ss: the predictor of a lossless scan. */
  selection: number
  /** Al: the point transform. */
  shift: number
  /** First byte of entropy-coded data. */
  start: number
}

/** Tables in force at a scan. */
export interface JpegTables {
  dc: (HuffmanTable | undefined)[]
  ac: (HuffmanTable | undefined)[]
  /** In zig-zag order, 64 values. */
  quantisation: (Uint16Array | undefined)[]
  restartInterval: number
}

/** Builds a table from the number of codes of each length and their values (T.81 annex C). */
function huffmanTable(counts: Uint8Array, values: Uint8Array): HuffmanTable {
  const lookup = new Uint16Array(65536)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < counts[length - 1]!; i++) {
      const first = code << (16 - length)
      const end = first + (1 << (16 - length))
      if (end > 65536) throw new CodecError('a Huffman table of its JPEG stream has too many codes')
      lookup.fill((length << 8) | values[index++]!, first, end)
      code++
    }
    code <<= 1
  }
  return { lookup }
}

function readHuffman(data: Uint8Array, tables: JpegTables): void {
  let at = 0
  while (at + 17 <= data.length) {
    const target = data[at]!
    const counts = data.subarray(at + 1, at + 17)
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (at + 17 + total > data.length || total > 256) throw new CodecError('a Huffman table is cut short')
    const list = target >> 4 === 0 ? tables.dc : tables.ac
    list[target & 3] = huffmanTable(counts, data.subarray(at + 17, at + 17 + total))
    at += 17 + total
  }
}

function readQuantisation(data: Uint8Array, tables: JpegTables): void {
  let at = 0
  while (at < data.length) {
    const wide = data[at]! >> 4 !== 0
    const size = wide ? 128 : 64
    if (at + 1 + size > data.length) throw new CodecError('a quantisation table is cut short')
    const table = new Uint16Array(64)
    for (let i = 0; i < 64; i++)
      table[i] = wide ? (data[at + 1 + 2 * i]! << 8) | data[at + 2 + 2 * i]! : data[at + 1 + i]!
    tables.quantisation[data[at]! & 3] = table
    at += 1 + size
  }
}

function readFrame(marker: number, data: Uint8Array): JpegFrame {
  const count = data[5] ?? 0
  if (data.length < 6 + 3 * count || count === 0)
    throw new CodecError('the frame header of its JPEG stream is cut short')
  const components = Array.from({ length: count }, (_, i) => ({
    id: data[6 + 3 * i]!,
    h: data[7 + 3 * i]! >> 4,
    v: data[7 + 3 * i]! & 15,
    quantisation: data[8 + 3 * i]! & 3,
  }))
  if (components.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4))
    throw new CodecError('a sampling factor is wrong')
  return {
    marker,
    precision: data[0]!,
    height: (data[1]! << 8) | data[2]!,
    width: (data[3]! << 8) | data[4]!,
    components,
  }
}

function readScan(data: Uint8Array, frame: JpegFrame, start: number): JpegScan {
  const count = data[0] ?? 0
  if (data.length < 4 + 2 * count || count === 0) throw new CodecError('a scan header is cut short')
  const components = Array.from({ length: count }, (_, i) => {
    const index = frame.components.findIndex(({ id }) => id === data[1 + 2 * i])
    if (index < 0) throw new CodecError('a scan names a component that is not there')
    return { index, dc: (data[2 + 2 * i]! >> 4) & 3, ac: data[2 + 2 * i]! & 3 }
  })
  return { components, selection: data[1 + 2 * count]!, shift: data[3 + 2 * count]! & 15, start }
}

/** Walks over the segments of a JPEG stream and calls `scan` at each scan; `frame` is called once, before anything else. */
export function walkJpeg(
  bytes: Uint8Array,
  onFrame: (frame: JpegFrame) => void,
  onScan?: (scan: JpegScan, tables: JpegTables) => number,
): void {
  const tables: JpegTables = { dc: [], ac: [], quantisation: [], restartInterval: 0 }
  let frame: JpegFrame | undefined
  let at = 2
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new CodecError('its pixels are not a JPEG stream')
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at++
      continue
    }
    const marker = bytes[at + 1]!
    if (marker === 0xff || marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    if (marker === 0xd9) return
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const data = bytes.subarray(at + 4, at + 2 + length)
    if (length < 2) throw new CodecError('a segment of its JPEG stream has an impossible length')
    at += 2 + length
    if (marker === 0xc4) readHuffman(data, tables)
    else if (marker === 0xdb) readQuantisation(data, tables)
    else if (marker === 0xdd) tables.restartInterval = ((data[0] ?? 0) << 8) | (data[1] ?? 0)
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (frame !== undefined) throw new CodecError('its JPEG stream has two frame headers')
      frame = readFrame(marker, data)
      onFrame(frame)
    } else if (marker === 0xda) {
      if (frame === undefined) throw new CodecError('its JPEG stream has no frame header')
      if (onScan === undefined) return
      at = onScan(readScan(data, frame, at), tables)
    }
  }
}

/** The frame header of a JPEG stream. Throws {@link CodecError} when there is none. */
export function jpegFrameOf(bytes: Uint8Array): JpegFrame {
  let found: JpegFrame | undefined
  walkJpeg(bytes, (frame) => {
    found = frame
  })
  if (found === undefined) throw new CodecError('its JPEG stream has no frame header')
  return found
}
