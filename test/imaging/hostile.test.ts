import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodeStream } from '../../src/imaging/codecs/decode.ts'
import { decodeImage } from '../../src/imaging/index.ts'
import { decodeVolume, readVolume } from '../../src/imaging/volumes/read.ts'
import { dicomFile, encapsulate, type Field } from './dicom-fixture.ts'

/** What took how much memory: bytes of buffers that were alive at the end. */
async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss
  await work()
  return process.memoryUsage().rss - before
}
const damaged = { code: 'FILE_DAMAGED' }
const nothing = (): Promise<never> => Promise.reject(new Error('nothing may be read'))

describe('bombs', () => {
  it('a PNG of 100,000 x 100,000 pixels is refused by its header', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    png.writeUInt32BE(100_000, 16)
    png.writeUInt32BE(100_000, 20)
    const memory = await memoryOf(() => expect(decodeImage(png, 'x.png')).rejects.toThrow(/x\.png/))
    expect(memory).toBeLessThan(1e8)
  })

  it('a deflated DICOM file that unfolds to 270 MB is stopped at the limit', async () => {
    const head = dicomFile({ rows: 1, columns: 1, pixels: Buffer.alloc(0), transferSyntax: '1.2.840.10008.1.2.1.99' })
    const body = head.indexOf(Buffer.from([8, 0, 0x60, 0]))
    const bomb = Buffer.concat([head.subarray(0, body), deflateRawSync(Buffer.alloc(270e6), { level: 1 })])
    expect(bomb.length).toBeLessThan(2e6)
    await expect(decodeImage(bomb, 'x.dcm')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })

  it('a NIfTI file may not unfold to more than its header says', async () => {
    const head = Buffer.alloc(352)
    head.writeInt32LE(348, 0)
    head.writeInt16LE(1, 40)
    for (let axis = 1; axis < 8; axis++) head.writeInt16LE(1, 40 + 2 * axis)
    head.writeInt16LE(2, 70)
    head.writeFloatLE(352, 108)
    head.write('n+1\0', 344, 'latin1')
    const fine = gzipSync(Buffer.concat([head, Buffer.alloc(1)]))
    expect((await decodeVolume(fine, 'x.nii.gz', nothing)).size).toEqual([1, 1, 1])
    const bomb = gzipSync(Buffer.concat([head, Buffer.alloc(60e6)]), { level: 1 })
    const memory = await memoryOf(() => expect(decodeVolume(bomb, 'x', nothing)).rejects.toMatchObject(damaged))
    expect(memory).toBeLessThan(1e8)
    head.writeInt16LE(3, 40)
    for (let axis = 1; axis < 4; axis++) head.writeInt16LE(32_767, 40 + 2 * axis)
    await expect(decodeVolume(gzipSync(head), 'x', nothing)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })

  it('sequences nested 10,000 deep, and a file of a million elements, end with a sentence', async () => {
    let nested: Buffer = Buffer.alloc(0)
    const open = Buffer.from([
      8, 0, 0x40, 0x11, 0x53, 0x51, 0, 0, 255, 255, 255, 255, 254, 255, 0, 0xe0, 255, 255, 255, 255,
    ])
    nested = Buffer.concat(Array.from({ length: 10_000 }, () => open))
    const head = dicomFile({ rows: 1, columns: 1, pixels: [1] })
    const at = head.indexOf(Buffer.from([8, 0, 0x60, 0]))
    await expect(decodeImage(Buffer.concat([head.subarray(0, at), nested]), 'x')).rejects.toThrow(
      'nested deeper than 64',
    )
    const many = Buffer.alloc(8 * 1_000_000)
    for (let i = 0; i < 1_000_000; i++) {
      many.writeUInt32LE(0x00090008 + (i % 1000) * 0x10000, 8 * i)
      many.write('CS', 8 * i + 4, 'latin1')
    }
    await expect(decodeImage(Buffer.concat([head.subarray(0, at), many]), 'x')).rejects.toThrow('500000 elements')
  })

  it('rows times columns beyond the data, or beyond the limit, take no memory', async () => {
    const wide: Field[] = [[0x0028, 0x0008, 'IS', '2147483647']]
    const big = (more: object) => dicomFile({ rows: 10_000, columns: 10_000, pixels: [1, 2], ...more })
    const memory = await memoryOf(async () => {
      await expect(decodeImage(big({}), 'x')).rejects.toMatchObject(damaged)
      await expect(decodeImage(big({ fields: wide }), 'x', { frame: 2147483646 })).rejects.toMatchObject(damaged)
      await expect(decodeImage(big({ rows: 65_535, columns: 65_535 }), 'x')).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
      })
      for (const transferSyntax of ['1.2.840.10008.1.2.5', '1.2.840.10008.1.2.4.70', '1.2.840.10008.1.2.4.90']) {
        const pixels = encapsulate([[Buffer.alloc(200, 1)]], true)
        await expect(decodeImage(big({ pixels, transferSyntax }), 'x')).rejects.toMatchObject(damaged)
      }
    })
    expect(memory).toBeLessThan(4e8)
  })
})

describe('headers that name other files', () => {
  it('read nothing outside their own folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vesalius-hostile-'))
    try {
      for (const name of ['/etc/passwd', '../secret.raw', 'a/../../secret.raw', 'C:\\secret.raw', '..\\secret.raw']) {
        const meta = join(folder, 'x.mhd')
        await writeFile(meta, `NDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\nElementDataFile = ${name}\n`)
        await expect(readVolume(meta)).rejects.toThrow('outside its own folder')
        const nrrd = join(folder, 'x.nhdr')
        await writeFile(nrrd, `NRRD0004\ntype: uchar\ndimension: 2\nsizes: 2 2\nencoding: raw\ndata file: ${name}\n\n`)
        await expect(readVolume(nrrd)).rejects.toThrow('outside its own folder')
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('found by damaging files', () => {
  it('a JPEG-LS stream that is cut short does not keep CharLS busy for a minute', async () => {
    const start = Buffer.from('ffd8fff7000b080010001001011100ffda00080101000000000b42bc202bdaf5', 'hex')
    const expected = { width: 16, height: 16, samples: 1 as const }
    const time = performance.now()
    await expect(decodeStream({ codec: 'jpeg-ls', bytes: start, expected, transformed: true })).rejects.toThrow(
      'cut short',
    )
    expect(performance.now() - time).toBeLessThan(1000)
  })

  it('a JPEG file that declares more pixels than its bytes can hold is not filled up', async () => {
    const grey = sharp(Buffer.alloc(400, 99), { raw: { width: 20, height: 20, channels: 1 } })
    const jpeg = await grey.toColourspace('b-w').jpeg().toBuffer()
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
    jpeg.writeUInt16BE(11_000, frame + 5)
    jpeg.writeUInt16BE(11_000, frame + 7)
    await expect(decodeImage(jpeg, 'x.jpg')).rejects.toMatchObject(damaged)
  })

  it('a fragment the file ends in is not filled up by a decoder', async () => {
    const whole = dicomFile({
      rows: 1,
      columns: 4,
      pixels: encapsulate([[Buffer.alloc(80, 1)]], true),
      transferSyntax: '1.2.840.10008.1.2.4.201',
    })
    await expect(decodeImage(whole.subarray(0, whole.length - 20), 'x')).rejects.toThrow('frame 0 are cut short')
  })
})
