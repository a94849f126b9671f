import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { random } from '../../core/random.ts'
import { decodePlainPng } from './png.ts'

/** Smooth with noise, so that encoders choose different filters for different rows. */
function picture(width: number, height: number, channels: number, bits: 8 | 16): Uint8Array | Uint16Array {
  const draw = random('png', width, height, channels, bits)
  const white = 2 ** bits - 1
  const value = (_: unknown, i: number): number =>
    Math.trunc(white * (0.4 + 0.3 * Math.sin(i / 40) + (i % 7 < 3 ? 0.3 * draw.uniform() : 0)))
  const length = width * height * channels
  return bits === 8 ? Uint8Array.from({ length }, value) : Uint16Array.from({ length }, value)
}
const raw = (values: Uint8Array | Uint16Array, width: number, height: number, channels: 1 | 2 | 3 | 4) =>
  sharp(values, { raw: { width, height, channels } })

describe('plain PNG', () => {
  it.each([
    [1, 8],
    [3, 8],
    [1, 16],
    [3, 16],
  ] as const)('%i channels of %i bits: every filter gives the samples that were written', async (channels, bits) => {
    const values = picture(53, 41, channels, bits)
    const space = { 1: { 8: 'b-w', 16: 'grey16' }, 3: { 8: 'srgb', 16: 'rgb16' } }[channels][bits]
    for (const adaptiveFiltering of [false, true]) {
      const png = await raw(values, 53, 41, channels).toColourspace(space).png({ adaptiveFiltering }).toBuffer()
      const found = decodePlainPng(png, 1e6)
      expect(found).toMatchObject({ width: 53, height: 41, channels })
      expect(Array.from(found!.samples)).toEqual(Array.from(values))
    }
  })

  it.each([1, 2, 3, 6])('every filter after every other, %i bytes a pixel', async (pixelBytes) => {
    const [width, height] = [31, 120]
    const rowBytes = width * pixelBytes
    const draw = random('filters', pixelBytes)
    const values = Uint8Array.from({ length: rowBytes * height }, () => draw.int(256))
    // Filters of the specification, section 9.2, as it defines them for an encoder.
    const at = (y: number, i: number): number => (y < 0 || i < 0 ? 0 : values[y * rowBytes + i]!)
    const rows = Array.from({ length: height }, (_, y) => {
      const filter = draw.weighted([0, 1, 2, 3, 4, 4, 4, 4].map((each) => [each, 1] as const))
      const predict = (i: number): number => {
        const [a, b, c] = [at(y, i - pixelBytes), at(y - 1, i), at(y - 1, i - pixelBytes)]
        const p = a + b - c
        const nearest = [a, b, c].reduce((best, x) => (Math.abs(p - x) < Math.abs(p - best) ? x : best))
        return [0, a, b, Math.floor((a + b) / 2), nearest][filter]!
      }
      return [filter, ...Array.from({ length: rowBytes }, (_, i) => (at(y, i) - predict(i)) & 255)]
    })
    const header = Buffer.alloc(13)
    header.writeUInt32BE(width, 0)
    header.writeUInt32BE(height, 4)
    header.set([pixelBytes % 2 === 0 ? 16 : 8, pixelBytes < 3 ? 0 : 2], 8)
    const chunk = (type: string, data: Uint8Array): Buffer => {
      const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
      const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
      length.writeUInt32BE(data.length)
      check.writeUInt32BE(crc32(body))
      return Buffer.concat([length, body, check])
    }
    const data = deflateSync(Uint8Array.from(rows.flat()))
    const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
    const parts = [chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]
    const { samples } = decodePlainPng(Buffer.concat([signature, ...parts]), 1e6)!
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)
    if (pixelBytes % 2 === 0) bytes.swap16()
    expect(bytes.equals(values)).toBe(true)
  })

  it('leaves all others to the library', async () => {
    const image = raw(picture(20, 20, 3, 8), 20, 20, 3)
    const plain = await image.clone().png().toBuffer()
    expect(decodePlainPng(plain, 400)).toBeDefined()
    expect(decodePlainPng(plain, 399)).toBeUndefined()
    for (const other of [
      await image.clone().ensureAlpha().png().toBuffer(),
      await image.clone().png({ palette: true }).toBuffer(),
      await image.clone().png({ progressive: true }).toBuffer(),
      await image.clone().jpeg().toBuffer(),
      Buffer.alloc(0),
    ])
      expect(decodePlainPng(other, 1e6)).toBeUndefined()
    for (let at = 0; at < plain.length; at++) {
      const flipped = Buffer.from(plain)
      flipped[at]! ^= 1
      expect(decodePlainPng(flipped, 1e6), `byte ${at}`).toBeUndefined()
      expect(decodePlainPng(plain.subarray(0, at), 1e6)).toBeUndefined()
    }
  })
})
