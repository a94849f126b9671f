/** @file Tiled and pyramidal TIFF (and BigTIFF) by regions: levels are pages or sub-pages of falling size. */

import type { GeoTIFFImage } from 'geotiff'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { levelOf, type Slide, type SlideLevel } from './slide.ts'
import { guardTiffCodecs } from './tiff-codecs.ts'
import { checkDirectories } from './tiff-directories.ts'

/** What readRasters gives for one interleaved array. */
type Samples = ArrayLike<number> & { length: number }

/** Pages that show the same picture smaller: same shape within two per cent, each smaller than the one before. */
function pyramid(images: readonly GeoTIFFImage[]): GeoTIFFImage[] {
  const [first, ...rest] = images
  if (first === undefined) return []
  const shape = first.getWidth() / first.getHeight()
  const levels = [first]
  for (const image of rest) {
    const alike = Math.abs(image.getWidth() / image.getHeight() / shape - 1) < 0.02
    if (alike && image.isTiled && image.getWidth() < levels.at(-1)!.getWidth()) levels.push(image)
  }
  return levels
}

/** Opens a TIFF for reading by regions. Throws FILE_DAMAGED, or FORMAT_UNSUPPORTED for samples other than 8 bits. */
export async function openTiffSlide(path: string): Promise<Slide> {
  const damaged = (error: unknown): VesaliusError =>
    new VesaliusError('FILE_DAMAGED', `${path} is a damaged TIFF file (${messageOf(error)}).`, {
      where: path,
      hint: 'Copy or export the file again.',
      cause: error,
    })
  let images: GeoTIFFImage[]
  let close: () => Promise<void>
  try {
    // Loaded here: the package cannot be loaded in a worker thread, and reading pictures must be possible there.
    await checkDirectories(path)
    const { fromFile } = await guardTiffCodecs()
    const file = await fromFile(path)
    const count = await file.getImageCount()
    images = await Promise.all(Array.from({ length: Math.min(count, 64) }, (_, i) => file.getImage(i)))
    close = async () => {
      await file.close()
    }
  } catch (error) {
    throw damaged(error)
  }
  const pages = pyramid(images)
  const samples = pages[0]?.getSamplesPerPixel() ?? 0
  const bits = pages[0]?.getBitsPerSample()
  if (!(pages[0] !== undefined && pages[0].getWidth() > 0 && pages[0].getHeight() > 0 && samples > 0)) {
    await close()
    throw damaged('its first page has no size')
  }
  if ((samples !== 1 && samples < 3) || bits !== 8) {
    await close()
    throw new VesaliusError('FORMAT_UNSUPPORTED', `${path} has ${samples} samples of ${bits} bits a pixel.`, {
      where: path,
      hint: 'Regions are read from grey and RGB pictures of 8 bits.',
    })
  }
  const channels = samples === 1 ? 1 : 3
  const levels: SlideLevel[] = pages.map((page) => ({
    width: page.getWidth(),
    height: page.getHeight(),
    tileWidth: page.getTileWidth(),
    tileHeight: page.getTileHeight(),
    downsample: pages[0]!.getWidth() / page.getWidth(),
  }))
  return {
    levels,
    channels,
    close,
    async readRegion(region) {
      const { width, height } = levelOf(levels, region)
      const out = new Uint8Array(region.width * region.height * channels).fill(255)
      const [x0, y0] = [Math.max(0, region.x), Math.max(0, region.y)]
      const [x1, y1] = [Math.min(width, region.x + region.width), Math.min(height, region.y + region.height)]
      if (x1 <= x0 || y1 <= y0) return out
      try {
        const options = { window: [x0, y0, x1, y1], interleave: true as const }
        const page = pages[region.level]!
        const data = (channels === 3
          ? await page.readRGB(options)
          : await page.readRasters(options)) as unknown as Samples
        const row = (x1 - x0) * channels
        for (let y = y0; y < y1; y++) {
          const to = ((y - region.y) * region.width + x0 - region.x) * channels
          for (let i = 0; i < row; i++) out[to + i] = data[(y - y0) * row + i]!
        }
        return out
      } catch (error) {
        throw damaged(error)
      }
    },
  }
}
