/** @file RLE Lossless of DICOM (PS3.5 annex G): PackBits segments, one for each byte of each sample, highest byte first. */

import { CodecError } from './types.ts'

/** Unpacks one segment into every `stride`-th byte of `out` from `start`. Returns the bytes written. */
function unpackBits(data: Uint8Array, out: Uint8Array, start: number, stride: number, count: number): number {
  let written = 0
  let at = 0
  let to = start
  while (at < data.length && written < count) {
    const code = data[at++]!
    if (code < 128) {
      const run = Math.min(code + 1, count - written, data.length - at)
      for (let i = 0; i < run; i++, to += stride) out[to] = data[at + i]!
      at += code + 1
      written += run
    } else if (code > 128) {
      if (at >= data.length) break
      const value = data[at++]!
      const run = Math.min(257 - code, count - written)
      for (let i = 0; i < run; i++, to += stride) out[to] = value
      written += run
    }
  }
  return written
}

/**
 * Samples of one frame as little-endian bytes, held by plane: [samples, pixels, bytes a sample]. Throws {@link CodecError}
 * when segments are missing or too short.
 */
export function decodeRle(bytes: Uint8Array, pixels: number, samples: number, bytesPerSample: number): Uint8Array {
  if (bytes.length < 64) throw new CodecError('its RLE header is cut short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const segments = view.getUint32(0, true)
  if (segments !== samples * bytesPerSample) {
    throw new CodecError(`it has ${segments} RLE segments and needs ${samples * bytesPerSample}`)
  }
  const out = new Uint8Array(pixels * samples * bytesPerSample)
  for (let s = 0; s < segments; s++) {
    const from = view.getUint32(4 + 4 * s, true)
    const to = s + 1 < segments ? view.getUint32(8 + 4 * s, true) : bytes.length
    if (from < 64 || from > to || to > bytes.length) throw new CodecError(`RLE segment ${s} lies outside the frame`)
    const plane = Math.trunc(s / bytesPerSample)
    const byte = bytesPerSample - 1 - (s % bytesPerSample)
    const start = plane * pixels * bytesPerSample + byte
    const written = unpackBits(bytes.subarray(from, to), out, start, bytesPerSample, pixels)
    if (written < pixels) throw new CodecError(`RLE segment ${s} ends after ${written} of ${pixels} bytes`)
  }
  return out
}
