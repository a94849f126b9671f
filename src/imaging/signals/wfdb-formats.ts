/** @file How WFDB files store samples (PhysioNet's signal(5)): whole bytes, packed bits, differences. */

import { damagedSignal, unsupportedSignal } from './signal.ts'

const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits)
/** Two bytes, the low one first; a byte behind the end is zero. */
const pair = (data: Uint8Array, at: number): number => (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8)

interface Format {
  /** Bits that a sample takes in the file. */
  bits: number
  /** Sample i of all that are stored one after the other. */
  sample: (data: Uint8Array, i: number) => number
  /** Number that stands for no sample; none in differences. */
  none?: number
}

const formats: Readonly<Record<number, Format>> = {
  // Differences from the sample before.
  8: { bits: 8, sample: (data, i) => signed(data[i]!, 8) },
  16: { bits: 16, sample: (data, i) => signed(pair(data, 2 * i), 16), none: -32768 },
  24: { bits: 24, sample: (data, i) => signed(pair(data, 3 * i) | (data[3 * i + 2]! << 16), 24), none: -8388608 },
  32: { bits: 32, sample: (data, i) => pair(data, 4 * i) | (pair(data, 4 * i + 2) << 16), none: -2147483648 },
  61: { bits: 16, sample: (data, i) => signed((data[2 * i]! << 8) | data[2 * i + 1]!, 16), none: -32768 },
  80: { bits: 8, sample: (data, i) => data[i]! - 128, none: -128 },
  160: { bits: 16, sample: (data, i) => pair(data, 2 * i) - 32768, none: -32768 },
  // Two samples of 12 bits in three bytes.
  212: {
    bits: 12,
    sample(data, i) {
      const at = 3 * (i >> 1)
      const middle = data[at + 1]!
      return signed(i % 2 === 0 ? data[at]! | ((middle & 15) << 8) : data[at + 2]! | ((middle >> 4) << 8), 12)
    },
    none: -2048,
  },
  // Three samples of 10 bits in two pairs of bytes: bits 1 to 10 of each pair, then the upper five of both.
  310: {
    bits: 32 / 3,
    sample(data, i) {
      const [low, high] = [pair(data, 4 * Math.floor(i / 3)), pair(data, 4 * Math.floor(i / 3) + 2)]
      return signed(i % 3 === 0 ? low >> 1 : i % 3 === 1 ? high >> 1 : (low >> 11) | ((high >> 11) << 5), 10)
    },
    none: -512,
  },
  // Three samples of 10 bits in four bytes, one after the other.
  311: {
    bits: 32 / 3,
    sample(data, i) {
      const at = 4 * Math.floor(i / 3)
      return signed((pair(data, at) | (pair(data, at + 2) << 16)) >> (10 * (i % 3)), 10)
    },
    none: -512,
  },
}

/** The format of this number. Throws FORMAT_UNSUPPORTED. */
function formatOf(format: number, where: string): Format {
  const found = formats[format]
  if (found === undefined) throw unsupportedSignal(where, `has the WFDB format ${format}, which is not read`)
  return found
}

/** How many samples a file of this many bytes holds. */
export function samplesIn(bytes: number, format: number, where: string): number {
  return Math.floor((8 * bytes) / formatOf(format, where).bits + 1e-9)
}

/** Stored numbers of one file, in the order of the file; NaN where there is none. Throws FILE_DAMAGED for too few bytes. */
export function storedSamples(data: Uint8Array, format: number, count: number, where: string): Float64Array {
  const { bits, sample, none } = formatOf(format, where)
  // What is packed by threes may end within its last four bytes, at the last byte that holds a bit of a sample.
  const packed = [0, 2, 4][count % 3] as number
  const bytes = format === 310 || format === 311 ? 4 * Math.floor(count / 3) + packed : Math.ceil((count * bits) / 8)
  if (data.length < bytes)
    throw damagedSignal(where, `${count} samples take ${bytes} bytes, and ${data.length} are there`)
  const out = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const value = sample(data, i)
    out[i] = value === none ? Number.NaN : value
  }
  return out
}
