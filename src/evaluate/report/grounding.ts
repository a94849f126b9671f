/** @file Pictures of groundings: the map over the picture in colour, the truth as an outline. */

import sharp from 'sharp'
import type { Model } from '../../apply/model.ts'
import { pictures } from '../context.ts'
import type { EvaluationData } from '../protocol.ts'
import type { ReportImage, ReportSection } from './html.ts'

/** A map [size, size] of a phrase, its truth, and how well it ranks. */
export interface Grounding {
  study: number
  phrase: string
  mask: Uint8Array
  map: Float64Array
  auc: number
}

/** The best, the middle and the worst groundings, most telling first. */
export async function groundingPictures(
  model: Model,
  data: EvaluationData,
  groundings: readonly Grounding[],
): Promise<ReportSection> {
  const known = groundings.filter(({ auc }) => !Number.isNaN(auc)).sort((a, b) => b.auc - a.auc)
  const middle = Math.floor(known.length / 2)
  const chosen = [...new Set([...known.slice(0, 3), ...known.slice(middle, middle + 3), ...known.slice(-3)])]
  const load = pictures(model, data.folder, data.test)
  const images: ReportImage[] = []
  for (const grounding of chosen) {
    const grey = greysOf(await load([grounding.study]), model)
    images.push({
      data: await overlay(grey, grounding, model.config.image.size),
      type: 'image/png',
      alt: `Map of "${grounding.phrase}" over a picture, with its boxes outlined`,
      caption: `${data.test[grounding.study]!.id}: ${grounding.phrase}. Rank AUC ${grounding.auc.toFixed(2)}`,
    })
  }
  return {
    heading: 'Grounding: best, middle and worst',
    text: 'Colour: cosine of regions with the phrase, from low (none) to high (orange), scaled to each picture. Blue outline: where it is.',
    images,
  }
}

/** First channel of the model's pixels, as 0..1. */
export function greysOf(pixels: Float32Array, { preprocess: { mean, std, size } }: Model): Float32Array {
  return Float32Array.from(pixels.subarray(0, size * size), (value) =>
    Math.min(Math.max(value * std[0]! + mean[0]!, 0), 1),
  )
}

/** A picture [size, size] of 0..1 with a map in colour over it and a mask as an outline. */
export async function overlay(
  grey: Float32Array,
  { map, mask }: Pick<Grounding, 'map' | 'mask'>,
  size: number,
): Promise<Uint8Array> {
  const low = map.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const high = map.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const rgb = Buffer.alloc(size * size * 3)
  for (let i = 0; i < size * size; i++) {
    const x = i % size
    const inside = mask[i] === 1
    const edge =
      inside &&
      (x === 0 ||
        x === size - 1 ||
        i < size ||
        i >= size * (size - 1) ||
        mask[i - 1] === 0 ||
        mask[i + 1] === 0 ||
        mask[i - size] === 0 ||
        mask[i + size] === 0)
    const heat = high > low ? ((map[i]! - low) / (high - low)) ** 2 * 0.6 : 0
    // Okabe and Ito's orange over grey, blue for the truth.
    const colour = edge ? [86, 180, 233] : [230, 159, 0].map((value) => 255 * grey[i]! * (1 - heat) + value * heat)
    rgb.set(colour.map(Math.round), 3 * i)
  }
  const scale = Math.max(1, Math.round(192 / size))
  return sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .resize(size * scale, size * scale, { kernel: 'nearest' })
    .png()
    .toBuffer()
}
