/** @file Scenes of the knee: an AP film with signs of osteoarthritis, graded 0-4 after Kellgren and Lawrence. */

import type { Random } from '../../core/random.ts'
import { type Acquisition, acquire } from '../common/acquisition.ts'
import type { FindingSpec, Planner, Scene } from '../common/plan.ts'
import type { CommonDials } from '../dials.ts'
import { longTail } from '../grammar.ts'

export const kneeFindings = [
  'Osteophytes',
  'Joint Space Narrowing',
  'Subchondral Sclerosis',
  'Chondrocalcinosis',
  'Loose Body',
  'Tibial Plateau Fracture',
] as const
export type KneeFinding = (typeof kneeFindings)[number]

/** Drawn as a right knee: lateral is at negative x; left knees are mirrored. */
export type Compartment = 'medial' | 'lateral'

export interface KneeShape {
  compartment: Compartment
  /** 0 to 1: how far it has gone. */
  amount: number
  /** mm, as drawn: spur, gap, body. */
  size: number
  /** mm; for loose bodies and fractures. */
  at: [number, number]
  seed: number
}

export interface KneeAnatomy {
  side: 'left' | 'right'
  /** Factor of bone size. */
  scale: number
  /** mm of joint space where nothing narrows it. */
  gap: number
  /** Half width of the leg, mm. */
  flesh: number
  /** Bone density. */
  density: number
  patella: [number, number]
  acquisition: Acquisition
}

export type KneeScene = Scene<KneeFinding, KneeAnatomy, KneeShape>

export const kneeSpecs: readonly FindingSpec<KneeFinding>[] = [
  {
    name: 'Osteophytes',
    terms: {
      train: longTail('marginal osteophytes', 'osteophytes', 'osteophyte formation', 'marginal spurring'),
      heldOut: ['bony spurs', 'peripheral bone proliferation'],
      mass: true,
    },
    logOdds: 0.1,
    chronic: true,
    denial: 1.2,
    doubtful: true,
    small: true,
    symptoms: ['chronic knee pain', 'morning stiffness', 'known osteoarthritis'],
  },
  {
    name: 'Joint Space Narrowing',
    terms: {
      train: longTail('joint space narrowing', 'narrowing of the joint space', 'joint space loss'),
      heldOut: ['cartilage loss', 'reduced femorotibial distance'],
      mass: true,
    },
    logOdds: -1.6,
    chronic: true,
    denial: 1.6,
    small: true,
    plainDenials: longTail('Joint spaces are preserved.', 'The joint spaces are normal in width.'),
    symptoms: ['chronic knee pain', 'pain on walking'],
  },
  {
    name: 'Subchondral Sclerosis',
    terms: {
      train: longTail('subchondral sclerosis', 'subchondral bone sclerosis'),
      heldOut: ['eburnation', 'dense bone beneath the plateau'],
      mass: true,
    },
    logOdds: -2.2,
    chronic: true,
    denial: 0.4,
    doubtful: true,
    small: true,
  },
  {
    name: 'Chondrocalcinosis',
    terms: {
      train: longTail('chondrocalcinosis', 'meniscal calcification'),
      heldOut: ['calcified cartilage', 'pyrophosphate deposition'],
      mass: true,
    },
    logOdds: -1.5,
    chronic: true,
    denial: 0.6,
    doubtful: true,
    small: true,
  },
  {
    name: 'Loose Body',
    terms: {
      train: longTail('loose body', 'intra-articular loose body', 'ossified loose body'),
      heldOut: ['joint mouse', 'free osteochondral fragment'],
    },
    logOdds: -1.5,
    denial: 0.7,
    doubtful: true,
    small: true,
    symptoms: ['locking of the knee'],
  },
  {
    name: 'Tibial Plateau Fracture',
    terms: {
      train: longTail('tibial plateau fracture', 'fracture of the tibial plateau'),
      heldOut: ['broken upper tibia', 'cortical break of the proximal tibia'],
    },
    logOdds: -1.6,
    denial: 2.2,
    doubtful: true,
    small: true,
    plainDenials: longTail('No acute fracture.', 'The bones are intact.'),
    symptoms: ['a fall', 'trauma to the knee'],
  },
]

/** The Kellgren-Lawrence grade that the drawn signs amount to. */
export function gradeOf(scene: KneeScene): 0 | 1 | 2 | 3 | 4 {
  const amount = (name: KneeFinding): number =>
    scene.findings.find((finding) => finding.name === name && finding.strength >= 0.5)?.shape.amount ?? -1
  const spurs = amount('Osteophytes')
  const narrowing = amount('Joint Space Narrowing')
  if (narrowing >= 0.62 && spurs >= 0) return 4
  if (narrowing >= 0 && spurs >= 0) return 3
  if (spurs >= 0.3) return 2
  return spurs >= 0 ? 1 : 0
}

export const kneePlanner: Planner<KneeFinding, KneeAnatomy, KneeShape> = {
  domain: 'knee',
  people: { meanAge: 60, sd: 13, least: 20, most: 92, women: 0.58 },
  specs: kneeSpecs,
  dependence: [
    ['Osteophytes', 'Joint Space Narrowing', 2.2],
    ['Joint Space Narrowing', 'Subchondral Sclerosis', 2.4],
    ['Osteophytes', 'Chondrocalcinosis', 0.3],
    ['Osteophytes', 'Loose Body', 0.3],
    ['Osteophytes', 'Tibial Plateau Fracture', -0.4],
  ],
  reconcile(present) {
    // A narrow space without spurs has no grade; sclerosis is drawn under the narrow side.
    if (present.has('Joint Space Narrowing')) present.add('Osteophytes')
    if (!present.has('Joint Space Narrowing')) present.delete('Subchondral Sclerosis')
  },
  anatomy(who, _present, dials, person, study) {
    return {
      side: person.chance(0.5) ? 'left' : 'right',
      scale: (who.sex === 'M' ? 1.07 : 0.96) * (1 + person.normal(0, 0.03)),
      gap: person.uniform(4.6, 6.2),
      flesh: person.uniform(54, 72),
      density: person.uniform(0.85, 1.15) * (1 - Math.max(0, who.age - 60) * 0.004),
      patella: [person.normal(0, 3), person.normal(-34, 4)],
      acquisition: acquire(study, dials.nuisance, {
        roll: 0.12,
        shift: 10,
        zoom: 0.12,
        gain: 0.12,
        bias: 0.03,
        gamma: 0.14,
        blur: 0.35,
        noise: 0.022,
      }),
    }
  },
  place: placeKneeFinding,
  boilerplateDenials: ['Tibial Plateau Fracture', 'Joint Space Narrowing'],
}

function placeKneeFinding(scene: KneeScene, name: KneeFinding, stream: Random): KneeShape {
  const narrow = scene.findings.find((finding) => finding.name === 'Joint Space Narrowing')?.shape.compartment
  const spurs = scene.findings.find((finding) => finding.name === 'Osteophytes')?.shape.compartment
  const either = (): Compartment => (stream.chance(0.68) ? 'medial' : 'lateral')
  const amount = stream.uniform()
  const base: KneeShape = { compartment: either(), amount, size: 0, at: [0, 0], seed: stream.int(2 ** 31) }
  switch (name) {
    case 'Osteophytes':
      return { ...base, size: 4.5 + 7 * amount }
    case 'Joint Space Narrowing':
      return { ...base, compartment: spurs ?? base.compartment, size: 0.45 + 0.55 * amount }
    case 'Subchondral Sclerosis':
      return { ...base, compartment: narrow ?? base.compartment, size: 15 + 6 * amount }
    case 'Chondrocalcinosis': {
      const other = narrow === 'lateral' ? 'medial' : 'lateral'
      return { ...base, compartment: narrow ? other : base.compartment, size: 20 + 6 * amount }
    }
    case 'Loose Body': {
      const side = base.compartment === 'medial' ? 1 : -1
      return { ...base, size: 6.5 + 4 * amount, at: [side * stream.uniform(45, 51), stream.uniform(-60, -18)] }
    }
    case 'Tibial Plateau Fracture': {
      const lateral = stream.chance(0.7)
      const side = lateral ? -1 : 1
      const compartment = lateral ? 'lateral' : 'medial'
      return { ...base, compartment, size: 36 + 10 * amount, at: [side * stream.uniform(9, 17), 0] }
    }
  }
}

/** Dials of the knee are the shared ones. */
export type KneeDials = CommonDials
