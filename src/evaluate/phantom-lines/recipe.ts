/** @file What the reference lines of a phantom domain are measured on and with: part of every result. */

import type { Line } from '../../phantoms/index.ts'
import type { FindingScores } from '../protocols/findings.ts'

/** How a study becomes a case that the image tower can read. */
export type Form =
  /** The first picture. */
  | { kind: 'picture' }
  /** All pictures, sorted by view, as channels. */
  | { kind: 'views' }
  /** Frames at equal distances as channels: phases of one scene. */
  | { kind: 'phases'; count: number }
  /** Pictures as a bag: one tower for all, mean and maximum of what it says. */
  | { kind: 'tiles'; count: number }
  /** Frames as cases with labels of their own. */
  | { kind: 'frames'; count: number }
  /** A volume as a bag of slabs of three slices; voxels from `low` to `high`. */
  | { kind: 'slabs'; count: number; low: number; high: number }
  /** A recording as one row; leads are channels, values from `low` to `high`. */
  | { kind: 'leads'; samples: number; low: number; high: number }

/** What decides the numbers of one domain, besides what it draws. */
export interface Recipe {
  seed: number
  /** Side of pictures, pixels. */
  size: number
  splits: { train: number; test: number }
  form: Form
  /** Image tower. */
  image: string
  supervised: { epochs: number; batch: number; rate: number; weightDecay: number }
  /** Contrastive projections of frozen features and counted words. */
  pairs: { steps: number; batch: number; rate: number; width: number; leastUse: number }
  /** Labels of masks that a small U-Net learns as well; absent where findings are what the domain is about. */
  segmentation?: Segmentation
}

export interface Segmentation {
  labels: readonly string[]
  /** Pictures (slices of volumes). */
  train: number
  test: number
  epochs: number
  batch: number
  base: number
  depth: number
  rate: number
}

const picture: Recipe = {
  seed: 1,
  size: 96,
  splits: { train: 2000, test: 500 },
  form: { kind: 'picture' },
  image: 'resnet-tiny',
  supervised: { epochs: 6, batch: 32, rate: 3e-3, weightDecay: 0.02 },
  pairs: { steps: 300, batch: 128, rate: 2e-3, width: 64, leastUse: 10 },
}

/** More passes, for domains whose curve still rises. */
const longer = { ...picture.supervised, epochs: 8 }

/** All that a domain may need, for those with findings that half of it does not teach. */
const thorough: Partial<Recipe> = {
  splits: { train: 5000, test: 1000 },
  supervised: { ...picture.supervised, epochs: 16 },
}

/**
 * What committed results are measured with. Fewer studies where one holds many pictures, and than the 5,000 that a domain
 * may need: what can be learnt from half can be learnt from all. All are 96 pixels wide but tiles and slices.
 */
const special: Readonly<Record<string, Partial<Recipe>>> = {
  'chest-xray': { splits: { train: 5000, test: 1000 }, supervised: longer },
  'brain-mri': { form: { kind: 'views' } },
  'blood-smear': thorough,
  endoscopy: thorough,
  fundus: thorough,
  mammogram: { ...thorough, form: { kind: 'views' } },
  placenta: thorough,
  'texture-anomaly': thorough,
  'dental-panorama': thorough,
  'dental-crowns': thorough,
  knee: thorough,
  'ultrasound-heart': { form: { kind: 'views' }, splits: { train: 2000, test: 600 } },
  'fundus-angiography': { form: { kind: 'phases', count: 4 }, splits: { train: 1500, test: 500 } },
  'histology-slide': { form: { kind: 'tiles', count: 16 }, size: 48, splits: { train: 1200, test: 400 } },
  'surgical-video': { form: { kind: 'frames', count: 8 }, splits: { train: 400, test: 100 } },
  'abdominal-ct': {
    form: { kind: 'slabs', count: 12, low: -160, high: 240 },
    size: 64,
    splits: { train: 400, test: 100 },
    segmentation: {
      labels: [
        'Liver',
        'Spleen',
        'Left Kidney',
        'Right Kidney',
        'Pancreas',
        'Stomach',
        'Gallbladder',
        'Aorta',
        'Inferior Vena Cava',
        'Liver Tumour',
        'Liver Cyst',
        'Kidney Tumour',
        'Kidney Cyst',
        'Pancreas Tumour',
        'Spleen Tumour',
      ],
      train: 4800,
      test: 1200,
      epochs: 6,
      batch: 16,
      base: 12,
      depth: 4,
      rate: 4e-3,
    },
  },
  'lung-nodule-ct': {
    form: { kind: 'slabs', count: 16, low: -1000, high: 400 },
    size: 40,
    splits: { train: 3000, test: 1000 },
    supervised: { ...picture.supervised, epochs: 12 },
  },
  ecg: {
    form: { kind: 'leads', samples: 1000, low: -2.5, high: 2.5 },
    splits: { train: 2500, test: 750 },
    supervised: longer,
  },
}

/** The recipe of a domain. */
export function recipeOf(domain: string): Recipe {
  return { ...picture, ...special[domain] }
}

/** A line from the scores of an evaluation. */
export function lineOf({ macroAuroc, interval, perClass }: FindingScores): Line {
  return {
    macro: rounded(macroAuroc),
    interval: interval === null ? null : [rounded(interval[0]), rounded(interval[1])],
    perFinding: Object.fromEntries(Object.entries(perClass).map(([name, { auroc }]) => [name, rounded(auroc)])),
  }
}

/** Four digits: more would say nothing on a thousand studies. */
export function rounded<T extends number | null>(value: T): T {
  return (value === null ? null : Math.round(value * 1e4) / 1e4) as T
}
