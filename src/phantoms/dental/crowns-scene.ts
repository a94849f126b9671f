/** @file Scenes of tooth crowns: an axial slice through a jaw with gaps, and where an implant would go in each. */

import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import { longTail } from '../grammar.ts'

export const crownFindings = [
  'Missing Left Tooth',
  'Missing Middle Tooth',
  'Missing Right Tooth',
  'Metal Crown',
] as const
export type CrownFinding = (typeof crownFindings)[number]

/** Sides as seen in the picture: one convention for words, points and flips. */
export type Position = 'left' | 'middle' | 'right'
export const positionOf: Partial<Record<CrownFinding, Position>> = {
  'Missing Left Tooth': 'left',
  'Missing Middle Tooth': 'middle',
  'Missing Right Tooth': 'right',
}

export interface CrownShape {
  /** The tooth, counted along the arch from the picture's left. */
  tooth: number
  seed: number
}

export interface CrownAnatomy {
  /** Half width and depth of the arch, mm. */
  arch: [number, number]
  /** Factor of tooth size. */
  scale: number
  /** Teeth with a wide gap after them, where nothing is missing. */
  sparse: number[]
  /** How the teeth are turned and shifted, a stream. */
  seed: number
  acquisition: Acquisition
}

export type CrownScene = Scene<CrownFinding, CrownAnatomy, CrownShape>

/** Teeth of one jaw without wisdom teeth. */
export const toothCount = 14

/** Which teeth count as left, middle and right of the picture. */
const ranges: Record<Position, [number, number]> = { left: [1, 4], middle: [5, 8], right: [9, 12] }

/** "on the left", "in the middle". */
export const placeWords = (position: Position): string =>
  position === 'middle' ? 'in the middle' : `on the ${position}`

const missing = (name: CrownFinding, position: Position): FindingSpec<CrownFinding> => ({
  name,
  terms: {
    train: longTail(
      `missing tooth ${placeWords(position)}`,
      `${position} gap`,
      `edentulous space ${placeWords(position)}`,
    ),
    heldOut: [`lost crown ${placeWords(position)}`, `${position} vacancy in the row`],
  },
  logOdds: 0,
  chronic: true,
  denial: 0.6,
  small: true,
  symptoms: ['an implant to be planned'],
})

export const crownSpecs: readonly FindingSpec<CrownFinding>[] = [
  missing('Missing Left Tooth', 'left'),
  missing('Missing Middle Tooth', 'middle'),
  missing('Missing Right Tooth', 'right'),
  {
    name: 'Metal Crown',
    terms: { train: longTail('metal crown', 'metallic restoration'), heldOut: ['prosthetic cap', 'gold onlay'] },
    logOdds: -0.8,
    chronic: true,
    denial: 0.8,
    doubtful: true,
    small: true,
  },
]

export const crownPlanner: Planner<CrownFinding, CrownAnatomy, CrownShape> = {
  domain: 'dental-crowns',
  people: { meanAge: 52, sd: 14, least: 20, most: 85 },
  specs: crownSpecs,
  dependence: [],
  anatomy(_who, _present, dials, person, study) {
    const sparse = person.chance(0.4 * Math.min(1, dials.nuisance)) ? [1 + person.int(toothCount - 3)] : []
    return {
      arch: [person.uniform(25, 29), person.uniform(40, 47)],
      scale: 1 + person.normal(0, 0.04),
      sparse,
      seed: person.int(2 ** 31),
      acquisition: acquire(study, dials.nuisance, {
        roll: 0.2,
        shift: 6,
        zoom: 0.12,
        gain: 0.12,
        bias: 0.03,
        gamma: 0.15,
        blur: 0.3,
        noise: 0.028,
      }),
    }
  },
  place(scene, name, stream) {
    const position = positionOf[name]
    const gone = scene.findings.filter((finding) => positionOf[finding.name]).map(({ shape }) => shape.tooth)
    const [least, most] = position ? ranges[position] : [1, toothCount - 2]
    // Gaps do not touch: each is one tooth wide.
    const free = Array.from({ length: most - least + 1 }, (_, k) => least + k).filter((tooth) =>
      gone.every((other) => Math.abs(other - tooth) > (position ? 1 : 0)),
    )
    return { tooth: stream.pick(free), seed: stream.int(2 ** 31) }
  },
  boilerplateDenials: [],
}
