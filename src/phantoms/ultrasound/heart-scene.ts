/** @file Scenes of the beating heart: apical views of two and four chambers, ejection fraction, sizes of chambers. */

import { z } from 'zod'
import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const heartFindings = [
  'Reduced Ejection Fraction',
  'Dilated Left Ventricle',
  'Left Ventricular Hypertrophy',
  'Enlarged Left Atrium',
  'Pericardial Effusion',
] as const
export type HeartFinding = (typeof heartFindings)[number]

export interface HeartShape {
  /** 0 to 1: how far it has gone. */
  amount: number
  /** mm of fluid for effusions, else 0. */
  size: number
}

export interface HeartAnatomy {
  /** Left ventricle at end-diastole in mm: apex to mitral plane, inner width. */
  length: number
  width: number
  /** mm of muscle at end-diastole. */
  wall: number
  /** mm: depth and width of the left atrium at end-systole. */
  atrium: [number, number]
  /** Share of the volume that is pumped. */
  ejection: number
  /** Beats a minute. */
  rate: number
  /** mm from the probe to the apex. */
  apex: number
  /** Radians by which the long axis leans, and mm by which the probe misses the apex sideways, in four and in two chambers. */
  probe: Readonly<Record<'4CH' | '2CH', { lean: number; aside: number }>>
  /** mm of fat on the heart: dim where fluid is black, and as thick as a small effusion. */
  fat: number
  /** mm of depth that are shown: set so that the heart fits, never twice the same. */
  depth: number
  /** Left and right changed places, as some laboratories show it. */
  mirrored: boolean
  quality: 'good' | 'medium' | 'poor'
  acquisition: Acquisition
}

export type HeartScene = Scene<HeartFinding, HeartAnatomy, HeartShape>

export const heartDials = z.strictObject({
  ...commonDials(heartFindings),
  frames: z.number().int().min(0).max(48).default(6).describe('pictures over one beat of the four-chamber view'),
})
export type HeartDials = CommonDials & z.output<typeof heartDials>

export const heartSpecs: readonly FindingSpec<HeartFinding>[] = [
  {
    name: 'Dilated Left Ventricle',
    terms: {
      train: longTail('dilated left ventricle', 'left ventricular dilatation', 'enlarged left ventricle'),
      heldOut: ['widened main pumping chamber', 'increased ventricular cavity'],
    },
    logOdds: -1,
    chronic: true,
    denial: 1,
    plainDenials: longTail('The left ventricle is normal in size.'),
    symptoms: ['known cardiomyopathy'],
  },
  {
    name: 'Left Ventricular Hypertrophy',
    terms: {
      train: longTail('left ventricular hypertrophy', 'concentric hypertrophy', 'thickened ventricular walls'),
      heldOut: ['increased myocardial mass', 'thick muscle of the main chamber'],
      mass: true,
    },
    logOdds: -0.9,
    chronic: true,
    denial: 1,
    plainDenials: longTail('Wall thickness is normal.'),
    symptoms: ['long-standing hypertension'],
  },
  {
    name: 'Reduced Ejection Fraction',
    terms: {
      train: longTail('reduced ejection fraction', 'impaired systolic function', 'systolic dysfunction'),
      heldOut: ['poor pump function', 'weak contraction'],
      mass: true,
    },
    logOdds: -0.9,
    chronic: true,
    denial: 1.4,
    plainDenials: longTail('Systolic function is normal.', 'The ejection fraction is normal.'),
    symptoms: ['heart failure', 'an old infarct'],
  },
  {
    name: 'Enlarged Left Atrium',
    terms: {
      train: longTail('enlarged left atrium', 'left atrial enlargement', 'dilated left atrium'),
      heldOut: ['increased auricular volume', 'wide upper chamber'],
    },
    logOdds: -0.9,
    chronic: true,
    denial: 0.9,
    symptoms: ['atrial fibrillation'],
  },
  {
    name: 'Pericardial Effusion',
    terms: {
      train: longTail('pericardial effusion', 'pericardial fluid collection'),
      heldOut: ['fluid around the heart', 'hydropericardium'],
    },
    logOdds: -1,
    denial: 2,
    doubtful: true,
    small: true,
    symptoms: ['chest pain after a viral infection'],
  },
]

export const heartPlanner: Planner<HeartFinding, HeartAnatomy, HeartShape, HeartDials> = {
  domain: 'ultrasound-heart',
  people: { meanAge: 61, sd: 15, least: 18, most: 92 },
  specs: heartSpecs,
  dependence: [
    ['Dilated Left Ventricle', 'Reduced Ejection Fraction', 2],
    ['Reduced Ejection Fraction', 'Enlarged Left Atrium', 0.6],
    ['Left Ventricular Hypertrophy', 'Enlarged Left Atrium', 0.6],
  ],
  reconcile(present) {
    if (present.has('Dilated Left Ventricle')) present.delete('Left Ventricular Hypertrophy')
  },
  anatomy(who, present, dials, person, study) {
    const size = (who.sex === 'M' ? 1.04 : 0.97) * (1 + person.normal(0, 0.03))
    const [wide, weak, thick, atrium] = [person.uniform(), person.uniform(), person.uniform(), person.uniform()]
    const dilated = present.has('Dilated Left Ventricle')
    const poor = study.uniform()
    const large = present.has('Enlarged Left Atrium')
    const length = (dilated ? 88 + 9 * wide : 76 + 9 * wide) * size
    const wall = present.has('Left Ventricular Hypertrophy') ? 13.5 + 5 * thick : 8 + 2.6 * thick
    const deep = large ? 47 + 10 * atrium : 34 + 8 * atrium
    const apex = study.uniform(12, 32)
    // Further off, and the examiner would look again.
    const off = (sd: number): number => Math.max(-1.5 * sd, Math.min(1.5 * sd, study.normal(0, sd))) * dials.nuisance
    const held = () => ({ lean: off(0.28), aside: off(8) })
    return {
      length,
      width: (dilated ? 55 + 11 * wide : 40 + 9 * wide) * size,
      wall,
      atrium: [deep, deep + (large ? 3 : 2)],
      ejection: present.has('Reduced Ejection Fraction') ? 0.18 + 0.23 * weak : 0.55 + 0.15 * weak,
      rate: study.uniform(55, 95),
      apex,
      probe: { '4CH': held(), '2CH': held() },
      fat: person.chance(0.7) ? person.uniform(4, 15) * Math.min(1, dials.nuisance) : 0,
      depth: Math.max(120, (apex + length + wall + deep) * (1.16 + 0.26 * study.uniform(-1, 1) * dials.nuisance)),
      mirrored: study.chance(0.5 * Math.min(1, dials.nuisance)),
      quality: poor < 0.5 ? 'good' : poor < 0.85 ? 'medium' : 'poor',
      acquisition: acquire(study, dials.nuisance, {
        roll: 0.02,
        shift: 2,
        zoom: 0.06,
        gain: 0.18,
        bias: 0.07,
        gamma: 0.3,
        blur: 0.2,
        noise: 0.012,
      }),
    }
  },
  place(scene, name, stream) {
    const { length, ejection, wall, atrium } = scene.anatomy
    // The size of a chamber is the patient's; words take it from there.
    const amounts: Record<HeartFinding, number> = {
      'Reduced Ejection Fraction': (0.41 - ejection) / 0.23,
      'Dilated Left Ventricle': (length - 86) / 13,
      'Left Ventricular Hypertrophy': (wall - 13.5) / 5,
      'Enlarged Left Atrium': (atrium[0] - 47) / 10,
      'Pericardial Effusion': stream.uniform(),
    }
    const amount = Math.min(1, Math.max(0, amounts[name]))
    return { amount, size: name === 'Pericardial Effusion' ? 5 + 7 * amount : 0 }
  },
  boilerplateDenials: ['Reduced Ejection Fraction', 'Pericardial Effusion'],
}
