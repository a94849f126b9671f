/** @file Scenes of a mammogram: one breast in two views, masses, calcifications and the rest of the BI-RADS words. */

import type { Random } from '../../core/random.ts'
import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { longTail } from '../grammar.ts'

export const mammogramFindings = [
  'Mass',
  'Calcifications',
  'Architectural Distortion',
  'Skin Thickening',
  'Lymph Node',
] as const
export type MammogramFinding = (typeof mammogramFindings)[number]

export interface MammogramShape {
  /** mm from the chest wall towards the nipple, up (positive: cranial) and outward (positive: lateral). */
  at: [depth: number, up: number, out: number]
  /** mm: diameter of a mass, extent of a cluster or distortion, thickness of skin. */
  size: number
  form: 'round' | 'oval' | 'irregular'
  margin: 'circumscribed' | 'obscured' | 'spiculated'
  /** Calcifications. */
  kind: 'punctate' | 'coarse' | 'fine pleomorphic'
  seed: number
}

export interface MammogramAnatomy {
  side: 'left' | 'right'
  /** mm from chest wall to nipple. */
  depth: number
  /** Half height at the chest wall, mm. */
  half: number
  /** BI-RADS density a-d as 0-3. */
  density: 0 | 1 | 2 | 3
  /** Pectoral muscle of the oblique view: mm along the top, mm down the wall. */
  pectoral: [number, number]
  seed: number
  acquisition: [Acquisition, Acquisition]
}

export type MammogramScene = Scene<MammogramFinding, MammogramAnatomy, MammogramShape>

export const mammogramSpecs: readonly FindingSpec<MammogramFinding>[] = [
  {
    name: 'Mass',
    terms: {
      train: longTail('mass', 'breast mass', 'nodular mass'),
      heldOut: ['space-occupying lesion', 'tumour'],
    },
    logOdds: -0.5,
    chronic: true,
    denial: 2,
    doubtful: true,
    small: true,
    symptoms: ['a palpable lump'],
  },
  {
    name: 'Calcifications',
    terms: {
      train: longTail('calcifications', 'microcalcifications', 'grouped calcifications'),
      heldOut: ['calcific specks', 'clustered mineral deposits'],
      mass: true,
    },
    logOdds: -0.7,
    chronic: true,
    denial: 2,
    doubtful: true,
    small: true,
  },
  {
    name: 'Architectural Distortion',
    terms: {
      train: longTail('architectural distortion', 'parenchymal distortion'),
      heldOut: ['retraction of the parenchyma', 'radial tethering'],
      mass: true,
    },
    logOdds: -1.2,
    denial: 1.4,
    doubtful: true,
    small: true,
    symptoms: ['previous breast surgery'],
  },
  {
    name: 'Skin Thickening',
    terms: {
      train: longTail('skin thickening', 'thickening of the skin'),
      heldOut: ['cutaneous oedema', 'widened dermal line'],
      mass: true,
    },
    logOdds: -1.4,
    denial: 0.8,
    small: true,
    symptoms: ['redness of the breast'],
  },
  {
    name: 'Lymph Node',
    terms: {
      train: longTail('axillary lymph node', 'lymph node'),
      heldOut: ['axillary adenopathy', 'enlarged axillary gland'],
    },
    logOdds: -1.1,
    denial: 1,
    small: true,
  },
]

const acquisitionOf = (study: Random, nuisance: number): Acquisition =>
  acquire(study, nuisance, {
    roll: 0.05,
    shift: 5,
    zoom: 0.07,
    gain: 0.12,
    bias: 0.03,
    gamma: 0.16,
    blur: 0.3,
    noise: 0.016,
  })

export const mammogramPlanner: Planner<MammogramFinding, MammogramAnatomy, MammogramShape> = {
  domain: 'mammogram',
  people: { meanAge: 57, sd: 11, least: 30, most: 88, women: 1 },
  specs: mammogramSpecs,
  dependence: [
    ['Mass', 'Calcifications', 0.3],
    ['Mass', 'Architectural Distortion', 0.3],
    ['Mass', 'Lymph Node', 0.4],
    ['Mass', 'Skin Thickening', 0.4],
  ],
  anatomy(who, _present, dials, person, study) {
    const depth = person.uniform(72, 128)
    // Older breasts hold more fat.
    const density = Math.min(3, Math.max(0, Math.round(1.5 - (who.age - 55) / 28 + person.normal(0, 0.8))))
    return {
      side: person.chance(0.5) ? 'left' : 'right',
      depth,
      half: depth * person.uniform(0.7, 0.86),
      density: density as 0 | 1 | 2 | 3,
      pectoral: [person.uniform(28, 52), person.uniform(85, 125)],
      seed: person.int(2 ** 31),
      acquisition: [acquisitionOf(study, dials.nuisance), acquisitionOf(study, dials.nuisance)],
    }
  },
  place(scene, name, stream) {
    const { depth, half } = scene.anatomy
    const d = stream.uniform(0.3, 0.68)
    // The breast tapers towards the nipple.
    const reach = half * (1 - d) * 0.72
    const shape: MammogramShape = {
      at: [d * depth, stream.uniform(-reach, reach), stream.uniform(-reach, reach)],
      size: 0,
      form: stream.pick(['round', 'oval', 'irregular']),
      margin: 'circumscribed',
      kind: stream.weighted([
        ['punctate', 0.35],
        ['coarse', 0.25],
        ['fine pleomorphic', 0.4],
      ] as const),
      seed: stream.int(2 ** 31),
    }
    if (name === 'Mass') {
      const spiculated = shape.form === 'irregular' ? 0.8 : 0.04
      shape.margin = stream.chance(spiculated) ? 'spiculated' : stream.chance(0.7) ? 'circumscribed' : 'obscured'
      shape.size = stream.uniform(11, 24)
    }
    if (name === 'Calcifications') shape.size = stream.uniform(13, 24)
    if (name === 'Architectural Distortion') shape.size = stream.uniform(30, 42)
    if (name === 'Skin Thickening') shape.size = stream.uniform(6, 9)
    if (name === 'Lymph Node') {
      shape.size = stream.uniform(13, 19)
      shape.at = [stream.uniform(10, 24), half * stream.uniform(0.9, 1.05), 0]
    }
    return shape
  },
  boilerplateDenials: ['Mass', 'Calcifications', 'Architectural Distortion'],
}

/** BI-RADS assessment of what is drawn: 1 nothing, 2 benign, 3 probably benign, 4 suspicious, 5 highly suggestive. */
export function assessmentOf(scene: MammogramScene): 1 | 2 | 3 | 4 | 5 {
  let worst = 1
  for (const { name, shape, strength } of scene.findings) {
    if (strength < 0.5) continue
    let grade = 2
    if (name === 'Mass') grade = shape.margin === 'spiculated' ? 5 : shape.form === 'irregular' ? 4 : 3
    if (name === 'Calcifications') grade = shape.kind === 'fine pleomorphic' ? 4 : 2
    if (name === 'Architectural Distortion' || name === 'Skin Thickening') grade = 4
    if (grade > worst) worst = grade
  }
  return worst as 1 | 2 | 3 | 4 | 5
}
