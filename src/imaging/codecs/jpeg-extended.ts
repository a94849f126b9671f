/**
 * @file JPEG with 12 bits a sample (ITU-T T.81 process 4, sequential, Huffman): DICOM's JPEG Extended. No package for
 * JavaScript reads it. The inverse cosine transform is done in 64-bit arithmetic, so values differ from libjpeg's integer
 * transform by at most 1.
 */

import { JpegBits } from './jpeg-bits.ts'
import { type HuffmanTable, type JpegFrame, type JpegScan, type JpegTables, walkJpeg } from './jpeg-headers.ts'
import { requireSize } from './jpeg-lossless.ts'
import { CodecError, type DecodedStream, type StreamFrame } from './types.ts'

/** Place in the 8 x 8 block of each coefficient in zig-zag order. */
// biome-ignore format: rows of a table
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]

/** cosines[x * 8 + u] = C(u) / 2 * cos((2 x + 1) u pi / 16). */
const cosines = Float64Array.from({ length: 64 }, (_, i) => {
  const x = i >> 3
  const u = i & 7
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16)
})

/** Inverse transform of one block, rows then columns. */
function inverse(block: Float64Array, out: Float64Array, half: Float64Array): void {
  for (let v = 0; v < 8; v++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0
      for (let u = 0; u < 8; u++) sum += cosines[x * 8 + u]! * block[v * 8 + u]!
      half[v * 8 + x] = sum
    }
  }
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0
      for (let v = 0; v < 8; v++) sum += cosines[y * 8 + v]! * half[v * 8 + x]!
      out[y * 8 + x] = sum
    }
  }
}

function readBlock(
  bits: JpegBits,
  dc: HuffmanTable,
  ac: HuffmanTable,
  quantisation: Uint16Array,
  previous: number,
  block: Float64Array,
): number {
  block.fill(0)
  const length = bits.decode(dc)
  if (length > 16) throw new CodecError('its JPEG stream holds an impossible coefficient')
  const value = previous + bits.difference(length)
  block[0] = value * quantisation[0]!
  for (let k = 1; k < 64; k++) {
    const code = bits.decode(ac)
    const size = code & 15
    if (size === 0) {
      if (code !== 0xf0) break
      k += 15
      continue
    }
    k += code >> 4
    if (k > 63) throw new CodecError('a block of its JPEG stream is too long')
    block[zigzag[k]!] = bits.difference(size) * quantisation[k]!
  }
  return value
}

function decodeScan(
  bytes: Uint8Array,
  { width, height, precision, components }: JpegFrame,
  scan: JpegScan,
  tables: JpegTables,
  out: Uint16Array,
): number {
  const bits = new JpegBits(bytes, scan.start)
  const samples = components.length
  const top = 2 ** precision - 1
  const middle = 2 ** (precision - 1)
  const block = new Float64Array(64)
  const half = new Float64Array(64)
  const pixels = new Float64Array(64)
  const parts = scan.components.map(({ index, dc, ac }) => {
    const quantisation = tables.quantisation[components[index]!.quantisation]
    const [direct, alternating] = [tables.dc[dc], tables.ac[ac]]
    if (quantisation === undefined || direct === undefined || alternating === undefined)
      throw new CodecError('its JPEG stream lacks a table')
    return { index, quantisation, direct, alternating, previous: 0 }
  })
  let left = tables.restartInterval
  for (let y = 0; y < height; y += 8) {
    for (let x = 0; x < width; x += 8) {
      if (tables.restartInterval > 0 && left === 0) {
        bits.restart()
        left = tables.restartInterval
        for (const part of parts) part.previous = 0
      }
      left--
      for (const part of parts) {
        part.previous = readBlock(bits, part.direct, part.alternating, part.quantisation, part.previous, block)
        inverse(block, pixels, half)
        const right = Math.min(8, width - x)
        for (let j = 0; j < Math.min(8, height - y); j++) {
          for (let i = 0; i < right; i++) {
            const value = Math.round(pixels[j * 8 + i]!) + middle
            out[((y + j) * width + x + i) * samples + part.index] = Math.max(0, Math.min(value, top))
          }
        }
      }
    }
  }
  return bits.end()
}

/** Decodes a sequential JPEG stream of 9 to 12 bits without subsampling. Throws {@link CodecError}. */
export function decodeJpegExtended(bytes: Uint8Array, expected: StreamFrame): DecodedStream {
  let frame: JpegFrame | undefined
  let out: Uint16Array | undefined
  const seen = new Set<number>()
  walkJpeg(
    bytes,
    (found) => {
      if (found.marker !== 0xc1 && found.marker !== 0xc0)
        throw new CodecError('its 12-bit JPEG stream is not a sequential one')
      if (found.precision < 8 || found.precision > 12) throw new CodecError(`it has ${found.precision} bits a sample`)
      if (found.components.some(({ h, v }) => found.components.length > 1 && (h !== 1 || v !== 1)))
        throw new CodecError('its 12-bit JPEG stream has subsampled colours')
      requireSize(found, expected)
      frame = found
      out = new Uint16Array(found.width * found.height * found.components.length)
    },
    (scan, tables) => {
      for (const { index } of scan.components) seen.add(index)
      return decodeScan(bytes, frame!, scan, tables, out!)
    },
  )
  if (frame === undefined || out === undefined || seen.size < frame.components.length)
    throw new CodecError('its JPEG stream ends before its pixels')
  return { values: out, precision: frame.precision }
}
