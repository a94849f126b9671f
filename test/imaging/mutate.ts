/** @file Random damage to files: what transfers, disks and malice do to them. */

import type { Random } from '../../src/core/random.ts'

const telling = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]
const lengths = [0, 1, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** A damaged copy of `bytes`; headers, where lengths and sizes stand, are hit more often than the rest. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let out = Buffer.from(bytes)
  const place = (room: number): number => {
    const most = Math.max(1, out.length - room)
    return random.chance(0.6) ? random.int(Math.min(most, 1024)) : random.int(most)
  }
  for (let n = 1 + random.int(4); n > 0; n--) {
    const kind = random.int(7)
    if (out.length < 8) break
    if (kind === 0) out[place(1)]! ^= 1 << random.int(8)
    else if (kind === 1) out[place(1)] = random.pick(telling)
    else if (kind === 2) out[place(1)] = random.int(256)
    else if (kind === 3) {
      const value = random.pick(lengths)
      if (random.chance(0.5)) out.writeUInt32LE(value, place(4))
      else out.writeUInt32BE(value, place(4))
    } else if (kind === 4) out = out.subarray(0, 1 + random.int(out.length))
    else {
      // A piece twice, or gone.
      const from = place(1)
      const length = Math.min(out.length - from, 1 + random.int(64))
      const piece = out.subarray(from, from + length)
      const after = kind === 5 ? [piece, piece] : []
      out = Buffer.concat([out.subarray(0, from), ...after, out.subarray(from + length)])
    }
  }
  return out
}
