import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { dicomFile, encapsulate, type Field, type Fixture } from '../../../test/imaging/dicom-fixture.ts'
import { sharedData } from '../../../test/peers.ts'
import { type DecodedImage, decodeImage, type ReadOptions, readImage } from '../index.ts'

const read = (fixture: Fixture, options?: ReadOptions): Promise<DecodedImage> =>
  decodeImage(dicomFile(fixture), 'test.dcm', options)
const greys = (image: DecodedImage): number[] => [...image.pixels].map((v) => Math.round(v * 1e6) / 1e6)
const windowOf = (center: string, width: string, kind?: string): Fixture['fields'] => [
  [0x0028, 0x1050, 'DS', center],
  [0x0028, 0x1051, 'DS', width],
  ...(kind === undefined ? [] : [[0x0028, 0x1056, 'CS', kind] as const]),
]
const two = { rows: 1, columns: 4 }

describe('greys of DICOM', () => {
  it('applies the LINEAR window of PS3.3 C.11.2.1.2 (values worked by hand)', async () => {
    // c = 100, w = 5: black up to 97.5, white above 101.5, (x - 99.5) / 4 + 0.5 between.
    const image = await read({ rows: 1, columns: 6, pixels: [97, 98, 99, 100, 101, 102], fields: windowOf('100', '5') })
    expect(greys(image)).toEqual([0, 0.125, 0.375, 0.625, 0.875, 1])
    expect(image.provenance.steps.at(-1)).toMatchObject({
      step: 'window',
      center: 100,
      width: 5,
      function: 'LINEAR',
      from: 'file',
    })
  })

  it('applies LINEAR_EXACT, SIGMOID and a width of 1', async () => {
    const pixels = [90, 95, 100, 110]
    expect(greys(await read({ ...two, pixels, fields: windowOf('100', '20', 'LINEAR_EXACT') }))).toEqual([
      0, 0.25, 0.5, 1,
    ])
    const sigmoid = greys(await read({ ...two, pixels, fields: windowOf('100', '20', 'SIGMOID') }))
    expect(sigmoid).toEqual([0.119203, 0.268941, 0.5, 0.880797])
    expect(greys(await read({ ...two, pixels, fields: windowOf('95.5', '1') }))).toEqual([0, 0, 1, 1])
  })

  it('rescales before it windows and inverts last, and says so in that order', async () => {
    // HU = stored * 2 - 1024: -24, 0, 16, 76; window 40/81 covers -0.5 .. 79.5 with 80 steps.
    const fields = [
      ...windowOf('40', '81')!,
      [0x0028, 0x1052, 'DS', '-1024'],
      [0x0028, 0x1053, 'DS', '2'],
    ] as Fixture['fields']
    const base = { ...two, bits: 16 as const, pixels: [500, 512, 520, 550], fields }
    expect(greys(await read(base))).toEqual([0, 0.00625, 0.20625, 0.95625])
    const inverted = await read({ ...base, photometric: 'MONOCHROME1' })
    expect(greys(inverted)).toEqual([1, 0.99375, 0.79375, 0.04375])
    expect(inverted.provenance.steps.map(({ step }) => step)).toEqual(['decode', 'rescale', 'window', 'polarity'])
  })

  it('inverts once for MONOCHROME1 with the shape INVERSE, and for INVERSE alone', async () => {
    const fields = [[0x2050, 0x0020, 'CS', 'INVERSE'] as const]
    for (const photometric of ['MONOCHROME1', 'MONOCHROME2']) {
      expect(greys(await read({ ...two, pixels: [0, 51, 102, 255], photometric, fields }))).toEqual([1, 0.8, 0.6, 0])
    }
  })

  it('without a window spreads the range, leaving padding out', async () => {
    const image = await read({
      ...two,
      bits: 16,
      signed: true,
      pixels: [-2000, -100, 0, 100],
      fields: [[0x0028, 0x0120, 'SS', [-2000]]],
    })
    expect(greys(image)).toEqual([0, 0, 0.5, 1])
    expect(image.provenance.steps.at(-1)).toMatchObject({ step: 'window', low: -100, high: 100 })
    expect(String(image.provenance.steps.at(-1)?.note)).toContain('padding left out')
    // A file's window of width 0 cannot be used.
    expect(greys(await read({ ...two, pixels: [10, 20, 20, 30], fields: windowOf('5', '0') }))).toEqual([
      0, 0.5, 0.5, 1,
    ])
    expect(greys(await read({ ...two, pixels: [7, 7, 7, 7] }))).toEqual([0, 0, 0, 0])
  })

  it('prefers the window of the caller, and refuses an impossible one', async () => {
    const fixture = { ...two, pixels: [0, 1, 2, 3], fields: windowOf('100', '5') }
    const image = await read(fixture, { window: { center: 2, width: 4 } })
    expect(greys(image)).toEqual([0, 0.333333, 0.666667, 1])
    expect(image.provenance.steps.at(-1)).toMatchObject({ from: 'caller' })
    await expect(read(fixture, { window: { center: 2, width: 0 } })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('keeps the stored bits only: high bit, sign, overlay bits', async () => {
    // 12 bits in the upper part of the word; the low 4 bits are rubbish.
    const upper = { ...two, bits: 16 as const, stored: 12, highBit: 15, pixels: [0x000f, 0x7ff3, 0x8001, 0xfff0] }
    const window = windowOf('2048', '4096')
    expect(greys(await read({ ...upper, fields: window }))).toEqual(
      [0, 2047, 2048, 4095].map((v) => Number((v / 4095).toFixed(6))),
    )
    const signed = await read({ ...upper, signed: true, fields: windowOf('0', '4096') })
    expect(greys(signed)).toEqual([2048, 4095, 0, 2047].map((v) => Number((v / 4095).toFixed(6))))
  })

  it('applies a modality table and a VOI table', async () => {
    const table = (first: number, bits: number, data: number[]): Field[] => [
      [0x0028, 0x3002, 'US', [data.length, first, bits]],
      [0x0028, 0x3006, 'OW', data],
    ]
    const falling = Array.from({ length: 201 }, (_, i) => 255 - i)
    const fields: Field[] = [
      [0x0028, 0x3000, 'SQ', [table(10, 16, [100, 200, 300])]],
      [0x0028, 0x3010, 'SQ', [table(100, 8, falling)]],
    ]
    const image = await read({ ...two, pixels: [9, 10, 11, 12], fields })
    expect(greys(image)).toEqual([1, 1, 0.607843, 0.215686])
  })

  it('reads windows and slopes of enhanced multi-frame files from the functional groups of the frame', async () => {
    const voi = (c: string): Fixture['fields'] => [[0x0028, 0x9132, 'SQ', [windowOf(c, '5')!]]]
    const fields: Fixture['fields'] = [
      [0x0028, 0x0008, 'IS', '2'],
      [0x5200, 0x9229, 'SQ', [[[0x0028, 0x9110, 'SQ', [[[0x0028, 0x0030, 'DS', '0.5\\0.25']]]]]]],
      [0x5200, 0x9230, 'SQ', [voi('100')!, voi('200')!]],
    ]
    const fixture = { rows: 1, columns: 2, pixels: [98, 101, 198, 201], fields }
    const second = await read(fixture, { frame: 1 })
    expect(greys(second)).toEqual([0.125, 0.875])
    expect(second.spacing).toEqual([0.25, 0.5])
    expect(second.provenance.steps[0]).toMatchObject({ frame: 1, frames: 2 })
    expect(greys(await read(fixture))).toEqual([0.125, 0.875])
    await expect(read(fixture, { frame: 2 })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('encodings of DICOM', () => {
  it('gives the same image in implicit, explicit, big-endian and meta-less files', async () => {
    const fixture = {
      ...two,
      bits: 16 as const,
      signed: true,
      pixels: [-300, 5, 700, 1000],
      fields: windowOf('300', '1000'),
    }
    const expected = greys(await read(fixture))
    expect(new Set(expected).size).toBe(4)
    for (const encoding of ['implicit', 'big'] as const)
      expect(greys(await read({ ...fixture, encoding }))).toEqual(expected)
    for (const encoding of ['implicit', 'explicit'] as const) {
      expect(greys(await read({ ...fixture, encoding, meta: false }))).toEqual(expected)
    }
  })

  it('reads RGB by pixel and by plane', async () => {
    const pixels = [255, 0, 0, 0, 51, 102]
    const image = await read({ rows: 1, columns: 2, samples: 3, pixels })
    expect(image.channels).toBe(3)
    expect(greys(image)).toEqual([1, 0, 0, 0, 0.2, 0.4])
    const planar = { rows: 1, columns: 2, samples: 3 as const, pixels: [255, 0, 0, 51, 0, 102] }
    expect(greys(await read({ ...planar, fields: [[0x0028, 0x0006, 'US', [1]]] }))).toEqual([1, 0, 0, 0, 0.2, 0.4])
  })

  it('converts YBR_FULL and YBR_FULL_422', async () => {
    // Pure red is Y 76, Cb 85, Cr 255 (JFIF); grey has no colour difference.
    const full = await read({
      rows: 1,
      columns: 2,
      samples: 3,
      photometric: 'YBR_FULL',
      pixels: [76, 85, 255, 102, 128, 128],
    })
    const [r, g, b, ...grey] = [...full.pixels].map((v) => Math.round(v * 255))
    expect([r, g, b]).toEqual([254, 0, 0])
    expect(grey).toEqual([102, 102, 102])
    const half = await read({
      rows: 1,
      columns: 2,
      samples: 3,
      photometric: 'YBR_FULL_422',
      pixels: [51, 102, 128, 128],
    })
    expect(greys(half)).toEqual([0.2, 0.2, 0.2, 0.4, 0.4, 0.4])
  })

  it('finds the frames of JPEG baseline with a table, without one, and split into fragments', async () => {
    const flat = (grey: number): Promise<Buffer> =>
      sharp(Buffer.alloc(256, grey), { raw: { width: 16, height: 16, channels: 1 } })
        .toColourspace('b-w')
        .jpeg({ quality: 100 })
        .toBuffer()
    const [a, b] = [await flat(40), await flat(200)]
    const split = (x: Buffer): Buffer[] => [x.subarray(0, 100), x.subarray(100)]
    const fields = [[0x0028, 0x0008, 'IS', '2'] as const, ...windowOf('128', '256')!]
    for (const pixels of [
      encapsulate([[a], [b]], true),
      encapsulate([split(a), split(b)], true),
      encapsulate([split(a), split(b)], false),
    ]) {
      const fixture: Fixture = { rows: 16, columns: 16, pixels, fields, transferSyntax: '1.2.840.10008.1.2.4.50' }
      expect(Math.round((await read(fixture)).pixels[0]! * 255)).toBe(40)
      expect(Math.round((await read(fixture, { frame: 1 })).pixels[255]! * 255)).toBe(200)
    }
  })

  it.each([
    ['1.2.840.10008.1.2.4.102', 'MPEG-4 video'],
    ['1.2.3.4', '1.2.3.4'],
  ])('refuses transfer syntax %s by name', async (transferSyntax, name) => {
    const message = expect.stringContaining(name)
    const pixels = encapsulate([[Buffer.alloc(8)]], true)
    await expect(read({ ...two, pixels, transferSyntax })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message,
    })
  })

  it.each([
    '1.2.840.10008.1.2.5',
    '1.2.840.10008.1.2.4.50',
    '1.2.840.10008.1.2.4.57',
    '1.2.840.10008.1.2.4.80',
    '1.2.840.10008.1.2.4.91',
    '1.2.840.10008.1.2.4.201',
  ])('says that pixels of transfer syntax %s are damaged', async (transferSyntax) => {
    const pixels = encapsulate([[Buffer.alloc(100, 7)]], true)
    await expect(read({ ...two, pixels, transferSyntax })).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  })

  it('reads palettes, and refuses files without palette or picture', async () => {
    const table = (...data: number[]): Buffer => Buffer.from(data)
    const fields: Field[] = [0, 1, 2].flatMap((c): Field[] => [
      [0x0028, 0x1101 + c, 'US', [3, 10, 8]],
      [
        0x0028,
        0x1201 + c,
        'OW',
        table(
          ...[
            [0, 51, 255, 0],
            [102, 0, 255, 0],
            [255, 0, 204, 0],
          ][c]!,
        ),
      ],
    ])
    const palette = { ...two, pixels: [9, 10, 11, 200], photometric: 'PALETTE COLOR' }
    const image = await read({ ...palette, fields })
    expect(image.channels).toBe(3)
    expect(greys(image)).toEqual([0, 0.4, 1, 0, 0.4, 1, 0.2, 0, 0, 1, 1, 0.8])
    await expect(read(palette)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
    const report = dicomFile({ ...two, pixels: [0, 1, 2, 3] })
    await expect(decodeImage(report.subarray(0, report.length - 16), 'r.dcm')).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('without a picture'),
    })
  })

  it('says how many bytes a truncated file lacks, and nothing about the patient', async () => {
    const whole = dicomFile({ rows: 4, columns: 4, pixels: new Array(16).fill(1) })
    const error = await decodeImage(whole.subarray(0, whole.length - 6), 'cut.dcm').catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'FILE_DAMAGED',
      message: expect.stringContaining('ends at byte 16 of its pixels, and 10 are there'),
    })
    const image = await read({ ...two, pixels: [0, 1, 2, 3] })
    expect(JSON.stringify({ ...image, pixels: [] })).not.toContain('SECRET')
  })
})

interface DicomCase {
  path: string
  sha256: string
  frame: number
  stored: { mean: number; values: number[] }
  real: number[]
  shown?: number[]
}
const golden = JSON.parse(readFileSync(new URL('../../../test/golden/imaging.json', import.meta.url), 'utf8')) as {
  stride: number
  dicom: DicomCase[]
}

describe('real DICOM files equal pydicom', () => {
  it.each(golden.dicom)('$path', async ({ path, sha256, frame, real, shown }) => {
    const file = fileURLToPath(new URL(`../../../node_modules/${path}`, import.meta.url))
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(sha256)
    // A window far wider than the values makes display linear in the rescaled values, so these can be compared.
    const width = 2 ** 17 + 1
    const wide = await readImage(file, { frame, window: { center: 0.5, width } })
    const ours = [...wide.pixels].filter((_, i) => i % golden.stride === 0).map((v) => (v - 0.5) * (width - 1))
    expect(ours.length).toBe(real.length)
    ours.forEach((value, i) => {
      expect(Math.abs(value - real[i]!)).toBeLessThan(0.02)
    })
    if (shown === undefined) return
    const displayed = [...(await readImage(file, { frame })).pixels].filter((_, i) => i % golden.stride === 0)
    displayed.forEach((value, i) => {
      expect(Math.abs(value - shown[i]!)).toBeLessThan(2e-6)
    })
  })
})

const samples = sharedData('cxr-samples')
describe.skipIf(samples === undefined)('chest X-rays (needs ../shared/data/cxr-samples)', () => {
  it('MONOCHROME1 is the negative of the same picture', async () => {
    const [plain, negative] = await Promise.all(
      ['1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm', 'Fake_MONOHR1.dcm'].map((name) =>
        readImage(join(samples!, name)),
      ),
    )
    expect(plain).toMatchObject({ width: 1024, height: 1024, channels: 1, bitDepth: 8, modality: 'CR' })
    expect(plain!.spacing).toEqual([0.168, 0.168])
    expect(plain!.provenance).toMatchObject({ transferSyntax: '1.2.840.10008.1.2.4.50', photometric: 'MONOCHROME2' })
    expect(plain!.pixels.every((v, i) => Math.abs(v + negative!.pixels[i]! - 1) < 1e-6)).toBe(true)
  })
})
