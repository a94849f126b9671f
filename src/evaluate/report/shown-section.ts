/** @file The part of a run's report that shows what the system itself can show: its maps over the truth, its drawings. */

import sharp from 'sharp'
import type { Study } from '../../data/study.ts'
import type { Preprocess } from '../../imaging/index.ts'
import { enlarge, maskOf, placedBoxes } from '../places.ts'
import { openShowing, type Showing } from '../shown.ts'
import { overlay } from './grounding.ts'
import type { ReportImage, ReportSection } from './html.ts'

/** Studies of which something is shown. */
const most = 6

/**
 * Maps of words or sentences with the boxes they should lie in, and pictures as the system rebuilds them, of the first of
 * these studies that have them. Empty if the system shows nothing.
 */
export async function shownSections(
  run: string,
  folder: string,
  studies: readonly Study[],
): Promise<readonly ReportSection[]> {
  const boxed = studies.filter(({ boxes }) => boxes.some(({ image, phrase }) => image === 0 && phrase !== undefined))
  const [seen, chosen] = [new Set<string>(), [] as Study[]]
  for (const study of [...boxed, ...studies]) {
    if (chosen.length === most || seen.has(study.patient)) continue
    seen.add(study.patient)
    chosen.push(study)
  }
  if (chosen.length === 0) return []
  const showing = await openShowing(run, folder, chosen)
  try {
    if (showing.names.length === 0) return []
    return [...(await mapsSection(showing, folder, chosen)), ...(await drawingsSection(showing, chosen))]
  } finally {
    await showing.close()
  }
}

async function mapsSection(showing: Showing, folder: string, studies: readonly Study[]): Promise<ReportSection[]> {
  const { preprocess } = showing
  const asked: { study: number; phrase: string; mask: Uint8Array }[] = []
  for (const [study, { boxes }] of studies.entries()) {
    if (!boxes.some(({ phrase }) => phrase !== undefined)) continue
    const placed = await placedBoxes(folder, studies[study] as Study, preprocess)
    const phrase = placed[0]?.phrase
    if (phrase === undefined) continue
    const own = placed.filter((box) => box.phrase === phrase).map(({ box }) => box)
    asked.push({ study, phrase, mask: maskOf(own, preprocess.size) })
  }
  const maps = await showing.maps(asked)
  if (maps === undefined) return []
  const images: ReportImage[] = []
  for (const [i, { study, phrase, mask }] of asked.entries()) {
    const { map, rows, columns } = maps[i] as (typeof maps)[number]
    const full = enlarge(map, rows, columns, preprocess.size)
    const grey = greys(await showing.pixels(study), preprocess)
    images.push({
      data: await overlay(grey, { map: full, mask }, preprocess.size),
      type: 'image/png',
      alt: `Map of "${phrase}" over a picture, with its boxes outlined`,
      caption: `${(studies[study] as Study).id}: ${phrase}`,
    })
  }
  const what = showing.names.includes('words') ? 'the words that name a finding' : 'a sentence'
  return [
    {
      heading: 'Where its words look',
      text: `Colour: attention of ${what} over the regions of the picture, from low (none) to high (orange), scaled to each picture. Blue outline: where the finding is. Studies of the validation part.`,
      images,
    },
  ]
}

async function drawingsSection(showing: Showing, studies: readonly Study[]): Promise<ReportSection[]> {
  const places = studies.map((_, i) => i)
  const drawings = await showing.rebuilt(places)
  if (drawings === undefined) return []
  const images: ReportImage[] = []
  for (const [i, { drawn, seen, side }] of drawings.entries()) {
    const truth = await showing.pixels(i, side)
    const panels = [truth, ...(seen === undefined ? [] : [seen]), drawn].map((panel) =>
      greys(panel, showing.preprocess),
    )
    images.push({
      data: await sideBySide(panels, side),
      type: 'image/png',
      alt: `A picture and what the system made of it`,
      caption: (studies[i] as Study).id,
    })
  }
  const seen = drawings[0]?.seen === undefined ? '' : 'what of it was seen, '
  return [
    { heading: 'Pictures rebuilt', text: `From left to right: the picture, ${seen}and how it was rebuilt.`, images },
  ]
}

/** First channel of pixels of a tower as 0..1. */
function greys(pixels: Float32Array, { mean, std }: Preprocess): Float32Array {
  return pixels.map((value) => Math.min(Math.max(value * (std[0] as number) + (mean[0] as number), 0), 1))
}

async function sideBySide(panels: readonly Float32Array[], side: number): Promise<Uint8Array> {
  const gap = 2
  const width = panels.length * (side + gap) - gap
  const grey = Buffer.alloc(width * side, 255)
  panels.forEach((panel, n) => {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++)
        grey[y * width + n * (side + gap) + x] = Math.round(255 * (panel[y * side + x] as number))
    }
  })
  const scale = Math.max(1, Math.round(128 / side))
  return sharp(grey, { raw: { width, height: side, channels: 1 } })
    .resize(width * scale, side * scale, { kernel: 'nearest' })
    .png()
    .toBuffer()
}
