/** @file Very large pictures in levels and tiles: a region is read without the rest. */

import { VesaliusError } from '../../core/errors.ts'

/** One resolution. */
export interface SlideLevel {
  width: number
  height: number
  tileWidth: number
  tileHeight: number
  /** How much smaller than the first level. */
  downsample: number
}

/** A part of a level in its own pixels; what lies outside the picture is white. */
export interface Region {
  level: number
  x: number
  y: number
  width: number
  height: number
}

export interface Slide {
  /** Largest first. */
  levels: readonly SlideLevel[]
  channels: 1 | 3
  /** [height, width, channels] row-major, 8 bits. Only the tiles that the region touches are decoded. */
  readRegion(region: Region): Promise<Uint8Array>
  close(): Promise<void>
}

/** Pixels of one region at most. */
export const regionLimit = 64 * 1024 * 1024

/** The level of a region. Throws USAGE for a region that is none. */
export function levelOf(levels: readonly SlideLevel[], { level, x, y, width, height }: Region): SlideLevel {
  const found = levels[level]
  if (found === undefined)
    throw new VesaliusError('USAGE', `There is no level ${level}.`, { hint: `Levels are 0 to ${levels.length - 1}.` })
  const whole = [x, y, width, height].every(Number.isInteger)
  if (!whole || width < 1 || height < 1 || width * height > regionLimit) {
    throw new VesaliusError('USAGE', `A region of ${width} x ${height} pixels at ${x}, ${y} cannot be read.`, {
      hint: `Give whole numbers and at most ${regionLimit} pixels.`,
    })
  }
  return found
}

/**
 * Puts a region together from the tiles it touches. `tile` gives the 8-bit pixels of a tile by column and row, of the size
 * of a tile, or undefined where there is none.
 */
export async function fromTiles(
  { width, height, tileWidth, tileHeight }: SlideLevel,
  region: Region,
  channels: 1 | 3,
  tile: (column: number, row: number) => Promise<Uint8Array | undefined>,
): Promise<Uint8Array> {
  const out = new Uint8Array(region.width * region.height * channels).fill(255)
  const right = Math.min(width, region.x + region.width)
  const bottom = Math.min(height, region.y + region.height)
  const [left, top] = [Math.max(0, region.x), Math.max(0, region.y)]
  for (let row = Math.trunc(top / tileHeight); row * tileHeight < bottom; row++) {
    for (let column = Math.trunc(left / tileWidth); column * tileWidth < right; column++) {
      const pixels = await tile(column, row)
      if (pixels === undefined) continue
      const x0 = Math.max(left, column * tileWidth)
      const x1 = Math.min(right, (column + 1) * tileWidth)
      for (let y = Math.max(top, row * tileHeight); y < Math.min(bottom, (row + 1) * tileHeight); y++) {
        const from = ((y - row * tileHeight) * tileWidth + x0 - column * tileWidth) * channels
        const to = ((y - region.y) * region.width + x0 - region.x) * channels
        out.set(pixels.subarray(from, from + (x1 - x0) * channels), to)
      }
    }
  }
  return out
}
