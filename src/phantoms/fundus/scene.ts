/** @file The scene of a fundus photograph: eye, anatomy, camera, lesions. */

import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import type { Spot } from '../outline.ts'
import { cueOf, drawPresence, type Person, personOf } from '../person.ts'
import type { FundusDials } from './dials.ts'
import { drawLesion } from './lesions.ts'

/** What can be drawn; diabetic lesions first. Names are label keys. */
export const lesionNames = [
  'Microaneurysms',
  'Haemorrhages',
  'Hard Exudates',
  'Cotton Wool Spots',
  'New Vessels',
  'Preretinal Haemorrhage',
  'Laser Scars',
  'Drusen',
  'Glaucomatous Cupping',
  'Peripapillary Atrophy',
  'Macular Hole',
  'Bone Spicules',
  'Media Opacity',
] as const
export type LesionName = (typeof lesionNames)[number]

/** Labels of the retinopathy grades 1 to 4; grade 0 is the absence of 'Retinopathy'. */
export const gradeNames = [
  'Mild Retinopathy',
  'Moderate Retinopathy',
  'Severe Retinopathy',
  'Proliferative Retinopathy',
] as const
export type GradeName = (typeof gradeNames)[number]
export type Grade = 0 | 1 | 2 | 3 | 4

export type Quadrant = 'superotemporal' | 'inferotemporal' | 'superonasal' | 'inferonasal'
export type Amount = 'few' | 'several' | 'many'

/** One lesion: spots in groups, each group gets a box. */
export interface Lesion {
  name: LesionName
  strength: number
  amount: Amount
  /** Where all of it lies; null: in several quadrants, or where its name says. */
  place: Quadrant | 'macula' | 'disc' | null
  groups: Spot[][]
}

/** Cameras of the domain-shift dial. */
export type CameraName = 'orange' | 'pale' | 'green'

/**
 * Retinal coordinates: macula at the origin, one unit is half the width of a 45 degree field, y points down, drawn as a
 * right eye (optic disc at positive x) and mirrored for a left one.
 */
export interface FundusScene extends Person, Said<LesionName, Lesion> {
  version: 1
  eye: 'right' | 'left'
  diabetic: boolean
  grade: Grade
  anatomy: {
    disc: { x: number; y: number; r: number; tilt: number }
    /** Diameter of the cup over that of the disc. */
    cup: number
    /** Pigment of the fundus, 0 fair to 1 dark. */
    pigment: number
    tortuosity: number
    vesselWidth: number
    seed: number
  }
  camera: {
    name: CameraName
    /** The picture's centre in retinal coordinates, its turn (radians) and half width. */
    x: number
    y: number
    turn: number
    half: number
    exposure: number
    balance: [number, number, number]
    gamma: number
    blur: number
    noise: number
    /** Direction and strength of uneven light. */
    shade: [number, number]
    crop: boolean
    /** A bright flare at the edge. */
    flare: number
    /** The notch at the edge of the field: the cue of the shortcut dial. */
    notch: boolean
  }
}

const otherOdds: Readonly<Record<LesionName, number>> = {
  Microaneurysms: -9,
  Haemorrhages: -9,
  'Hard Exudates': -9,
  'Cotton Wool Spots': -9,
  'New Vessels': -9,
  'Preretinal Haemorrhage': -9,
  'Laser Scars': -2.6,
  Drusen: -1.5,
  'Glaucomatous Cupping': -1.6,
  'Peripapillary Atrophy': -1.7,
  'Macular Hole': -1.9,
  'Bone Spicules': -2.2,
  'Media Opacity': -1.7,
}

/** A damaged nerve and a bare rim around it come together. */
const dependence = [['Glaucomatous Cupping', 'Peripapillary Atrophy', 1.4]] as const

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleFundus(seed: number, index: number, dials: FundusDials, split?: Split): FundusScene {
  const person = personOf(seed, index, { split, meanAge: 60, sd: 14 })
  const study = random(seed, 'fundus', index)
  const eye = study.chance(0.5) ? 'right' : 'left'
  const body = random(seed, 'eye', person.key, eye)
  const health = random(seed, 'retina', person.key)
  const healthy = health.chance(dials.normals)
  const diabetic = !healthy && health.chance(0.62)
  const base = health.weighted([
    [1, 0.26],
    [2, 0.32],
    [3, 0.2],
    [4, 0.22],
  ] as const)
  const grade = (diabetic ? Math.min(4, base + (study.chance(0.2) ? 1 : 0)) : 0) as Grade
  const present = healthy
    ? new Set<LesionName>()
    : drawPresence(lesionNames, otherOdds, dials, () => health, dependence)
  for (const name of diabeticLesions(grade, study)) present.add(name)
  if (!healthy && present.size === 0) present.add(health.pick(lesionNames.slice(7)))

  const pigment = body.uniform()
  const scene: FundusScene = {
    ...person,
    version: 1,
    eye,
    diabetic,
    grade,
    anatomy: {
      disc: {
        x: body.normal(0.66, 0.03),
        y: body.normal(-0.05, 0.03),
        r: Math.min(0.165, Math.max(0.115, body.normal(0.138, 0.01))),
        tilt: body.normal(0, 0.2),
      },
      cup: present.has('Glaucomatous Cupping') ? body.uniform(0.74, 0.9) : body.uniform(0.2, 0.48),
      pigment,
      tortuosity: Math.abs(body.normal(0.5, 0.25)),
      vesselWidth: body.normal(1, 0.08) * (present.has('Bone Spicules') ? 0.6 : 1),
      seed: body.int(2 ** 31),
    },
    camera: sampleCamera(dials, random(seed, 'camera', index)),
    mentions: [],
    findings: [],
    boilerplate: false,
  }
  const lesions = lesionNames
    .filter((name) => present.has(name))
    .map((name) => drawLesion(scene, name, random(seed, 'lesion', index, name)))
  const doubted = random(seed, 'doubt', index)
  Object.assign(
    scene,
    mentionsOf<LesionName, Lesion>({
      names: lesionNames,
      findings: lesions,
      dials,
      stream: random(seed, 'words', index),
      doubtful: grade === 0 ? ['Drusen', 'Peripapillary Atrophy'] : ['Hard Exudates', 'Cotton Wool Spots', 'Drusen'],
      draw: (name) => drawLesion(scene, name, doubted),
      denialWeight: {
        Microaneurysms: 1.5,
        Haemorrhages: 2,
        'Hard Exudates': 2,
        'Bone Spicules': 0.3,
        'Laser Scars': 0.3,
      },
    }),
  )
  const { camera } = scene
  camera.notch = cueOf(person, lesions, dials, random(seed, 'notch', index))
  return scene
}

/** The other eye of a scene: the same patient, disease and camera, vessels of its own; lesions are not drawn. */
export function fellowEye(scene: FundusScene): FundusScene {
  const eye = scene.eye === 'right' ? 'left' : 'right'
  const body = random(scene.seed, 'eye', scene.key, eye)
  const { disc } = scene.anatomy
  return {
    ...scene,
    eye,
    anatomy: { ...scene.anatomy, disc: { ...disc, y: body.normal(-0.05, 0.03) }, seed: body.int(2 ** 31) },
    mentions: [],
    findings: [],
  }
}

/** What each grade of the international scale shows: 1 microaneurysms only, 2 more, 3 in four quadrants, 4 new vessels. */
function diabeticLesions(grade: Grade, stream: Random): LesionName[] {
  if (grade === 0) return []
  const names: LesionName[] = ['Microaneurysms']
  if (grade === 1) return names
  names.push('Haemorrhages')
  if (stream.chance(0.55)) names.push('Hard Exudates')
  if (stream.chance(grade === 2 ? 0.3 : 0.6)) names.push('Cotton Wool Spots')
  if (grade < 4) return names
  const boat = stream.chance(0.45)
  if (boat) names.push('Preretinal Haemorrhage')
  if (!boat || stream.chance(0.6)) names.push('New Vessels')
  if (stream.chance(0.3)) names.push('Laser Scars')
  return names
}

function sampleCamera(dials: FundusDials, stream: Random): FundusScene['camera'] {
  const n = dials.nuisance
  const name = dials.camera === 'mixed' ? stream.pick(['orange', 'pale', 'green'] as const) : dials.camera
  const tint = { orange: [1.05, 0.98, 0.9], pale: [0.98, 1.06, 1.3], green: [0.82, 1.08, 0.85] } as const
  const onDisc = stream.chance(0.2 * Math.min(1, n))
  return {
    name,
    x: (onDisc ? 0.5 : 0.1) + stream.normal(0, 0.07) * n,
    y: stream.normal(0, 0.07) * n,
    turn: stream.normal(0, 0.08) * n,
    half: (name === 'pale' ? 1.08 : 1) * (1 + stream.normal(0, 0.05) * n),
    exposure: Math.exp(stream.normal(0, 0.16) * n),
    balance: tint[name].map((gain) => gain * Math.exp(stream.normal(0, 0.06) * n)) as [number, number, number],
    gamma: Math.exp(stream.normal(name === 'pale' ? -0.25 : -0.12, 0.1 * n)),
    blur: stream.uniform(0.003, 0.007) * (name === 'green' ? 1.5 : 1),
    noise: 0.025 * stream.uniform(0.5, 1.3),
    shade: [stream.uniform(0, 2 * Math.PI), stream.uniform(0, 0.4) * n],
    crop: name !== 'orange' && stream.chance(0.6),
    flare: stream.chance(0.15 * n) ? stream.uniform(0.1, 0.35) : 0,
    notch: false,
  }
}
