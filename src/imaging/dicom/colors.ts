/** @file Stored colours of DICOM to RGB in 0..1: RGB, YBR (PS3.3 C.7.6.3.1.2) and palettes (C.7.6.3.1.5, C.7.9.2). */

import type { Step } from '../types.ts'
import { bytesOf, pixelValueOf, unsignedOf, wordsOf } from './fields.ts'
import { damagedDicom } from './header.ts'
import type { PixelLayout } from './layout.ts'
import type { DataSet } from './parse.ts'
import type { StoredFrame } from './samples.ts'
import type { StoredValues } from './unpack.ts'

export interface Colors {
  /** [rows, columns, 3] in 0..1. */
  values: Float32Array
  steps: Step[]
}

/** Samples of three to RGB. */
export function toColors({ values: samples, rgb }: StoredFrame, { bitsStored, photometric }: PixelLayout): Colors {
  const top = 2 ** bitsStored - 1
  const values = new Float32Array(samples.length)
  if (rgb || photometric === 'RGB' || photometric === 'YBR_RCT' || photometric === 'YBR_ICT') {
    for (let i = 0; i < samples.length; i++) values[i] = samples[i]! / top
    return {
      values,
      steps: photometric === 'RGB' ? [] : [{ step: 'color', note: `${photometric} to RGB by the decoder` }],
    }
  }
  const half = 2 ** (bitsStored - 1)
  const unit = (x: number): number => Math.min(1, Math.max(0, x / top))
  for (let i = 0; i < samples.length; i += 3) {
    const y = samples[i]!
    const cb = samples[i + 1]! - half
    const cr = samples[i + 2]! - half
    values[i] = unit(y + 1.402 * cr)
    values[i + 1] = unit(y - 0.344136 * cb - 0.714136 * cr)
    values[i + 2] = unit(y + 1.772 * cb)
  }
  return { values, steps: [{ step: 'color', note: `${photometric} to RGB` }] }
}

/** Segmented Palette Color Lookup Table Data (PS3.3 C.7.9.2): discrete, linear and indirect segments. */
function segmented(words: Uint16Array, entries: number): Uint16Array | undefined {
  const out = new Uint16Array(entries)
  let filled = 0
  const run = (from: number, segments: number, depth: number): number => {
    let at = from
    for (let s = 0; s < segments && at + 1 < words.length && filled < entries; s++) {
      const opcode = words[at]!
      const length = words[at + 1]!
      if (opcode === 0) {
        for (let i = 0; i < length && filled < entries; i++) out[filled++] = words[at + 2 + i] ?? 0
        at += 2 + length
      } else if (opcode === 1) {
        const start = filled > 0 ? out[filled - 1]! : 0
        const end = words[at + 2] ?? 0
        for (let i = 1; i <= length && filled < entries; i++)
          out[filled++] = Math.round(start + ((end - start) * i) / length)
        at += 3
      } else if (opcode === 2 && depth === 0) {
        const byte = (words[at + 2] ?? 0) + 65536 * (words[at + 3] ?? 0)
        run(Math.trunc(byte / 2), length, depth + 1)
        at += 4
      } else return words.length
    }
    return at
  }
  run(0, Number.POSITIVE_INFINITY, 0)
  return filled === entries ? out : undefined
}

interface Palette {
  first: number
  /** Largest value an entry can have. */
  top: number
  entries: ArrayLike<number>
}

/** One of the three tables; `channel` 0 is red. */
function paletteOf(dataSet: DataSet, channel: number, signed: boolean): Palette | undefined {
  const descriptor = 0x00281101 + channel
  const count = unsignedOf(dataSet, descriptor, 0)
  const first = pixelValueOf(dataSet, descriptor, signed, 1)
  const bits = unsignedOf(dataSet, descriptor, 2)
  if (count === undefined || first === undefined || (bits !== 8 && bits !== 16)) return undefined
  const length = count === 0 ? 65536 : count
  const plain = bytesOf(dataSet, 0x00281201 + channel)
  const words = wordsOf(dataSet, plain === undefined ? 0x00281221 + channel : 0x00281201 + channel)
  if (words === undefined) return undefined
  if (plain === undefined) {
    const entries = segmented(words, length)
    return entries === undefined ? undefined : { first, top: 2 ** bits - 1, entries }
  }
  // Entries of 8 bits are packed in bytes, or take a word each; some of those fill the high byte.
  if (plain.length < 2 * length) return plain.length < length ? undefined : { first, top: 255, entries: plain }
  const largest = words.subarray(0, length).reduce((most, word) => Math.max(most, word), 0)
  return { first, top: bits === 16 || largest > 255 ? 65535 : 255, entries: words }
}

/** Values of PALETTE COLOR to RGB; outside the table its ends count. Throws FILE_DAMAGED when a table is missing. */
export function fromPalette(values: StoredValues, dataSet: DataSet, signed: boolean, where: string): Colors {
  const out = new Float32Array(values.length * 3)
  for (let channel = 0; channel < 3; channel++) {
    const palette = paletteOf(dataSet, channel, signed)
    if (palette === undefined) throw damagedDicom(where, 'its palette (0028,1201) is incomplete')
    const { first, top, entries } = palette
    const count = unsignedOf(dataSet, 0x00281101 + channel, 0) || 65536
    for (let i = 0, to = channel; i < values.length; i++, to += 3) {
      const index = Math.min(count - 1, Math.max(0, values[i]! - first))
      out[to] = entries[index]! / top
    }
  }
  return { values: out, steps: [{ step: 'color', note: 'palette to RGB' }] }
}
