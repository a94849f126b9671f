/** @file Scenes of an electrocardiogram: rhythm, conduction, axis, infarction, hypertrophy, noise. */

import { z } from 'zod'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const ecgFindings = [
  'Atrial Fibrillation',
  'Sinus Bradycardia',
  'Sinus Tachycardia',
  'First Degree AV Block',
  'Right Bundle Branch Block',
  'Left Bundle Branch Block',
  'Anterior Infarction',
  'Inferior Infarction',
  'ST Depression',
  'Left Ventricular Hypertrophy',
  'Left Axis Deviation',
  'Ventricular Ectopy',
] as const
export type EcgFinding = (typeof ecgFindings)[number]

/** Superclasses of PTB-XL; no key: rhythm or axis. */
export const superclassOf: Partial<Record<EcgFinding, 'CD' | 'MI' | 'STTC' | 'HYP'>> = {
  'First Degree AV Block': 'CD',
  'Right Bundle Branch Block': 'CD',
  'Left Bundle Branch Block': 'CD',
  'Anterior Infarction': 'MI',
  'Inferior Infarction': 'MI',
  'ST Depression': 'STTC',
  'Left Ventricular Hypertrophy': 'HYP',
}

export interface EcgShape {
  /** 0 to 1: how far it has gone. */
  amount: number
}

export interface EcgAnatomy {
  /** Beats a minute, and how irregular the beats are (share of an interval). */
  rate: number
  irregular: number
  /** ms. */
  pr: number
  qrs: number
  /** Degrees of the electrical axis in the frontal plane. */
  axis: number
  /** Degrees by which the transition in the chest leads is turned. */
  turn: number
  /** mV of the QRS complex, factor. */
  voltage: number
  /** mV: muscle, mains, drift. */
  noise: [number, number, number]
  /** Factors of the T wave and the P wave. */
  waves: [number, number]
  /** Share of a second at which the record starts. */
  phase: number
  /** Leads that record nothing, now and then. */
  flat: number | null
}

export type EcgScene = Scene<EcgFinding, EcgAnatomy, EcgShape>

export const ecgDials = z.strictObject({
  ...commonDials(ecgFindings, 'a calibration pulse at the start'),
  rate: z
    .union([z.literal(100), z.literal(500)])
    .default(100)
    .describe('samples a second'),
  seconds: z.number().int().min(4).max(60).default(10).describe('length of the record'),
})
export type EcgDials = CommonDials & z.output<typeof ecgDials>

const spec = (
  name: EcgFinding,
  logOdds: number,
  denial: number,
  train: readonly string[],
  heldOut: readonly string[],
  { chronic = true, doubtful = false, mass = true, symptoms = [] as readonly string[] } = {},
): FindingSpec<EcgFinding> => ({
  name,
  terms: { train: longTail(...train), heldOut, mass },
  logOdds,
  chronic,
  denial,
  doubtful,
  symptoms,
})

export const ecgSpecs: readonly FindingSpec<EcgFinding>[] = [
  spec(
    'Atrial Fibrillation',
    -1.3,
    0.8,
    ['atrial fibrillation', 'afib'],
    ['absolute arrhythmia', 'chaotic atrial activity'],
    { symptoms: ['palpitations'] },
  ),
  spec('Sinus Bradycardia', -1.4, 0.4, ['sinus bradycardia', 'bradycardia'], ['slow regular rhythm', 'low pulse'], {
    chronic: false,
    symptoms: ['dizziness'],
  }),
  spec('Sinus Tachycardia', -1.4, 0.4, ['sinus tachycardia', 'tachycardia'], ['fast regular rhythm', 'high pulse'], {
    chronic: false,
    symptoms: ['fever'],
  }),
  spec(
    'First Degree AV Block',
    -1.5,
    0.5,
    ['first degree av block', 'prolonged pr interval'],
    ['delayed atrioventricular conduction', 'long pq time'],
    { doubtful: true },
  ),
  spec(
    'Left Bundle Branch Block',
    -1.7,
    0.6,
    ['left bundle branch block', 'lbbb'],
    ['left-sided conduction delay', 'wide complex of left type'],
  ),
  spec(
    'Right Bundle Branch Block',
    -1.4,
    0.6,
    ['right bundle branch block', 'rbbb'],
    ['right-sided conduction delay', 'wide complex of right type'],
  ),
  spec(
    'Anterior Infarction',
    -1.4,
    1.4,
    ['anterior infarction', 'anterior myocardial infarction'],
    ['necrosis of the front wall', 'damage in the lad territory'],
    { doubtful: true, symptoms: ['chest pain'] },
  ),
  spec(
    'Inferior Infarction',
    -1.4,
    1.4,
    ['inferior infarction', 'inferior myocardial infarction'],
    ['necrosis of the diaphragmatic wall', 'damage in the rca territory'],
    { doubtful: true, symptoms: ['chest pain'] },
  ),
  spec(
    'ST Depression',
    -1.3,
    1.4,
    ['st depression', 'depressed st segments'],
    ['downward shift of repolarisation', 'lowered segments'],
    { chronic: false, doubtful: true, symptoms: ['angina'] },
  ),
  spec(
    'Left Ventricular Hypertrophy',
    -1.2,
    0.8,
    ['left ventricular hypertrophy', 'lvh'],
    ['increased left heart muscle', 'positive sokolow index'],
    { symptoms: ['hypertension'] },
  ),
  spec(
    'Left Axis Deviation',
    -1.3,
    0.5,
    ['left axis deviation', 'leftward axis'],
    ['superior electrical direction', 'horizontal heart position'],
  ),
  spec(
    'Ventricular Ectopy',
    -1.3,
    0.8,
    ['ventricular ectopy', 'ventricular extrasystoles', 'premature ventricular complexes'],
    ['extra beats from the chamber', 'wide early beats'],
    { chronic: false, symptoms: ['skipped beats'] },
  ),
]

export const ecgPlanner: Planner<EcgFinding, EcgAnatomy, EcgShape, EcgDials> = {
  domain: 'ecg',
  people: { meanAge: 61, sd: 16, least: 18, most: 94 },
  specs: ecgSpecs,
  dependence: [
    ['Left Bundle Branch Block', 'Left Axis Deviation', 1],
    ['Left Ventricular Hypertrophy', 'ST Depression', 0.8],
  ],
  reconcile(present) {
    const exclude = (one: EcgFinding, ...others: EcgFinding[]): void => {
      if (present.has(one)) for (const other of others) present.delete(other)
    }
    exclude('Atrial Fibrillation', 'Sinus Bradycardia', 'Sinus Tachycardia', 'First Degree AV Block')
    exclude('Sinus Bradycardia', 'Sinus Tachycardia')
    // A left block hides infarcts, hypertrophy and the other block.
    exclude(
      'Left Bundle Branch Block',
      'Right Bundle Branch Block',
      'Anterior Infarction',
      'Inferior Infarction',
      'ST Depression',
      'Left Ventricular Hypertrophy',
    )
    exclude('Anterior Infarction', 'Inferior Infarction', 'ST Depression')
    exclude('Inferior Infarction', 'ST Depression', 'Left Axis Deviation')
  },
  anatomy(_who, present, dials, person, study) {
    const n = dials.nuisance
    const slow = present.has('Sinus Bradycardia')
    const fast = present.has('Sinus Tachycardia')
    const afib = present.has('Atrial Fibrillation')
    const loud = dials.noise * Math.exp(study.normal(0, 0.5))
    const axis = present.has('Left Axis Deviation') ? person.uniform(-62, -36) : person.uniform(5, 75)
    return {
      rate: slow
        ? study.uniform(38, 52)
        : fast
          ? study.uniform(106, 140)
          : afib
            ? study.uniform(65, 120)
            : study.uniform(60, 92),
      irregular: afib ? study.uniform(0.17, 0.28) : study.uniform(0.01, 0.035) * n,
      pr: present.has('First Degree AV Block') ? person.uniform(225, 290) : person.uniform(135, 185),
      qrs:
        present.has('Left Bundle Branch Block') || present.has('Right Bundle Branch Block')
          ? person.uniform(132, 155)
          : person.uniform(82, 100),
      axis,
      turn: person.normal(0, 9) * n,
      voltage: present.has('Left Ventricular Hypertrophy') ? person.uniform(2, 2.6) : person.uniform(0.75, 1.25),
      noise: [0.016 * loud, 0.01 * loud * study.uniform(0, 1.5), 0.12 * loud * study.uniform(0.2, 1.4) * n],
      waves: [person.uniform(0.75, 1.3), person.uniform(0.8, 1.25)],
      phase: study.uniform(),
      flat: study.chance(0.03 * n) ? study.int(12) : null,
    }
  },
  place: (_scene, _name, stream) => ({ amount: stream.uniform() }),
  boilerplateDenials: ['Anterior Infarction', 'Inferior Infarction', 'ST Depression'],
}
