/** @file Scenes of brain MRI: one axial level (or the volume around it) in four sequences, adults and infants. */

import { z } from 'zod'
import type { Random } from '../../core/random.ts'
import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const brainFindings = [
  'Tumour',
  'Acute Infarct',
  'Chronic Infarct',
  'Haemorrhage',
  'White Matter Lesions',
  'Atrophy',
  'Hydrocephalus',
  'Delayed Myelination',
] as const
export type BrainFinding = (typeof brainFindings)[number]

/** In the order that UniBrain reads them. */
export const sequences = ['DWI', 'T1', 'T2', 'FLAIR'] as const
export type Sequence = (typeof sequences)[number]

export type Lobe = 'frontal lobe' | 'parietal lobe' | 'temporal lobe' | 'occipital lobe' | 'basal ganglia' | 'thalamus'

export interface BrainShape {
  /** The patient's side; left is right in the picture. 'none' for what has no side. */
  side: 'left' | 'right' | 'none'
  lobe: Lobe | null
  /** mm in the frame of the head. */
  at: [number, number]
  /** Radius in mm; for diffuse findings the amount, 0 to 1. */
  size: number
  /** Acute infarcts: hours old, seen by diffusion only. */
  early: boolean
  seed: number
}

export interface BrainAnatomy {
  /** Height of the slice: 0 through the thalami, 1 above the ventricles. */
  level: number
  /** Factor of head size. */
  scale: number
  /** Half axes of the head, mm. */
  head: [number, number]
  /** Factors of ventricles and of the width of sulci. */
  ventricles: number
  sulci: number
  /** mm by which a mass pushes the midline to the image's right. */
  push: number
  /** Weeks of an infant; null for everyone else. */
  weeks: number | null
  /** 0 newborn (white matter dark on T1) to 1 adult. */
  myelin: number
  seed: number
  acquisition: Acquisition
  /** Bias field of the coil: strength and direction. */
  coil: [number, number]
}

export type BrainScene = Scene<BrainFinding, BrainAnatomy, BrainShape>

export const brainDials = z.strictObject({
  ...commonDials(brainFindings),
  infants: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('share of patients in their first two years, whose contrast depends on age'),
  form: z
    .enum(['slice', 'volume'])
    .default('slice')
    .describe('slice: one PNG a sequence; volume: one NIfTI a sequence, 24 slices of 5 mm'),
})
export type BrainDials = CommonDials & z.output<typeof brainDials>

/** How far white matter is myelinated at an age, 0 to 1: grey and white matter look alike at about seven months. */
export function myelinAt(weeks: number): number {
  return 1 / (1 + Math.exp(-(weeks - 30) / 9))
}

export const brainSpecs: readonly FindingSpec<BrainFinding>[] = [
  {
    name: 'Tumour',
    terms: {
      train: longTail('tumour', 'brain tumour', 'intra-axial mass', 'glioma'),
      heldOut: ['neoplasm', 'space-occupying growth'],
    },
    logOdds: -1.5,
    chronic: true,
    denial: 1.4,
    symptoms: ['seizures', 'progressive headache'],
  },
  {
    name: 'Acute Infarct',
    terms: {
      train: longTail('acute infarct', 'acute ischaemic infarct', 'recent infarction'),
      heldOut: ['fresh ischaemia', 'hyperacute stroke'],
    },
    logOdds: -1.1,
    denial: 2.2,
    doubtful: true,
    small: true,
    plainDenials: longTail('There is no restricted diffusion.', 'Diffusion is normal.'),
    symptoms: ['sudden weakness', 'acute aphasia'],
  },
  {
    name: 'Chronic Infarct',
    terms: {
      train: longTail('chronic infarct', 'old infarct', 'encephalomalacia'),
      heldOut: ['post-ischaemic defect', 'cystic scar'],
    },
    logOdds: -1.3,
    chronic: true,
    denial: 0.5,
    small: true,
    symptoms: ['a stroke years ago'],
  },
  {
    name: 'Haemorrhage',
    terms: {
      train: longTail('haemorrhage', 'intracerebral haemorrhage', 'haematoma'),
      heldOut: ['parenchymal bleed', 'clotted blood'],
    },
    logOdds: -1.3,
    denial: 2.2,
    doubtful: true,
    small: true,
    symptoms: ['sudden headache'],
  },
  {
    name: 'White Matter Lesions',
    terms: {
      train: longTail('white matter lesions', 'white matter hyperintensities', 'small vessel disease'),
      heldOut: ['leukoaraiosis', 'microangiopathic foci'],
      mass: true,
    },
    logOdds: -0.9,
    chronic: true,
    denial: 0.8,
    doubtful: true,
    small: true,
    symptoms: ['memory problems'],
  },
  {
    name: 'Atrophy',
    terms: {
      train: longTail('brain atrophy', 'cerebral atrophy', 'generalised atrophy'),
      heldOut: ['parenchymal volume loss', 'cortical shrinkage'],
      mass: true,
    },
    logOdds: -1.1,
    chronic: true,
    denial: 1,
    plainDenials: longTail('The sulci are normal for age.'),
    symptoms: ['cognitive decline'],
  },
  {
    name: 'Hydrocephalus',
    terms: {
      train: longTail('hydrocephalus', 'ventricular enlargement', 'ventriculomegaly'),
      heldOut: ['dilated fluid spaces', 'widened lateral chambers'],
      mass: true,
    },
    logOdds: -1.5,
    chronic: true,
    denial: 1.2,
    symptoms: ['gait disturbance'],
  },
  {
    name: 'Delayed Myelination',
    terms: {
      train: longTail('delayed myelination', 'myelination delay'),
      heldOut: ['immature white matter', 'late maturation of tracts'],
      mass: true,
    },
    logOdds: -0.2,
    chronic: true,
    denial: 0.8,
    plainDenials: longTail('White matter signal is normal for age.'),
    symptoms: ['developmental delay'],
  },
]

export const brainPlanner: Planner<BrainFinding, BrainAnatomy, BrainShape, BrainDials> = {
  domain: 'brain-mri',
  people: { meanAge: 59, sd: 17, least: 18, most: 93 },
  specs: brainSpecs,
  dependence: [
    ['White Matter Lesions', 'Atrophy', 0.7],
    ['Chronic Infarct', 'White Matter Lesions', 0.8],
    ['Acute Infarct', 'White Matter Lesions', 0.5],
  ],
  adjust(who, dials, person) {
    // Delays of myelination are sought from the third month on, when there is something to be late.
    if (person.chance(dials.infants)) who.age = Math.round(((8 + person.int(78) + 10 * who.visit) / 52) * 100) / 100
  },
  reconcile(present, who) {
    const infant = who.age < 3
    const excluded: BrainFinding[] = infant
      ? ['White Matter Lesions', 'Atrophy', 'Chronic Infarct']
      : ['Delayed Myelination']
    if (present.has('Atrophy')) excluded.push('Hydrocephalus')
    if (present.has('Tumour')) excluded.push('Haemorrhage')
    for (const name of excluded) present.delete(name)
  },
  anatomy(who, present, dials, person, study) {
    const weeks = who.age < 3 ? Math.round(who.age * 52) : null
    const growth = weeks === null ? 1 : 0.74 + 0.19 * (1 - Math.exp(-weeks / 40))
    const atrophy = present.has('Atrophy') ? person.uniform(0.55, 1) : 0
    const late = present.has('Delayed Myelination')
    const drift = person.normal(0, 2)
    return {
      level: study.uniform(0.02, 0.72),
      scale: growth * (who.sex === 'M' ? 1.02 : 0.98) * (1 + person.normal(0, 0.025)),
      head: [75 * (1 + person.normal(0, 0.02)), 93 * (1 + person.normal(0, 0.02))],
      ventricles: present.has('Hydrocephalus')
        ? person.uniform(1.75, 2.2)
        : (1 + 0.5 * atrophy) * (0.92 + Math.max(0, who.age - 50) * 0.005 + person.normal(0, 0.05)),
      sulci: present.has('Hydrocephalus') ? 0.6 : (1 + 1.5 * atrophy) * (0.9 + Math.max(0, who.age - 50) * 0.008),
      push: 0,
      weeks,
      // Late by about half a year.
      myelin: weeks === null ? 1 : myelinAt((late ? Math.max(2, weeks * 0.28) : weeks) + drift),
      seed: person.int(2 ** 31),
      acquisition: acquire(study, dials.nuisance, {
        roll: 0.12,
        shift: 8,
        zoom: 0.1,
        gain: 0.1,
        bias: 0.015,
        gamma: 0.12,
        blur: 0.5,
        noise: 0.022,
      }),
      coil: [study.uniform(0, 0.22) * dials.nuisance, study.uniform(0, 2 * Math.PI)],
    }
  },
  place: placeBrainFinding,
  boilerplateDenials: ['Acute Infarct', 'Haemorrhage', 'Tumour'],
}

/** Where each lobe is met in the slice: share of the head's half axes, on the patient's left. */
const lobes: Record<Lobe, [number, number, number]> = {
  'frontal lobe': [0.36, -0.5, 1],
  'parietal lobe': [0.56, 0.16, 1],
  'temporal lobe': [0.62, 0.1, 1],
  'occipital lobe': [0.32, 0.6, 1],
  'basal ganglia': [0.32, -0.1, 0.3],
  thalamus: [0.15, 0.13, 0.25],
}

/** Streams of places that must differ between two lesions of a study. */
function placeBrainFinding(scene: BrainScene, name: BrainFinding, stream: Random): BrainShape {
  const { anatomy } = scene
  const seed = stream.int(2 ** 31)
  const none: BrainShape = { side: 'none', lobe: null, at: [0, 0], size: 0, early: false, seed }
  if (name === 'Atrophy' || name === 'Hydrocephalus' || name === 'Delayed Myelination') return { ...none, size: 1 }
  if (name === 'White Matter Lesions') return { ...none, size: stream.uniform(0.3, 1) }
  const low = anatomy.level < 0.45
  const cortical: Lobe[] = ['frontal lobe', low ? 'temporal lobe' : 'parietal lobe', 'occipital lobe']
  const deep: Lobe[] = name !== 'Tumour' && low ? ['basal ganglia', 'thalamus'] : []
  const taken = scene.findings
    .filter(({ shape }) => shape.lobe !== null)
    .map(({ shape }) => `${shape.side} ${shape.lobe}`)
  const free = (['left', 'right'] as const).flatMap((side) =>
    [...cortical, ...deep].filter((lobe) => !taken.includes(`${side} ${lobe}`)).map((lobe) => ({ side, lobe })),
  )
  const { side, lobe } = stream.pick(free)
  const [u, v, spread] = lobes[lobe]
  const [rx, ry] = anatomy.head
  const sign = side === 'left' ? 1 : -1
  const at: [number, number] = [
    sign * (u + stream.uniform(-0.06, 0.06) * spread) * rx,
    (v + stream.uniform(-0.08, 0.08) * spread) * ry,
  ]
  const inside = spread < 1
  const sizes: Partial<Record<BrainFinding, [number, number]>> = {
    Tumour: [10, 17],
    'Acute Infarct': [6, 15],
    'Chronic Infarct': [7, 13],
    Haemorrhage: [6, 12],
  }
  const [least, most] = sizes[name] as [number, number]
  const size = inside ? stream.uniform(4.5, 7) : stream.uniform(least, most)
  const early = name === 'Acute Infarct' && stream.chance(0.35)
  if (name === 'Tumour') anatomy.push = -sign * size * 0.3
  return { side, lobe, at, size, early, seed }
}

/** Whether a sequence shows a finding, and how: bright, dark, or as it looks elsewhere. */
export function signalOf(
  name: BrainFinding,
  shape: BrainShape,
  sequence: Sequence,
): 'hyperintense' | 'hypointense' | null {
  switch (name) {
    case 'Acute Infarct':
      if (sequence === 'DWI') return 'hyperintense'
      return shape.early ? null : sequence === 'T1' ? 'hypointense' : 'hyperintense'
    case 'Chronic Infarct':
      return sequence === 'T2' ? 'hyperintense' : 'hypointense'
    case 'Haemorrhage':
      return sequence === 'T1' ? 'hyperintense' : 'hypointense'
    case 'Tumour':
      return sequence === 'DWI' ? null : sequence === 'T1' ? 'hypointense' : 'hyperintense'
    case 'White Matter Lesions':
      return sequence === 'T2' || sequence === 'FLAIR' ? 'hyperintense' : null
    default:
      return null
  }
}
