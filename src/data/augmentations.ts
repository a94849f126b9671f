/** @file Named augmentations: what papers do to their pictures, with their ranges. */

import { random } from '../core/random.ts'

type Range = readonly [low: number, high: number]

export interface Augmentation {
  /** Window by its share of the area and the ratio of its sides, resized to the whole. */
  crop?: { scale: Range; ratio: Range }
  /** Degrees, either way. */
  rotate?: number
  /** Share of the side, either way. */
  translate?: number
  zoom?: Range
  /** Probability of a horizontal flip; the words of the study swap left and right by the same coin. */
  flip?: number
  /** Factor of all greys. */
  brightness?: Range
  /** Factor of the distance from the mean grey. */
  contrast?: Range
  /** Gaussian; sigma in pixels of a picture of `side`. */
  blur?: { sigma: Range; side: number; chance: number }
}

/** Ranges by name. Sources: the method sheets' reading of the released code. */
export const augmentations = {
  /** Zhang et al. 2022b, also LoVT. */
  convirt: {
    crop: { scale: [0.6, 1], ratio: [3 / 4, 4 / 3] },
    flip: 0.5,
    rotate: 20,
    translate: 0.1,
    zoom: [0.95, 1.05],
    brightness: [0.6, 1.4],
    contrast: [0.6, 1.4],
    blur: { sigma: [0.1, 3], side: 224, chance: 1 },
  },
  /** Zhou et al. 2022a. */
  refers: {
    crop: { scale: [0.05, 1], ratio: [0.6, 1] },
    flip: 0.5,
    brightness: [0.6, 1.4],
    contrast: [0.6, 1.4],
  },
  /** Huang et al. 2021: a crop of 224 from 256, whole pictures with borders. */
  gloria: { crop: { scale: [0.766, 0.766], ratio: [1, 1] } },
  /** Liao et al. 2021. */
  localmi: { rotate: 20, translate: 0.1 },
  /** Cheng et al. 2023. */
  prior: { rotate: 5, flip: 0.5 },
  /** Zhou et al. 2022b. */
  mrm: { crop: { scale: [0.2, 1], ratio: [3 / 4, 4 / 3] }, flip: 0.5 },
  /** Palepu and Beam 2023. */
  tier: {
    crop: { scale: [0.7656, 0.7656], ratio: [0.9, 1.11] },
    rotate: 10,
    translate: 0.05,
    zoom: [0.95, 1.05],
    brightness: [0.8, 1.2],
    contrast: [0.8, 1.2],
  },
  /** Pan et al. 2022 and 2023: photographs have no upright. */
  placenta: { rotate: 180, brightness: [0.8, 1.2], contrast: [0.8, 1.2] },
} as const satisfies Readonly<Record<string, Augmentation>>

/** `none`: pictures as they are; `crop`: a mild similarity and a little brightness and contrast; others as in papers. */
export type AugmentName = 'none' | 'crop' | keyof typeof augmentations

export const augmentNames = ['none', 'crop', ...Object.keys(augmentations)] as [AugmentName, ...AugmentName[]]

/** The coin of a study in an epoch: whether its pictures are flipped, and left and right swapped in its words. */
export function isFlipped(name: AugmentName, seed: number, epoch: number, study: string): boolean {
  if (name === 'none' || name === 'crop') return false
  const { flip = 0 }: Augmentation = augmentations[name]
  return flip > 0 && random(seed, 'flip', epoch, study).chance(flip)
}
