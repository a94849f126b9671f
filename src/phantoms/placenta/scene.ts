/** @file Scenes of a placenta photographed from the fetal side, with what a pathologist would note. */

import { z } from 'zod'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const placentaFindings = [
  'Meconium Staining',
  'Chorioamnionitis',
  'Fetal Inflammatory Response',
  'Chorionic Thrombus',
  'Marginal Haematoma',
  'Marginal Cord Insertion',
] as const
export type PlacentaFinding = (typeof placentaFindings)[number]

export const cloths = {
  blue: [0.13, 0.27, 0.5],
  green: [0.16, 0.4, 0.3],
  white: [0.8, 0.8, 0.78],
  black: [0.05, 0.05, 0.06],
} as const
export type Cloth = keyof typeof cloths

export interface PlacentaShape {
  /** 0 to 1: how far it has gone. */
  amount: number
  /** Radians around the disc. */
  angle: number
  /** Which vessel from the cord, for thrombi. */
  vessel: number
  seed: number
}

export interface PlacentaAnatomy {
  /** Half axes of the disc, mm. */
  disc: [number, number]
  /** Where the cord inserts: share of the radius, and radians. */
  insertion: [number, number]
  /** Weeks of pregnancy, grams. */
  weeks: number
  weight: number
  /** 0 bluish to 1 red. */
  hue: number
  /** Turns of the cord in the picture. */
  coils: number
  cloth: Cloth
  seed: number
  pose: { roll: number; shift: [number, number]; zoom: number }
  camera: { exposure: number; balance: [number, number, number]; gamma: number; blur: number; noise: number }
  /** Direction of the lamp, radians, and its strength. */
  lamp: [number, number]
}

export type PlacentaScene = Scene<PlacentaFinding, PlacentaAnatomy, PlacentaShape>

export const placentaDials = z.strictObject({
  ...commonDials(placentaFindings, 'a ruler'),
  namedBackground: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('share of reports that name the colour of the cloth: an easy item that can drown the others'),
  camera: z
    .enum(['clinic', 'tablet'])
    .default('clinic')
    .describe('tablet: warmer, softer and darker pictures, as of another device'),
})
export type PlacentaDials = CommonDials & z.output<typeof placentaDials>

export const placentaSpecs: readonly FindingSpec<PlacentaFinding>[] = [
  {
    name: 'Meconium Staining',
    terms: {
      train: longTail('meconium staining', 'meconium-stained membranes', 'meconium discolouration'),
      heldOut: ['green discolouration of the surface', 'pigment of first stool'],
      mass: true,
    },
    logOdds: -0.9,
    denial: 1.4,
    doubtful: true,
    symptoms: ['meconium-stained fluid'],
  },
  {
    name: 'Chorioamnionitis',
    terms: {
      train: longTail('chorioamnionitis', 'acute chorioamnionitis', 'maternal inflammatory response'),
      heldOut: ['ascending intrauterine infection', 'neutrophils in the membranes'],
      mass: true,
    },
    logOdds: -0.9,
    denial: 1.8,
    doubtful: true,
    symptoms: ['maternal fever'],
  },
  {
    name: 'Fetal Inflammatory Response',
    terms: {
      train: longTail('fetal inflammatory response', 'funisitis', 'umbilical vasculitis'),
      heldOut: ['inflammation of the cord', 'neutrophils in the wharton jelly'],
      mass: true,
    },
    logOdds: -1.3,
    denial: 1.4,
    small: true,
    symptoms: ['suspected neonatal sepsis'],
  },
  {
    name: 'Chorionic Thrombus',
    terms: {
      train: longTail('chorionic thrombus', 'chorionic plate thrombus', 'thrombosed chorionic vessel'),
      heldOut: ['clot in a surface vessel', 'fetal vascular occlusion'],
    },
    logOdds: -1.1,
    denial: 1,
    doubtful: true,
    small: true,
    symptoms: ['growth restriction'],
  },
  {
    name: 'Marginal Haematoma',
    terms: {
      train: longTail('marginal haematoma', 'marginal haemorrhage'),
      heldOut: ['blood clot along the border', 'peripheral abruption'],
    },
    logOdds: -1,
    denial: 1,
    doubtful: true,
    symptoms: ['vaginal bleeding'],
  },
  {
    name: 'Marginal Cord Insertion',
    terms: {
      train: longTail('marginal cord insertion', 'marginal insertion of the cord', 'battledore placenta'),
      heldOut: ['cord attached at the border', 'peripheral umbilical attachment'],
    },
    logOdds: -1.1,
    denial: 0.8,
    symptoms: ['growth restriction'],
  },
]

export const placentaPlanner: Planner<PlacentaFinding, PlacentaAnatomy, PlacentaShape, PlacentaDials> = {
  domain: 'placenta',
  people: { meanAge: 31, sd: 5.5, least: 17, most: 47, women: 1 },
  specs: placentaSpecs,
  dependence: [
    ['Chorioamnionitis', 'Fetal Inflammatory Response', 1.8],
    ['Meconium Staining', 'Chorioamnionitis', 0.4],
  ],
  anatomy(_who, present, dials, _person, study) {
    const n = dials.nuisance
    const tablet = dials.camera === 'tablet'
    const weeks = Math.round(Math.min(42, Math.max(26, study.normal(38, 2.6))))
    const size = 68 + (weeks - 26) * 1.9 + study.normal(0, 4)
    const marginal = present.has('Marginal Cord Insertion')
    return {
      disc: [size * study.uniform(0.97, 1.1), size * study.uniform(0.88, 0.98)],
      insertion: [marginal ? study.uniform(0.88, 0.98) : study.uniform(0, 0.5), study.uniform(0, 2 * Math.PI)],
      weeks,
      weight: Math.round((150 + (weeks - 26) * 25 + study.normal(0, 45)) / 5) * 5,
      hue: study.uniform(),
      coils: study.uniform(2, 4.5),
      cloth: study.pick(Object.keys(cloths) as Cloth[]),
      seed: study.int(2 ** 31),
      pose: {
        roll: study.uniform(-Math.PI, Math.PI) * Math.min(1, n),
        shift: [study.normal(0, 8) * n, study.normal(0, 8) * n],
        zoom: Math.exp(study.normal(0, 0.07) * n),
      },
      camera: {
        exposure: (tablet ? 0.86 : 1) * Math.exp(study.normal(0, 0.1) * n),
        balance: [
          (tablet ? 1.1 : 1) * Math.exp(study.normal(0, 0.04) * n),
          1,
          (tablet ? 0.8 : 1) * Math.exp(study.normal(0, 0.05) * n),
        ],
        gamma: Math.exp(study.normal(0, 0.08) * n),
        blur: tablet ? 1 : 0.5,
        noise: (tablet ? 0.03 : 0.018) * study.uniform(0.7, 1.3),
      },
      lamp: [study.uniform(0, 2 * Math.PI), study.uniform(0.05, 0.28) * n],
    }
  },
  place: (_scene, name, stream) => ({
    amount: name === 'Marginal Cord Insertion' ? 1 : stream.uniform(),
    angle: stream.uniform(0, 2 * Math.PI),
    vessel: stream.int(7),
    seed: stream.int(2 ** 31),
  }),
  boilerplateDenials: ['Chorioamnionitis', 'Meconium Staining'],
}
