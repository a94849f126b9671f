/** @file A page of phantoms with their labels under each, for a person to look at. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'
import { readBytes } from '../core/files.ts'
import { studySchema } from '../data/study.ts'
import { render } from './chest/render.ts'
import type { Scene } from './chest/scene.ts'
import { encodePng, quantise } from './encode.ts'

/** How the page is laid out. */
export interface ContactSheetOptions {
  columns?: number
  /** At most this many pictures. Default 24. */
  limit?: number
  /** Side of each picture on the page, pixels. Default 240. */
  tile?: number
}

interface Tile {
  png: Buffer
  caption: string
}

/** A PNG page of a data folder's first studies (PNG images only) or of scenes, captioned with what is in the picture. */
export async function contactSheet(
  source: string | readonly Scene[],
  options: ContactSheetOptions = {},
): Promise<Buffer> {
  const { limit = 24, tile = 240, columns = 6 } = options
  const tiles =
    typeof source === 'string' ? await tilesOfFolder(source, limit) : await tilesOfScenes(source.slice(0, limit), tile)
  if (tiles.length === 0) {
    throw new VesaliusError('DATA_EMPTY', 'There is nothing to put on a contact sheet.', { where: 'contact sheet' })
  }
  const strip = 30
  const rows = Math.ceil(tiles.length / columns)
  const width = columns * tile
  const layers = await Promise.all(
    tiles.map(async ({ png, caption }, i) => {
      const left = (i % columns) * tile
      const top = Math.floor(i / columns) * (tile + strip)
      const image = await sharp(png).resize(tile, tile, { kernel: 'lanczos3' }).toColourspace('b-w').png().toBuffer()
      return [
        { input: image, left, top },
        { input: Buffer.from(captionSvg(caption, tile, strip)), left, top: top + tile },
      ]
    }),
  )
  return sharp({ create: { width, height: rows * (tile + strip), channels: 3, background: '#111' } })
    .composite(layers.flat())
    .toColourspace('b-w')
    .png({ compressionLevel: 9, palette: true, colours: 32, dither: 0 })
    .toBuffer()
}

async function tilesOfScenes(scenes: readonly Scene[], tile: number): Promise<Tile[]> {
  return Promise.all(
    scenes.map(async (scene) => {
      const picture = render(scene, Math.min(1024, Math.max(48, tile)))
      return {
        png: await encodePng(quantise(picture.pixels, 8), picture.width, picture.height),
        caption: caption(scene.findings.map((finding) => finding.name)),
      }
    }),
  )
}

async function tilesOfFolder(folder: string, limit: number): Promise<Tile[]> {
  const path = join(folder, 'studies.jsonl')
  const lines = (await readBytes(path)).toString('utf8').split('\n').filter(Boolean).slice(0, limit)
  return Promise.all(
    lines.map(async (line, i) => {
      const study = parseWith(studySchema, JSON.parse(line), `${path} line ${i + 1}`, 'DATA_INVALID')
      const truth = study.truth?.labels ?? study.labels
      const present = Object.keys(truth).filter((name) => truth[name] === 1)
      return { png: await readFile(join(folder, study.images[0]?.path ?? '')), caption: caption(present) }
    }),
  )
}

function caption(names: readonly string[]): string {
  return names.length === 0 ? 'No finding' : names.join(', ')
}

function captionSvg(text: string, width: number, height: number): string {
  const limit = Math.floor(width / 6.2)
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string
    if (last.length + word.length + 1 > limit) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  const spans = lines
    .slice(0, 2)
    .map((line, i) => `<text x="4" y="${12 + i * 13}">${line.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g font-family="sans-serif" font-size="10.5" fill="#ddd">${spans.join('')}</g></svg>`
}
