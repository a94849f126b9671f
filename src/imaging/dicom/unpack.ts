/** @file Uncompressed bytes of a DICOM frame to stored values: bit depth, byte order, sign, planes, shared colour differences. */

import type { PixelLayout } from './layout.ts'

/** Stored values of one frame, [rows, columns, samples], as small as they fit. */
export type StoredValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

/** An array for the values of a layout. */
export function storedArray({ bitsAllocated, signed, float }: PixelLayout, length: number): StoredValues {
  if (float) return bitsAllocated === 64 ? new Float64Array(length) : new Float32Array(length)
  if (bitsAllocated <= 8) return signed ? new Int8Array(length) : new Uint8Array(length)
  if (bitsAllocated === 16) return signed ? new Int16Array(length) : new Uint16Array(length)
  return signed ? new Int32Array(length) : new Uint32Array(length)
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Bytes as an array of the layout's type, in this machine's byte order. Always a copy. */
function typed(data: Uint8Array, layout: PixelLayout, bigEndian: boolean): StoredValues {
  const size = layout.bitsAllocated / 8
  const length = Math.trunc(data.length / size)
  const out = storedArray(layout, length)
  const raw = Buffer.from(out.buffer)
  raw.set(data.subarray(0, length * size))
  if (size > 1 && bigEndian === hostIsLittle) {
    if (size === 2) raw.swap16()
    else if (size === 4) raw.swap32()
    else raw.swap64()
  }
  return out
}

/** Keeps the stored bits and their sign, in place; what stands above or below them is an overlay or rubbish. */
export function maskStored(
  values: StoredValues,
  { bitsAllocated, bitsStored, highBit, signed, float }: PixelLayout,
): void {
  if (float || bitsAllocated === 1 || (bitsStored === bitsAllocated && highBit === bitsAllocated - 1)) return
  // Shifting up drops what is above, shifting down what is below; the second shift carries the sign.
  const up = 32 - 1 - highBit
  const down = 32 - bitsStored
  if (values instanceof Uint16Array && highBit === bitsStored - 1 && values.byteOffset % 4 === 0) {
    // Two at a time.
    const mask = 2 ** bitsStored - 1
    const pairs = new Uint32Array(values.buffer, values.byteOffset, values.length >> 1)
    for (let i = 0; i < pairs.length; i++) pairs[i] = pairs[i]! & (mask * 0x10001)
    if (values.length % 2 === 1) values[values.length - 1]! &= mask
  } else if (signed) for (let i = 0; i < values.length; i++) values[i] = (values[i]! << up) >> down
  else for (let i = 0; i < values.length; i++) values[i] = (values[i]! << up) >>> down
}

/** Values held by plane (all of red, all of green, all of blue) to values held by pixel. */
export function interleave(values: StoredValues, samples: number): StoredValues {
  const pixels = Math.trunc(values.length / samples)
  const out = values.slice()
  for (let c = 0; c < samples; c++) {
    for (let i = 0, from = c * pixels, to = c; i < pixels; i++, from++, to += samples) out[to] = values[from]!
  }
  return out
}

/** Y Y Cb Cr for two pixels of a row (PS3.3 C.7.6.3.1.2) to Y Cb Cr for each. */
function spreadDifferences(values: StoredValues, layout: PixelLayout): StoredValues {
  const { rows, columns } = layout
  const pairs = Math.ceil(columns / 2)
  const out = storedArray(layout, rows * columns * 3)
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to += 3) {
      const start = (y * pairs + (x >> 1)) * 4
      out[to] = values[start + (x & 1)]!
      out[to + 1] = values[start + 2]!
      out[to + 2] = values[start + 3]!
    }
  }
  return out
}

/** Single bits, lowest first (PS3.5 D.2); `first` is the bit at which the frame begins. */
function bitsOf(data: Uint8Array, first: number, count: number): Uint8Array {
  const out = new Uint8Array(count)
  for (let i = 0, bit = first; i < count; i++, bit++) out[i] = (data[bit >> 3]! >> (bit & 7)) & 1
  return out
}

/** Stored values [rows, columns, samples] of the uncompressed bytes of one frame; `firstBit` only for single bits. */
export function unpack(data: Uint8Array, layout: PixelLayout, bigEndian: boolean, firstBit = 0): StoredValues {
  const { rows, columns, samples, photometric, planar, bitsAllocated } = layout
  if (bitsAllocated === 1) return bitsOf(data, firstBit, rows * columns * samples)
  let values = typed(data, layout, bigEndian)
  maskStored(values, layout)
  if (photometric === 'YBR_FULL_422') values = spreadDifferences(values, layout)
  else if (planar) values = interleave(values, samples)
  return values
}
