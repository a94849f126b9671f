/**
 * @file Decoders of TIFF tiles that stop at the size of a tile. Those of the package follow a damaged LZW table in circles
 * until the process is out of memory, and unpack a deflate bomb to its end.
 */

import { inflateSync } from 'node:zlib'

/** What the package tells a decoder about a tile or strip. */
interface TileShape {
  tileWidth: number
  tileHeight: number
  bitsPerSample: number | ArrayLike<number>
}

/** A tile is a piece of a picture: no scanner writes one of more than this. */
const largestTile = 256 * 1024 * 1024

/** Bytes of one tile, all samples. Throws when it is larger than any tile should be. */
export function tileBytes({ tileWidth, tileHeight, bitsPerSample }: TileShape): number {
  const bits = typeof bitsPerSample === 'number' ? [bitsPerSample] : Array.from(bitsPerSample)
  const bytes = Math.ceil((tileWidth * bits.reduce((sum, each) => sum + each, 0)) / 8) * tileHeight
  if (!(bytes > 0 && bytes <= largestTile)) throw new Error(`a tile of ${tileWidth} x ${tileHeight} pixels`)
  return bytes
}

const clearCode = 256
const endCode = 257
const mostCodes = 4096

/** TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, high bits first. Gives at most `most` bytes. */
export function unpackLzw(input: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  // A string is an earlier string and one byte more; its length says where to write it from its end.
  const before = new Uint16Array(mostCodes)
  const last = Uint8Array.from({ length: mostCodes }, (_, code) => code)
  const length = new Uint16Array(mostCodes).fill(1, 0, clearCode)
  const out = new Uint8Array(most)
  let written = 0
  let [next, width, previous] = [endCode + 1, 9, -1]
  let [held, bits] = [0, 0]
  /** Writes the string of a code; returns its first byte. */
  const write = (code: number): number => {
    let at = written + length[code]!
    written = Math.min(most, at)
    for (; ; code = before[code]!) {
      at--
      if (at < most) out[at] = last[code]!
      if (length[code] === 1) return last[code]!
    }
  }
  for (const byte of input) {
    held = ((held << 8) | byte) & 0xfffff
    bits += 8
    if (bits < width) continue
    bits -= width
    const code = (held >>> bits) & ((1 << width) - 1)
    if (code === endCode || written >= most) break
    if (code === clearCode) {
      ;[next, width, previous] = [endCode + 1, 9, -1]
      continue
    }
    if (previous < 0) {
      if (code > clearCode) throw new Error('LZW data begin with a code that stands for nothing')
      write(code)
    } else {
      if (code > next || (code === next && next === mostCodes))
        throw new Error('LZW data hold a code that stands for nothing')
      const repeats = code === next
      const first = write(repeats ? previous : code)
      if (repeats && written < most) out[written++] = first
      if (next < mostCodes) {
        before[next] = previous
        last[next] = first
        length[next] = length[previous]! + 1
        next++
      }
      if (next + 1 >= 1 << width && width < 12) width++
    }
    previous = code
  }
  return out.slice(0, written)
}

/** Puts both decoders in place of the package's. */
export async function guardTiffCodecs(): Promise<typeof import('geotiff')> {
  const geotiff = await import('geotiff')
  const { addDecoder, BaseDecoder } = geotiff
  class Lzw extends BaseDecoder {
    override decodeBlock(buffer: ArrayBufferLike): ArrayBufferLike {
      return unpackLzw(new Uint8Array(buffer), tileBytes(this.parameters)).buffer
    }
  }
  class Deflate extends BaseDecoder {
    override decodeBlock(buffer: ArrayBufferLike): ArrayBufferLike {
      const whole = inflateSync(new Uint8Array(buffer), { maxOutputLength: tileBytes(this.parameters) })
      return Uint8Array.from(whole).buffer
    }
  }
  addDecoder(5, () => Promise.resolve(Lzw))
  addDecoder([8, 32946], () => Promise.resolve(Deflate))
  return geotiff
}
