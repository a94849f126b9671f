/** @file JPEG lossless (ITU-T T.81 annex H, Huffman): DICOM's processes 14 and 14 SV1, all seven predictors, 2 to 16 bits. */

import { JpegBits } from './jpeg-bits.ts'
import { type JpegFrame, type JpegScan, type JpegTables, walkJpeg } from './jpeg-headers.ts'
import { CodecError, type DecodedStream, type StreamFrame } from './types.ts'

/** Decodes one scan into `out` [height, width, samples]. Returns where the scan ends. */
function decodeScan(
  bytes: Uint8Array,
  frame: JpegFrame,
  scan: JpegScan,
  { dc, restartInterval }: JpegTables,
  out: Uint8Array | Uint16Array,
): number {
  const { width, height, precision, components } = frame
  const { selection, shift } = scan
  if (selection < 1 || selection > 7) throw new CodecError(`its JPEG stream has the predictor ${selection}`)
  const samples = components.length
  const row = width * samples
  const bits = new JpegBits(bytes, scan.start)
  const tables = scan.components.map(({ dc: at }) => dc[at])
  const places = scan.components.map(({ index }) => index)
  const first = 1 << Math.max(0, precision - shift - 1)
  const mask = 2 ** (precision - shift) - 1
  const parts = places.length
  let left = restartInterval
  // After a restart prediction begins anew, as in the first line.
  let firstLine = true
  let interval = true
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (restartInterval > 0 && left === 0) {
        bits.restart()
        left = restartInterval
        interval = true
        firstLine = true
      }
      for (let k = 0; k < parts; k++) {
        const at = y * row + x * samples + places[k]!
        const table = tables[k]
        if (table === undefined) throw new CodecError('its JPEG stream lacks a Huffman table')
        const length = bits.decode(table)
        if (length > 16) throw new CodecError('its JPEG stream holds an impossible difference')
        const difference = length === 16 ? 32768 : bits.difference(length)
        let prediction: number
        if (interval) prediction = first
        else if (firstLine) prediction = out[at - samples]!
        else if (x === 0) prediction = out[at - row]!
        else {
          const a = out[at - samples]!
          const b = out[at - row]!
          const c = out[at - row - samples]!
          if (selection === 1) prediction = a
          else if (selection === 2) prediction = b
          else if (selection === 3) prediction = c
          else if (selection === 4) prediction = a + b - c
          else if (selection === 5) prediction = a + ((b - c) >> 1)
          else if (selection === 6) prediction = b + ((a - c) >> 1)
          else prediction = (a + b) >> 1
        }
        out[at] = (prediction + difference) & mask
      }
      interval = false
      left--
    }
    firstLine = false
  }
  return bits.end()
}

/** Decodes a lossless JPEG stream. Throws {@link CodecError}. */
export function decodeJpegLossless(bytes: Uint8Array, expected: StreamFrame): DecodedStream {
  let frame: JpegFrame | undefined
  let out: Uint8Array | Uint16Array | undefined
  let point = 0
  const seen = new Set<number>()
  walkJpeg(
    bytes,
    (found) => {
      frame = found
      if (found.marker !== 0xc3) throw new CodecError('its JPEG stream is not a lossless one')
      if (found.precision < 2 || found.precision > 16) throw new CodecError(`it has ${found.precision} bits a sample`)
      requireSize(found, expected)
      if (found.components.some(({ h, v }) => h !== found.components[0]!.h || v !== found.components[0]!.v))
        throw new CodecError('its lossless JPEG stream has components of several sizes')
      const length = found.width * found.height * found.components.length
      out = found.precision > 8 ? new Uint16Array(length) : new Uint8Array(length)
    },
    (scan, tables) => {
      point = scan.shift
      for (const { index } of scan.components) seen.add(index)
      return decodeScan(bytes, frame!, scan, tables, out!)
    },
  )
  if (frame === undefined || out === undefined || seen.size < frame.components.length)
    throw new CodecError('its JPEG stream ends before its pixels')
  if (point > 0) for (let i = 0; i < out.length; i++) out[i] = out[i]! << point
  return { values: out, precision: frame.precision }
}

/** A stream of another size than the file's header would be cut or stretched; memory is taken only for what is expected. */
export function requireSize(
  { width, height, components }: { width: number; height: number; components: { length: number } },
  expected: StreamFrame,
): void {
  if (width !== expected.width || height !== expected.height) {
    throw new CodecError(
      `its picture has ${width} x ${height} pixels and its header says ${expected.width} x ${expected.height}`,
    )
  }
  if (components.length !== expected.samples) {
    throw new CodecError(`its picture has ${components.length} components and its header says ${expected.samples}`)
  }
}
