/** @file Scenes of lung nodules: a cube of CT around one nodule, with the eight attributes that radiologists score. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const noduleFindings = ['Spiculation', 'Lobulation', 'Calcification', 'Ground Glass', 'Pleural Contact'] as const
export type NoduleFinding = (typeof noduleFindings)[number]

/** Mm across the cube. */
export const cube = 48

/** How far a sign has gone, 0 to 1, and its kind. */
export interface NoduleShape {
  amount: number
  kind: 'central' | 'popcorn' | 'laminated' | 'none'
  seed: number
}

export interface NoduleAnatomy {
  /** Diameter, mm. */
  diameter: number
  /** Ratio of the axes; 1 is a ball. */
  axes: [number, number, number]
  /** Softness of the border, mm. */
  softness: number
  /** mm off the middle of the cube. */
  shift: [number, number, number]
  /** Direction of the chest wall, radians in the slice, and its distance from the middle, mm; null far from it. */
  wall: [number, number] | null
  /** Holes of emphysema, 0 to 1; number of vessels. */
  emphysema: number
  vessels: number
  noise: number
  /** mm from slice to slice in the scanner: blur along z. */
  slice: number
  /** What the reader sees of malignancy beyond the signs, standard normal. */
  hidden: number
  seed: number
}

export type NoduleScene = Scene<NoduleFinding, NoduleAnatomy, NoduleShape>

export const noduleDials = z.strictObject({
  ...commonDials(noduleFindings, 'a localisation wire beside the nodule'),
  readers: z.number().int().min(1).max(12).default(4).describe('readers who score each nodule'),
  disagreement: z
    .number()
    .min(0)
    .max(3)
    .default(0.5)
    .describe('standard deviation of a reader around the truth, in points of the five-point scales'),
  form: z
    .enum(['volume', 'slice'])
    .default('volume')
    .describe('volume: a NIfTI cube in Hounsfield units; slice: the middle slice as PNG'),
})
export type NoduleDials = CommonDials & z.output<typeof noduleDials>

export const noduleSpecs: readonly FindingSpec<NoduleFinding>[] = [
  {
    name: 'Spiculation',
    terms: {
      train: longTail('spiculation', 'spiculated borders', 'marginal spiculation'),
      heldOut: ['corona radiata', 'radiating strands'],
      mass: true,
    },
    logOdds: -0.5,
    chronic: true,
    denial: 1.4,
    doubtful: true,
  },
  {
    name: 'Lobulation',
    terms: {
      train: longTail('lobulation', 'lobulated contours'),
      heldOut: ['scalloped outlines', 'undulating edges'],
      mass: true,
    },
    logOdds: -0.4,
    chronic: true,
    denial: 0.8,
    doubtful: true,
  },
  {
    name: 'Ground Glass',
    terms: {
      train: longTail('ground-glass density', 'ground-glass attenuation', 'non-solid texture'),
      heldOut: ['hazy see-through density', 'subsolid character'],
      mass: true,
    },
    logOdds: -0.8,
    chronic: true,
    denial: 0.8,
  },
  {
    name: 'Calcification',
    terms: {
      train: longTail('calcification', 'calcified parts'),
      heldOut: ['mineralisation', 'calcareous deposits'],
      mass: true,
    },
    logOdds: -0.7,
    chronic: true,
    denial: 1.4,
    doubtful: true,
    small: true,
  },
  {
    name: 'Pleural Contact',
    terms: {
      train: longTail('pleural contact', 'contact with the pleura', 'pleural abutment'),
      heldOut: ['chest wall attachment', 'broad base on the lining'],
      mass: true,
    },
    logOdds: -0.7,
    chronic: true,
    denial: 0.8,
  },
]

export const nodulePlanner: Planner<NoduleFinding, NoduleAnatomy, NoduleShape, NoduleDials> = {
  domain: 'lung-nodule-ct',
  people: { meanAge: 63, sd: 11, least: 25, most: 90 },
  specs: noduleSpecs,
  dependence: [
    ['Spiculation', 'Lobulation', 0.5],
    ['Spiculation', 'Calcification', -1.2],
    ['Ground Glass', 'Calcification', -4],
  ],
  reconcile(present) {
    if (present.has('Ground Glass')) present.delete('Calcification')
  },
  anatomy(who, present, dials, person, study) {
    const contact = present.has('Pleural Contact')
    const lot = person.uniform()
    const diameter = 6.5 + 16 * lot ** 1.3 + (present.has('Spiculation') ? 3 : 0) + who.visit * person.uniform(0, 1.2)
    const n = dials.nuisance
    const near = study.chance(0.3 * Math.min(1, n))
    const angle = study.uniform(0, 2 * Math.PI)
    return {
      diameter,
      axes: [person.uniform(0.85, 1.15), person.uniform(0.85, 1.15), person.uniform(0.85, 1.15)],
      softness: present.has('Ground Glass') ? person.uniform(1.2, 2.4) : person.uniform(0.2, 1),
      shift: [study.normal(0, 1.2) * n, study.normal(0, 1.2) * n, study.normal(0, 1) * n],
      wall: contact ? [angle, diameter * 0.42] : near ? [angle, diameter * 0.5 + study.uniform(5, 9)] : null,
      emphysema: study.chance(0.25) ? study.uniform(0.3, 1) * Math.min(1, n) : 0,
      vessels: 2 + study.int(5),
      noise: 26 * Math.exp(study.normal(0, 0.3)) * dials.noise,
      slice: study.uniform(0.8, 2.5),
      hidden: person.normal(),
      seed: person.int(2 ** 31),
    }
  },
  place(_scene, name, stream) {
    const kind = name === 'Calcification' ? stream.pick(['central', 'popcorn', 'laminated'] as const) : 'none'
    return { amount: stream.uniform(), kind, seed: stream.int(2 ** 31) }
  },
  boilerplateDenials: ['Spiculation', 'Calcification'],
}

/** The sign of a scene, if it is drawn in full. */
export function signOf(scene: NoduleScene, name: NoduleFinding): NoduleShape | undefined {
  return scene.findings.find((finding) => finding.name === name && finding.strength >= 0.5)?.shape
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))

/**
 * The eight attributes on the scales of LIDC-IDRI: subtlety, sphericity, margin, lobulation, spiculation, texture 1 to 5
 * (texture 1 is ground glass, 5 solid; margin 5 is sharp), internal structure 1 (soft tissue), calcification 1 to 6 (1
 * popcorn, 2 laminated, 3 solid, 5 central, 6 absent). Malignancy 1 to 5 stands apart: it is the target.
 */
export function truthScores(scene: NoduleScene): Record<string, number> {
  const { anatomy } = scene
  const amount = (name: NoduleFinding): number => signOf(scene, name)?.amount ?? -1
  const [spikes, lobes, glass] = [amount('Spiculation'), amount('Lobulation'), amount('Ground Glass')]
  const calcified = signOf(scene, 'Calcification')
  const kinds = { popcorn: 1, laminated: 2, none: 3, central: 5 } as const
  const spread = Math.max(...anatomy.axes) - Math.min(...anatomy.axes)
  const risk =
    -2.1 +
    0.13 * anatomy.diameter +
    (spikes >= 0 ? 1 + spikes : 0) +
    (lobes >= 0 ? 0.4 + 0.4 * lobes : 0) +
    (glass >= 0 ? 0.3 : 0) -
    (calcified ? 2.4 : 0) +
    0.35 * anatomy.hidden
  return {
    subtlety: clamp(1.6 + anatomy.diameter / 6 - (glass >= 0 ? 1 : 0), 1, 5),
    internalStructure: 1,
    calcification: calcified ? kinds[calcified.kind] : 6,
    sphericity: clamp(5 - 5.5 * spread - (lobes >= 0 ? 0.8 : 0), 1, 5),
    margin: clamp(5 - 1.5 * anatomy.softness - (spikes >= 0 ? 1 : 0), 1, 5),
    lobulation: lobes >= 0 ? 3 + 2 * lobes : 1.2,
    spiculation: spikes >= 0 ? 3 + 2 * spikes : 1.1,
    texture: glass >= 0 ? 1 + 1.6 * (1 - glass) : 4.9,
    malignancy: clamp(3 + 1.15 * risk, 1, 5),
  }
}

/** Whole-number scores of one reader: the truth, the reader's habit, and chance. */
export function readerScores(scene: NoduleScene, reader: number, disagreement: number): Record<string, number> {
  const habit = random(scene.seed, scene.domain, 'reader', reader)
  const stream = random(scene.seed, scene.domain, 'score', scene.index, reader)
  return Object.fromEntries(
    Object.entries(truthScores(scene)).map(([name, value]) => {
      const bias = habit.normal(0, 0.5) * disagreement
      const lot = stream.normal(0, 1) * disagreement
      // Kinds of calcification are no scale: readers see it or they do not.
      if (name === 'calcification') return [name, value < 6 && lot > 1.6 * Math.max(0.3, disagreement) ? 6 : value]
      if (name === 'internalStructure') return [name, 1]
      return [name, clamp(Math.round(value + bias + lot), 1, 5)]
    }),
  )
}

/** Benign below 2.5, malignant above 3.5, between them unsure: classes from the mean of the readers. */
export function classOf(malignancy: number): 'benign' | 'unsure' | 'malignant' {
  return malignancy < 2.5 ? 'benign' : malignancy > 3.5 ? 'malignant' : 'unsure'
}

/** A stream of this scene's background. */
export function backgroundStream(scene: NoduleScene, key: string): Random {
  return random(scene.seed, scene.domain, key, scene.index)
}
