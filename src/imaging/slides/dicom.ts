/** @file Whole-slide images of DICOM (PS3.3 A.32.8): one file a level, one frame a tile. */

import { VesaliusError } from '../../core/errors.ts'
import { readBytes } from '../../core/files.ts'
import { toColors } from '../dicom/colors.ts'
import { itemOf, unsigned32Of } from '../dicom/fields.ts'
import { type DicomHeader, readHeader } from '../dicom/header.ts'
import { type PixelLayout, readLayout } from '../dicom/layout.ts'
import { readSamples } from '../dicom/samples.ts'
import { fromTiles, levelOf, type Slide, type SlideLevel } from './slide.ts'

interface Level extends SlideLevel {
  path: string
  header: DicomHeader
  layout: PixelLayout
  /** Frame of a tile by `column,row`. */
  frames: Map<string, number>
}

/** Reads one level: its whole size and which frame shows which tile. */
async function openLevel(path: string): Promise<Level> {
  const header = readHeader(await readBytes(path), path)
  const layout = readLayout(header, path)
  const { dataSet } = header
  const width = unsigned32Of(dataSet, 0x00480006)
  const height = unsigned32Of(dataSet, 0x00480007)
  if (
    width === undefined ||
    height === undefined ||
    layout.bitsAllocated !== 8 ||
    layout.photometric === 'PALETTE COLOR'
  ) {
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} is not a tiled DICOM picture of 8 bits.`, {
      where: path,
      hint: 'A whole-slide file has the total size of its pixel matrix (0048,0006).',
    })
  }
  const { columns: tileWidth, rows: tileHeight, frames: count } = layout
  const across = Math.ceil(width / tileWidth)
  const frames = new Map<string, number>()
  for (let frame = 0; frame < count; frame++) {
    // Sparse files give each tile its place (counted from 1); full ones run along rows.
    const place = itemOf(itemOf(dataSet, 0x52009230, frame), 0x0048021a)
    const x = place === undefined ? undefined : signedOf(place, 0x0048021e)
    const y = place === undefined ? undefined : signedOf(place, 0x0048021f)
    const column = x === undefined ? frame % across : Math.trunc((x - 1) / tileWidth)
    const row = y === undefined ? Math.trunc(frame / across) : Math.trunc((y - 1) / tileHeight)
    frames.set(`${column},${row}`, frame)
  }
  return { path, header, layout, frames, width, height, tileWidth, tileHeight, downsample: 1 }
}

/** SL: a signed 32-bit number. */
function signedOf(place: Parameters<typeof unsigned32Of>[0], tag: number): number | undefined {
  const value = unsigned32Of(place, tag)
  return value === undefined ? undefined : value | 0
}

/** Opens the files of a whole-slide image, one a level in any order. Throws FORMAT_UNSUPPORTED or FILE_DAMAGED. */
export async function openDicomSlide(paths: readonly string[]): Promise<Slide> {
  const opened = await Promise.all(paths.map(openLevel))
  const sorted = opened.sort((a, b) => b.width - a.width)
  const levels = sorted.map((level) => ({ ...level, downsample: sorted[0]!.width / level.width }))
  const channels = levels[0]?.layout.samples ?? 3
  return {
    levels: levels.map(({ width, height, tileWidth, tileHeight, downsample }) => ({
      width,
      height,
      tileWidth,
      tileHeight,
      downsample,
    })),
    channels,
    close: () => Promise.resolve(),
    async readRegion(region) {
      const found = levelOf(levels, region) as Level
      return fromTiles(found, region, channels, async (column, row) => {
        const frame = found.frames.get(`${column},${row}`)
        if (frame === undefined) return undefined
        const stored = await readSamples(found.header, found.layout, frame, found.path)
        if (channels === 1) return Uint8Array.from(stored.values)
        return Uint8Array.from(toColors(stored, found.layout).values, (value) => Math.round(value * 255))
      })
    },
  }
}
