import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dicomFile, encapsulate } from '../../test/imaging/dicom-fixture.ts'
import { VesaliusError } from '../core/errors.ts'
import { decodeImage, describeSteps, readImage } from './index.ts'

const grey16 = Uint16Array.from([0, 1, 255, 256, 40000, 65535])
const shape = { width: 3, height: 2 }
const sixteen = (channels: 1 | 3, values: Uint16Array): Sharp =>
  sharp(values, { raw: { ...shape, channels } }).toColourspace(channels === 1 ? 'grey16' : 'rgb16')
const eight = (channels: 1 | 2 | 3 | 4, values: number[]): Sharp =>
  sharp(Buffer.from(values), { raw: { ...shape, channels } }).toColourspace(channels < 3 ? 'b-w' : 'srgb')
const integers = (values: Float32Array, scale: number): number[] =>
  [...values].map((v) => Math.round(v * scale * 100) / 100)

describe('PNG, JPEG and TIFF', () => {
  it('keeps 16-bit greys, each value', async () => {
    for (const file of [
      await sixteen(1, grey16).png().toBuffer(),
      await sixteen(1, grey16).tiff({ compression: 'lzw' }).toBuffer(),
    ]) {
      const image = await decodeImage(file, 'x')
      expect(image).toMatchObject({ ...shape, channels: 1, bitDepth: 16 })
      expect(integers(image.pixels, 65535)).toEqual([...grey16])
    }
  })

  it('keeps 16-bit colours and 8-bit greys and colours', async () => {
    const colors = Uint16Array.from({ length: 18 }, (_, i) => i * 3000 + 7)
    const wide = await decodeImage(await sixteen(3, colors).png().toBuffer(), 'x')
    expect(wide).toMatchObject({ channels: 3, bitDepth: 16 })
    expect(integers(wide.pixels, 65535)).toEqual([...colors])
    const bytes = [0, 1, 2, 128, 254, 255]
    for (const file of [
      await eight(1, bytes).png().toBuffer(),
      await eight(1, bytes).tiff({ compression: 'none' }).toBuffer(),
    ]) {
      const image = await decodeImage(file, 'x')
      expect(image).toMatchObject({ channels: 1, bitDepth: 8 })
      expect(integers(image.pixels, 255)).toEqual(bytes)
    }
    const rgb = Array.from({ length: 18 }, (_, i) => i * 14)
    expect(integers((await decodeImage(await eight(3, rgb).png().toBuffer(), 'x')).pixels, 255)).toEqual(rgb)
  })

  it('shows a white-is-zero TIFF with black as 0', async () => {
    const file = await eight(1, [0, 1, 2, 128, 254, 255]).tiff({ compression: 'none', miniswhite: true }).toBuffer()
    expect(integers((await decodeImage(file, 'x')).pixels, 255)).toEqual([0, 1, 2, 128, 254, 255])
  })

  it('does not apply colour profiles: stored values stay', async () => {
    const rgb = Array.from({ length: 18 }, (_, i) => i * 14)
    const file = await eight(3, rgb).png().withIccProfile('p3').toBuffer()
    const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer()
    expect((await sharp(file).metadata()).hasProfile).toBe(true)
    expect(integers((await decodeImage(file, 'x')).pixels, 255)).toEqual([...stored])
  })

  it('drops alpha and expands palettes, and says so', async () => {
    const image = await decodeImage(await eight(2, [10, 0, 20, 255, 30, 9, 40, 8, 50, 7, 60, 6]).png().toBuffer(), 'x')
    expect(image.channels).toBe(1)
    expect(integers(image.pixels, 255)).toEqual([10, 20, 30, 40, 50, 60])
    expect(describeSteps(image.provenance.steps)).toContain('color: alpha dropped')
    const palette = await eight(1, [0, 0, 255, 255, 0, 255]).png({ palette: true, colours: 2 }).toBuffer()
    const colored = await decodeImage(palette, 'x')
    expect(colored.pixels.length).toBe(18)
    expect([...colored.pixels.subarray(3, 9)]).toEqual([0, 0, 0, 1, 1, 1])
  })

  it('turns a photograph upright by its EXIF orientation, and says so', async () => {
    const upright = await sharp(Buffer.from([10, 20, 30, 40, 50, 60]), { raw: { ...shape, channels: 1 } })
      .toColourspace('b-w')
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer()
    const image = await decodeImage(upright, 'x')
    expect([image.width, image.height]).toEqual([2, 3])
    // A quarter turn clockwise: the first column, from below, becomes the first row.
    // sharp writes the file as RGB here.
    const grey = image.pixels.filter((_, i) => i % image.channels === 0)
    expect(integers(grey, 255)).toEqual([40, 10, 50, 20, 60, 30])
    expect(describeSteps(image.provenance.steps)).toContain('orientation: rotated 90 as EXIF says, exif 6')
  })

  it('reads the page of a TIFF that is asked for', async () => {
    const pages = await sharp(Buffer.from([1, 2, 3, 4]), { raw: { width: 1, height: 4, channels: 1, pageHeight: 2 } })
      .toColourspace('b-w')
      .tiff({ compression: 'none' })
      .toBuffer()
    expect((await sharp(pages).metadata()).pages).toBe(2)
    const first = await decodeImage(pages, 'x')
    expect(integers(first.pixels, 255)).toEqual([1, 2])
    expect(first.provenance.steps[0]).toMatchObject({ page: 0, pages: 2 })
    expect(integers((await decodeImage(pages, 'x', { frame: 1 })).pixels, 255)).toEqual([3, 4])
    await expect(decodeImage(pages, 'x', { frame: 2 })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('converts CMYK to RGB and says so', async () => {
    const file = await sharp(Buffer.alloc(64 * 3, 250), { raw: { width: 8, height: 8, channels: 3 } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer()
    const image = await decodeImage(file, 'x')
    expect(image).toMatchObject({ channels: 3, bitDepth: 8 })
    expect(image.pixels[0]).toBeGreaterThan(0.9)
    expect(describeSteps(image.provenance.steps)).toContain('color: CMYK converted to RGB')
  })
})

describe('files that are not images', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vesalius-imaging-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, content)
    return path
  }

  it('are refused in one sentence that names the file', async () => {
    const cases: [path: string, code: string, says: string][] = [
      [
        await write('text.dcm', 'Dear colleague, thank you for referring this patient.'),
        'FORMAT_UNSUPPORTED',
        'not an image',
      ],
      [await write('empty.png', ''), 'FILE_EMPTY', 'is empty'],
      [await write('movie.png', 'GIF89a........'), 'FORMAT_UNSUPPORTED', 'GIF'],
      [folder, 'FORMAT_UNSUPPORTED', 'folder'],
      [join(folder, 'missing.png'), 'FILE_MISSING', 'no file'],
    ]
    for (const [path, code, says] of cases) {
      const error = await readImage(path).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(VesaliusError)
      const { message } = error as VesaliusError
      expect(error).toMatchObject({ code, where: path })
      expect(message).toContain(says)
      expect(message).toMatch(/^[^\n]+\.$/)
    }
  })

  it('recognises content, not names', async () => {
    const path = await write('really-png.jpg', await eight(1, [1, 2, 3, 4, 5, 6]).png().toBuffer())
    expect((await readImage(path)).provenance.format).toBe('png')
  })

  it('a truncated PNG, JPEG or TIFF is an error, not a half-grey picture', async () => {
    const noise = Buffer.from(Array.from({ length: 64 * 64 }, (_, i) => (i * 7919) % 251))
    const big = sharp(noise, { raw: { width: 64, height: 64, channels: 1 } }).toColourspace('b-w')
    for (const file of [
      await big.clone().png().toBuffer(),
      await big.clone().jpeg().toBuffer(),
      await big.clone().tiff().toBuffer(),
    ]) {
      expect((await decodeImage(file, 'x')).pixels.length).toBe(4096)
      await expect(decodeImage(file.subarray(0, Math.trunc(file.length / 2)), 'x')).rejects.toMatchObject({
        code: 'FILE_DAMAGED',
      })
    }
  })

  it('any cut or flipped bytes give an image or a VesaliusError', async () => {
    const jpeg = await sharp(Buffer.alloc(256, 9), { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer()
    const windows = [
      [0x0028, 0x1050, 'DS', '40'],
      [0x0028, 0x1051, 'DS', '400'],
    ] as const
    const files = [
      await sixteen(1, grey16).png().toBuffer(),
      await sixteen(1, grey16).tiff().toBuffer(),
      jpeg,
      dicomFile({ rows: 2, columns: 3, bits: 16, pixels: [...grey16], fields: [...windows] }),
      dicomFile({ rows: 2, columns: 3, bits: 16, pixels: [...grey16], encoding: 'implicit', meta: false }),
      dicomFile({ rows: 2, columns: 3, samples: 3, pixels: new Array(18).fill(1), encoding: 'big' }),
      dicomFile({
        rows: 16,
        columns: 16,
        pixels: encapsulate([[jpeg]], true),
        transferSyntax: '1.2.840.10008.1.2.4.50',
      }),
    ]
    const damage = fc.record({
      file: fc.nat(files.length - 1),
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      flips: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(255)), {
        maxLength: 6,
      }),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, keep, flips }) => {
        const bytes = Buffer.from(files[file]!)
        // The preamble of a DICOM file has no meaning; damage goes behind it.
        const start = file === 3 || file > 4 ? 128 : 0
        for (const [at, value] of flips) bytes[start + Math.trunc(at * (bytes.length - start))] = value
        const cut = bytes.subarray(0, flips.length % 2 === 0 ? Math.ceil(keep * bytes.length) : bytes.length)
        try {
          const image = await decodeImage(cut, 'damaged')
          expect(image.pixels.length).toBe(image.width * image.height * image.channels)
          expect(image.pixels.every((v) => v >= 0 && v <= 1)).toBe(true)
        } catch (error) {
          if (!(error instanceof VesaliusError)) throw error
          expect(error.message).toMatch(/^damaged [^\n]+\.$/)
          expect(JSON.stringify(error) + String(error.cause)).not.toContain('SECRET')
        }
      }),
      { numRuns: 1500 },
    )
  })
})
