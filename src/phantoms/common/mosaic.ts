/** @file Pictures of a volume for a contact sheet. */

import sharp from 'sharp'

/** Pictures in [0, 1] beside each other, `columns` a row, as PNG. */
export function mosaic(tiles: readonly Float32Array[], size: number, columns: number): Promise<Buffer> {
  const rows = Math.ceil(tiles.length / columns)
  const width = size * columns
  const page = new Uint8Array(width * size * rows)
  tiles.forEach((tile, t) => {
    const start = Math.floor(t / columns) * size * width + (t % columns) * size
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        page[start + y * width + x] = Math.round(255 * Math.min(1, Math.max(0, tile[y * size + x] as number)))
  })
  return sharp(page, { raw: { width, height: size * rows, channels: 1 } })
    .png()
    .toBuffer()
}
