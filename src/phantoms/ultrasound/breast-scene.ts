/** @file Scenes of breast ultrasound: one lesion (or none) in layered tissue, with the words of BI-RADS. */

import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { longTail } from '../grammar.ts'

export const breastFindings = ['Malignant Mass', 'Benign Mass', 'Cyst', 'Calcifications', 'Duct Ectasia'] as const
export type BreastFinding = (typeof breastFindings)[number]

export interface BreastShape {
  /** mm: across from the middle, depth. */
  at: [number, number]
  /** Half axes in mm, across and deep. */
  radii: [number, number]
  form: 'oval' | 'round' | 'irregular'
  margin: 'circumscribed' | 'angular' | 'spiculated' | 'indistinct'
  posterior: 'enhancement' | 'shadowing' | 'no posterior feature'
  seed: number
}

export interface BreastAnatomy {
  side: 'left' | 'right'
  /** Depths in mm: skin, fat, gland and retromammary fat end here. */
  layers: [number, number, number, number]
  /** Echo of the gland, dB. */
  gland: number
  /** dB a cm beyond what the gain curve takes back. */
  attenuation: number
  range: number
  seed: number
  acquisition: Acquisition
}

export type BreastScene = Scene<BreastFinding, BreastAnatomy, BreastShape>

const focal: readonly BreastFinding[] = ['Malignant Mass', 'Benign Mass', 'Cyst']

export const breastSpecs: readonly FindingSpec<BreastFinding>[] = [
  {
    name: 'Malignant Mass',
    terms: {
      train: longTail('suspicious mass', 'malignant-appearing mass', 'carcinoma'),
      heldOut: ['neoplasm', 'invasive tumour'],
    },
    logOdds: -0.9,
    chronic: true,
    denial: 1.6,
    symptoms: ['a hard lump'],
  },
  {
    name: 'Benign Mass',
    terms: {
      train: longTail('benign solid mass', 'fibroadenoma', 'benign-appearing mass'),
      heldOut: ['fibroepithelial lesion', 'adenofibroma'],
    },
    logOdds: -0.6,
    chronic: true,
    denial: 0.8,
    symptoms: ['a mobile lump'],
  },
  {
    name: 'Cyst',
    terms: {
      train: longTail('simple cyst', 'cyst', 'cystic lesion'),
      heldOut: ['fluid collection', 'anechoic sac'],
    },
    logOdds: -0.2,
    chronic: true,
    denial: 1.2,
    symptoms: ['a tender lump'],
  },
  {
    name: 'Calcifications',
    terms: {
      train: longTail('echogenic foci', 'calcifications', 'intralesional calcifications'),
      heldOut: ['bright specks', 'mineral deposits'],
      mass: true,
    },
    logOdds: -1.5,
    chronic: true,
    denial: 0.6,
    doubtful: true,
    small: true,
  },
  {
    name: 'Duct Ectasia',
    terms: {
      train: longTail('duct ectasia', 'dilated ducts', 'ductal dilatation'),
      heldOut: ['widened milk channels', 'prominent lactiferous tubes'],
      mass: true,
    },
    logOdds: -1.3,
    chronic: true,
    denial: 0.7,
    doubtful: true,
    symptoms: ['nipple discharge'],
  },
]

export const breastPlanner: Planner<BreastFinding, BreastAnatomy, BreastShape> = {
  domain: 'ultrasound-breast',
  people: { meanAge: 49, sd: 13, least: 18, most: 85, women: 1 },
  specs: breastSpecs,
  dependence: [['Malignant Mass', 'Calcifications', 1.6]],
  reconcile(present) {
    // The probe is held over one lesion.
    for (const name of focal.filter((candidate) => present.has(candidate)).slice(1)) present.delete(name)
  },
  anatomy(who, _present, dials, person, study) {
    const fat = person.uniform(6, 12)
    const gland = fat + person.uniform(11, 17)
    return {
      side: person.chance(0.5) ? 'left' : 'right',
      layers: [person.uniform(1.4, 2.2), fat, gland, gland + person.uniform(2, 4)],
      gland: -17 - Math.max(0, who.age - 45) * 0.08 + person.normal(0, 1.5),
      attenuation: study.normal(1.6, 0.8),
      range: study.uniform(52, 64),
      seed: person.int(2 ** 31),
      acquisition: acquire(study, dials.nuisance, {
        roll: 0.05,
        shift: 1.2,
        zoom: 0.1,
        gain: 0.06,
        bias: 0.04,
        gamma: 0.16,
        blur: 0.05,
        noise: 0.012,
      }),
    }
  },
  place(scene, name, stream) {
    const lesion = scene.findings.find((finding) => focal.includes(finding.name))?.shape
    const { layers } = scene.anatomy
    const shape: BreastShape = {
      at: [stream.uniform(-9, 9), stream.uniform(layers[1] + 2.5, layers[2] - 1)],
      radii: [0, 0],
      form: 'oval',
      margin: 'circumscribed',
      posterior: 'no posterior feature',
      seed: stream.int(2 ** 31),
    }
    const r = stream.uniform(3.4, 6.6)
    if (name === 'Malignant Mass') {
      // Often taller than wide.
      const tall = stream.chance(0.6) ? stream.uniform(1.1, 1.45) : stream.uniform(0.8, 0.95)
      shape.radii = [r / Math.sqrt(tall), r * Math.sqrt(tall)]
      shape.form = 'irregular'
      shape.margin = stream.pick(['angular', 'spiculated', 'indistinct'])
      shape.posterior = stream.chance(0.75) ? 'shadowing' : 'no posterior feature'
    } else if (name === 'Benign Mass') {
      shape.radii = [r * 1.25, r * stream.uniform(0.6, 0.72)]
      shape.posterior = stream.chance(0.4) ? 'enhancement' : 'no posterior feature'
    } else if (name === 'Cyst') {
      const round = stream.chance(0.45)
      shape.form = round ? 'round' : 'oval'
      shape.radii = round ? [r, r] : [r * 1.2, r * 0.78]
      shape.posterior = 'enhancement'
    } else if (name === 'Calcifications') {
      if (lesion) shape.at = [...lesion.at]
      shape.radii = lesion ? [lesion.radii[0] * 0.7, lesion.radii[1] * 0.7] : [3.2, 2.4]
    } else {
      const side = lesion ? -Math.sign(lesion.at[0] || 1) : stream.chance(0.5) ? 1 : -1
      shape.at = [side * stream.uniform(7, 11), stream.uniform(layers[1] + 2, layers[2] - 3)]
      shape.radii = [stream.uniform(6, 8.5), 2.6]
    }
    return shape
  },
  boilerplateDenials: ['Malignant Mass', 'Cyst'],
}

/** BI-RADS assessment of what is drawn. */
export function breastAssessment(scene: BreastScene): 1 | 2 | 3 | 4 | 5 {
  let worst: 1 | 2 | 3 | 4 | 5 = 1
  for (const { name, shape, strength } of scene.findings) {
    if (strength < 0.5) continue
    const grade = name === 'Malignant Mass' ? (shape.margin === 'spiculated' ? 5 : 4) : name === 'Benign Mass' ? 3 : 2
    if (grade > worst) worst = grade
  }
  return worst
}
