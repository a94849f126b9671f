import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDicomSlide } from '../../src/imaging/slides/dicom.ts'
import type { Slide } from '../../src/imaging/slides/slide.ts'
import { openTiffSlide } from '../../src/imaging/slides/tiff.ts'
import { dicomFile, type Field } from './dicom-fixture.ts'

const [width, height] = [700, 500]
/** A picture in which each pixel tells where it is. */
const picture = Buffer.alloc(width * height * 3)
for (let i = 0; i < width * height; i++) {
  picture[3 * i] = (i % width) & 255
  picture[3 * i + 1] = Math.trunc(i / width) & 255
  picture[3 * i + 2] = ((i % width) >> 8) * 16 + (Math.trunc(i / width) >> 8)
}
const raw = () => sharp(picture, { raw: { width, height, channels: 3 } })
/** What a region of the first level must be; white outside. */
function expected(x: number, y: number, w: number, h: number): Uint8Array {
  const out = new Uint8Array(w * h * 3).fill(255)
  for (let j = 0; j < h; j++)
    for (let i = 0; i < w; i++) {
      if (x + i < 0 || y + j < 0 || x + i >= width || y + j >= height) continue
      const at = ((y + j) * width + x + i) * 3
      out.set(picture.subarray(at, at + 3), (j * w + i) * 3)
    }
  return out
}
const regions = [
  [0, 0, 10, 10],
  [100, 60, 300, 200],
  [250, 250, 7, 7],
  [-5, -5, 20, 20],
  [690, 490, 30, 30],
  [1000, 1000, 4, 4],
] as const

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vesalius-slides-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function expectRegions(slide: Slide): Promise<void> {
  for (const [x, y, w, h] of regions)
    expect(await slide.readRegion({ level: 0, x, y, width: w, height: h })).toEqual(expected(x, y, w, h))
  await expect(slide.readRegion({ level: 9, x: 0, y: 0, width: 1, height: 1 })).rejects.toMatchObject({ code: 'USAGE' })
  await expect(slide.readRegion({ level: 0, x: 0.5, y: 0, width: 1, height: 1 })).rejects.toMatchObject({
    code: 'USAGE',
  })
}

describe('tiled TIFF', () => {
  it.each(['none', 'deflate', 'lzw'] as const)('gives regions of each level, %s', async (compression) => {
    const path = join(folder, `${compression}.tif`)
    await raw().tiff({ tile: true, tileWidth: 128, tileHeight: 128, pyramid: true, compression }).toFile(path)
    const slide = await openTiffSlide(path)
    expect(slide.levels.map((level) => [level.width, level.height, level.tileWidth])).toEqual([
      [700, 500, 128],
      [350, 250, 128],
      [175, 125, 128],
      [87, 62, 128],
    ])
    await expectRegions(slide)
    const small = await slide.readRegion({ level: 2, x: 10, y: 10, width: 1, height: 1 })
    expect(Math.abs(small[0]! - 42)).toBeLessThan(4)
    await slide.close()
  })

  it('says that a file is damaged', async () => {
    const path = join(folder, 'damaged.tif')
    await writeFile(path, 'II*\0rubbish')
    await expect(openTiffSlide(path)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  })
})

describe('whole-slide DICOM', () => {
  const tile = 128
  const [across, down] = [Math.ceil(width / tile), Math.ceil(height / tile)]
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    return bytes
  }
  /** The picture cut into tiles in this order of tile numbers, padded with white. */
  const file = (order: readonly number[], places: Field[]): Buffer =>
    dicomFile({
      rows: tile,
      columns: tile,
      samples: 3,
      pixels: Buffer.concat(order.map((n) => expected((n % across) * tile, Math.trunc(n / across) * tile, tile, tile))),
      fields: [
        [0x0028, 0x0008, 'IS', String(order.length)],
        [0x0048, 0x0006, 'UL', u32(width)],
        [0x0048, 0x0007, 'UL', u32(height)],
        ...places,
      ],
    })
  const all = Array.from({ length: across * down }, (_, n) => n)

  it('gives regions of a full grid of tiles', async () => {
    const path = join(folder, 'full.dcm')
    await writeFile(path, file(all, []))
    const slide = await openDicomSlide([path])
    expect(slide.levels).toEqual([{ width, height, tileWidth: tile, tileHeight: tile, downsample: 1 }])
    await expectRegions(slide)
  })

  it('gives regions of tiles that say where they lie, white where there is none', async () => {
    const order = all.filter((n) => n !== 1).reverse()
    const places: Field[] = [
      [
        0x5200,
        0x9230,
        'SQ',
        order.map((n): Field[] => [
          [
            0x0048,
            0x021a,
            'SQ',
            [
              [
                [0x0048, 0x021e, 'SL', u32((n % across) * tile + 1)],
                [0x0048, 0x021f, 'SL', u32(Math.trunc(n / across) * tile + 1)],
              ],
            ],
          ],
        ]),
      ],
    ]
    const path = join(folder, 'sparse.dcm')
    await writeFile(path, file(order, places))
    const slide = await openDicomSlide([path])
    expect(await slide.readRegion({ level: 0, x: 130, y: 5, width: 4, height: 4 })).toEqual(
      new Uint8Array(48).fill(255),
    )
    const [x, y, w, h] = [300, 200, 200, 200]
    expect(await slide.readRegion({ level: 0, x, y, width: w, height: h })).toEqual(expected(x, y, w, h))
  })
})
