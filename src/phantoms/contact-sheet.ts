/** @file A page of phantoms with their labels under each, for a person to look at. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'
import { readBytes } from '../core/files.ts'
import { type Study, studySchema } from '../data/study.ts'
import { domainOf } from './domains.ts'
import { placesOf } from './patients.ts'

/** How the page is laid out. */
export interface ContactSheetOptions {
  columns?: number
  /** At most this many pictures. Default 24. */
  limit?: number
  /** Side of each picture on the page, pixels. Default 240. */
  tile?: number
  /** Side at which studies are drawn; the tile's if absent. Volumes are better drawn small. */
  size?: number
}

interface Tile {
  png: Buffer
  caption: string
}

/** A PNG page of the first studies of a data folder (whose first images are PNG), each with what is in the picture. */
export async function contactSheetOfFolder(folder: string, options: ContactSheetOptions = {}): Promise<Buffer> {
  return pageOf(await tilesOfFolder(folder, options.limit ?? 24), options)
}

/** A PNG page of a phantom domain's first studies, each with what is in the picture. */
export async function contactSheet(
  domain: string,
  { seed = 1, dials = {}, ...options }: ContactSheetOptions & { seed?: number; dials?: Record<string, unknown> } = {},
): Promise<Buffer> {
  return pageOf(await tilesOfDomain(domain, seed, dials, options), options)
}

async function pageOf(tiles: readonly Tile[], { tile = 240, columns = 6 }: ContactSheetOptions): Promise<Buffer> {
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
      const image = await sharp(png).resize(tile, tile, { kernel: 'lanczos3' }).png().toBuffer()
      return [
        { input: image, left, top },
        { input: Buffer.from(captionSvg(caption, tile, strip)), left, top: top + tile },
      ]
    }),
  )
  return sharp({ create: { width, height: rows * (tile + strip), channels: 3, background: '#111' } })
    .composite(layers.flat())
    .png({ compressionLevel: 9, palette: true, colours: 128, dither: 0.5 })
    .toBuffer()
}

async function tilesOfDomain(
  id: string,
  seed: number,
  dials: Record<string, unknown>,
  { limit = 24, tile = 240, size: drawn = tile }: ContactSheetOptions,
): Promise<Tile[]> {
  const { make, size, voices, dials: schema } = domainOf(id)
  const options = {
    seed,
    size: Math.min(size.most, Math.max(size.least, drawn)),
    bits: 8,
    masks: false,
    dicom: false,
    dials: parseWith(schema, dials, 'dials'),
    heldOutSynonyms: false,
    voice: voices[0],
  } as const
  return Promise.all(
    placesOf(seed, { count: limit }).map(async (place) => {
      const { study, files, preview } = await make(place, options)
      const png = preview ? await preview() : Buffer.from(files[0]?.bytes ?? [])
      return { png, caption: captionOf(study) }
    }),
  )
}

async function tilesOfFolder(folder: string, limit: number): Promise<Tile[]> {
  const path = join(folder, 'studies.jsonl')
  const lines = (await readBytes(path)).toString('utf8').split('\n').filter(Boolean).slice(0, limit)
  return Promise.all(
    lines.map(async (line, i) => {
      const study = parseWith(studySchema, JSON.parse(line), `${path} line ${i + 1}`, 'DATA_INVALID')
      return { png: await readFile(join(folder, study.images[0]?.path ?? '')), caption: captionOf(study) }
    }),
  )
}

function captionOf(study: Study): string {
  const truth = study.truth?.labels ?? study.labels
  const names = Object.keys(truth).filter((name) => truth[name] === 1)
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
