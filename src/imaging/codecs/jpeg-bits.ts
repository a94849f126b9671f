/** @file The entropy-coded bits of a JPEG scan: byte stuffing, restart markers, Huffman codes. */

import type { HuffmanTable } from './jpeg-headers.ts'
import { CodecError } from './types.ts'

/** A reader of bits. Past the end it gives zeros a limited number of times, then throws: streams that are cut short end. */
export class JpegBits {
  private at: number
  private readonly bytes: Uint8Array
  private buffer = 0
  private count = 0
  private missing = 0

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes
    this.at = start
  }

  private fill(): void {
    const { bytes } = this
    while (this.count <= 24) {
      let byte = 0
      if (this.at >= bytes.length) {
        this.missing++
      } else {
        byte = bytes[this.at]!
        if (byte === 0xff) {
          const next = bytes[this.at + 1]
          if (next === 0) this.at += 2
          else {
            // A marker: the data of this interval is over.
            byte = 0
            this.missing++
          }
        } else this.at++
      }
      if (this.missing > 64) throw new CodecError('its JPEG stream is cut short')
      this.buffer = (this.buffer << 8) | byte
      this.count += 8
    }
  }

  /** The next value of a Huffman table. */
  decode({ lookup }: HuffmanTable): number {
    if (this.count < 16) this.fill()
    const entry = lookup[(this.buffer >>> (this.count - 16)) & 0xffff]!
    if (entry === 0) throw new CodecError('its JPEG stream holds a code that is not in its table')
    this.count -= entry >> 8
    return entry & 0xff
  }

  /** `length` (0..16) bits as a signed difference (T.81 F.2.2.1, EXTEND). */
  difference(length: number): number {
    if (length === 0) return 0
    if (this.count < length) this.fill()
    const value = (this.buffer >>> (this.count - length)) & ((1 << length) - 1)
    this.count -= length
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value
  }

  /** Steps over a restart marker. */
  restart(): void {
    const { bytes } = this
    this.buffer = 0
    this.count = 0
    this.missing = 0
    while (this.at + 1 < bytes.length) {
      if (bytes[this.at] === 0xff && bytes[this.at + 1]! >= 0xd0 && bytes[this.at + 1]! <= 0xd7) {
        this.at += 2
        return
      }
      if (bytes[this.at] === 0xff && bytes[this.at + 1]! > 0 && bytes[this.at + 1]! !== 0xff) break
      this.at++
    }
    throw new CodecError('its JPEG stream lacks a restart marker')
  }

  /** Where the scan ends: the next marker. */
  end(): number {
    const { bytes } = this
    // Whole bytes that were read ahead may stand behind a marker-free end; the walk looks for the next marker itself.
    while (this.at + 1 < bytes.length && !(bytes[this.at] === 0xff && bytes[this.at + 1]! > 0)) this.at++
    return this.at
  }
}
