/** @file Scenes of a dental panorama: both jaws unrolled, teeth with roots, and what dentists look for. */

import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { longTail } from '../grammar.ts'

export const panoramaFindings = [
  'Missing Tooth',
  'Filling',
  'Caries',
  'Periapical Lesion',
  'Impacted Wisdom Tooth',
  'Implant',
] as const
export type PanoramaFinding = (typeof panoramaFindings)[number]

export interface PanoramaShape {
  jaw: 'upper' | 'lower'
  /** Sides of the patient: the left is on the right of the picture. */
  side: 'left' | 'right'
  /** 1 (central incisor) to 8 (wisdom tooth). */
  tooth: number
  size: number
  seed: number
}

export interface PanoramaAnatomy {
  scale: number
  /** mm by which the arches curve (smile). */
  smile: number
  /** Whether the wisdom teeth of the lower jaw are there in their place. */
  wisdom: boolean
  seed: number
  acquisition: Acquisition
}

export type PanoramaScene = Scene<PanoramaFinding, PanoramaAnatomy, PanoramaShape>

const spec = (
  name: PanoramaFinding,
  logOdds: number,
  denial: number,
  train: readonly string[],
  heldOut: readonly string[],
  symptoms: readonly string[] = [],
): FindingSpec<PanoramaFinding> => ({
  name,
  terms: { train: longTail(...train), heldOut },
  logOdds,
  chronic: name !== 'Caries' && name !== 'Periapical Lesion',
  denial,
  doubtful: name === 'Caries' || name === 'Periapical Lesion',
  small: true,
  symptoms,
})

export const panoramaSpecs: readonly FindingSpec<PanoramaFinding>[] = [
  spec('Missing Tooth', -0.8, 0.6, ['missing tooth', 'tooth gap'], ['edentulous gap', 'lost tooth']),
  spec('Filling', -0.4, 0.5, ['filling', 'restoration'], ['amalgam inlay', 'opaque repair']),
  spec(
    'Caries',
    -0.6,
    2,
    ['caries', 'carious lesion', 'carious defect'],
    ['tooth decay', 'cavity of the crown'],
    ['toothache'],
  ),
  spec(
    'Periapical Lesion',
    -0.8,
    2,
    ['periapical lesion', 'apical lucency', 'periapical lucency'],
    ['root tip abscess', 'apical granuloma'],
    ['swelling of the gum'],
  ),
  spec(
    'Impacted Wisdom Tooth',
    -1,
    1,
    ['impacted wisdom tooth', 'impacted third molar'],
    ['retained eighth', 'unerupted last molar'],
    ['pain behind the last molar'],
  ),
  spec('Implant', -1.2, 0.5, ['implant', 'dental implant'], ['titanium screw', 'artificial root']),
]

export const panoramaPlanner: Planner<PanoramaFinding, PanoramaAnatomy, PanoramaShape> = {
  domain: 'dental-panorama',
  people: { meanAge: 44, sd: 15, least: 18, most: 85 },
  specs: panoramaSpecs,
  dependence: [
    ['Filling', 'Periapical Lesion', 0.4],
    ['Caries', 'Periapical Lesion', 0.6],
  ],
  anatomy(_who, present, dials, person, study) {
    return {
      scale: 1 + person.normal(0, 0.03),
      smile: person.uniform(5, 11),
      wisdom: !present.has('Impacted Wisdom Tooth') && person.chance(0.4),
      seed: person.int(2 ** 31),
      acquisition: acquire(study, dials.nuisance, {
        roll: 0.03,
        shift: 3.5,
        zoom: 0.05,
        gain: 0.12,
        bias: 0.03,
        gamma: 0.15,
        blur: 0.3,
        noise: 0.02,
      }),
    }
  },
  place(scene, name, stream) {
    const taken = scene.findings.map(({ shape }) => `${shape.jaw} ${shape.side} ${shape.tooth}`)
    const jaws = name === 'Impacted Wisdom Tooth' ? (['lower'] as const) : (['upper', 'lower'] as const)
    // Findings keep a tooth apart, so that each is seen for itself.
    const teeth =
      name === 'Impacted Wisdom Tooth'
        ? [8]
        : name === 'Implant' || name === 'Missing Tooth'
          ? [4, 5, 6]
          : [2, 3, 4, 5, 6, 7]
    const untaken = (reach: readonly number[]) =>
      jaws.flatMap((jaw) =>
        (['left', 'right'] as const).flatMap((side) =>
          teeth
            .filter((tooth) => !reach.some((step) => taken.includes(`${jaw} ${side} ${tooth + step}`)))
            .map((tooth) => ({ jaw, side, tooth })),
        ),
      )
    const apart = untaken([-1, 0, 1])
    // In a mouth where much is found, neighbours must do: a tooth is never taken twice.
    const free = apart.length > 0 ? apart : untaken([0])
    const ranges: Record<PanoramaFinding, [number, number]> = {
      'Missing Tooth': [1, 1],
      Filling: [4.2, 6],
      Caries: [4.2, 6],
      'Periapical Lesion': [7, 10.5],
      'Impacted Wisdom Tooth': [1, 1],
      Implant: [1, 1],
    }
    return { ...stream.pick(free), size: stream.uniform(...ranges[name]), seed: stream.int(2 ** 31) }
  },
  boilerplateDenials: ['Caries', 'Periapical Lesion'],
}
