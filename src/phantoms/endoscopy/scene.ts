/** @file The scene of an endoscopic picture: a tube of mucosa with folds, the lesions on it, light and camera. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { dependenceDial, findingDials, pictureDials, shortcutDials } from '../dials.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import type { Spot } from '../outline.ts'
import { cueOf, drawPresence, type Person, personOf } from '../person.ts'

/** What can be found. Names are label keys. */
export const lesionNames = ['Polyp', 'Ulcer', 'Bleeding', 'Diverticulum', 'Angioectasia'] as const
export type LesionName = (typeof lesionNames)[number]

export const endoscopyDials = z.strictObject({
  ...pictureDials,
  ...findingDials,
  ...dependenceDial,
  ...shortcutDials(lesionNames, 'Polyp', 'a green frame in the corner'),
  camouflage: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('share of polyps that have the colour of the mucosa and show by their shape only'),
})
export type EndoscopyDials = z.output<typeof endoscopyDials>

export type Shape = 'round' | 'oval' | 'flat' | 'pedunculated'
export type Tint = 'red' | 'pale' | 'pink'
export type Size = 'small' | 'medium' | 'large'

/** Lesions of one kind: each spot is one of them; positions and radii in unit coordinates of the picture (-1 to 1). */
export interface Lesion {
  name: LesionName
  strength: number
  shape: Shape
  tint: Tint
  size: Size
  sizeMm: number
  spots: Spot[]
}

export interface EndoscopyScene extends Person, Said<LesionName, Lesion> {
  version: 1
  tube: {
    /** Where the lumen goes on, and how wide it looks. */
    x: number
    y: number
    radius: number
    /** Folds a unit of depth, their depth and phase. */
    folds: number
    relief: number
    phase: number
    /** How far folds bend away from circles. */
    bend: number
    colour: [number, number, number]
    vessels: number
    seed: number
  }
  camera: {
    exposure: number
    balance: [number, number, number]
    gamma: number
    blur: number
    noise: number
    /** Where the light falls. */
    lightX: number
    lightY: number
    glare: number
    bubbles: { x: number; y: number; r: number }[]
    residue: { x: number; y: number; r: number; seed: number }[]
    frame: 'octagon' | 'round' | 'square'
    /** A green box with the scope's outline: the cue of the shortcut dial. */
    inset: boolean
  }
}

const logOdds: Readonly<Record<LesionName, number>> = {
  Polyp: 0.1,
  Ulcer: -1.2,
  Bleeding: -1.4,
  Diverticulum: -1.3,
  Angioectasia: -1.5,
}

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleEndoscopy(seed: number, index: number, dials: EndoscopyDials, split?: Split): EndoscopyScene {
  const person = personOf(seed, index, { split, meanAge: 61, sd: 13 })
  const healthy = random(seed, 'colon', person.key).chance(dials.normals)
  const lots = random(seed, 'lesions', index)
  const present = healthy
    ? new Set<LesionName>()
    : drawPresence(lesionNames, logOdds, dials, () => lots, [['Ulcer', 'Bleeding', 1.2]])
  if (!healthy && present.size === 0) present.add('Polyp')
  const scene: EndoscopyScene = {
    ...person,
    version: 1,
    tube: sampleTube(dials, random(seed, 'tube', index)),
    camera: sampleCamera(dials, random(seed, 'camera', index)),
    mentions: [],
    findings: [],
    boilerplate: false,
  }
  const taken: Spot[] = []
  const draw = (name: LesionName, stream: Random): Lesion => drawLesion(scene, name, dials, taken, stream)
  const lesions = lesionNames
    .filter((name) => present.has(name))
    .map((name) => draw(name, random(seed, 'lesion', index, name)))
  const doubted = random(seed, 'doubt', index)
  Object.assign(
    scene,
    mentionsOf<LesionName, Lesion>({
      names: lesionNames,
      findings: lesions,
      dials,
      stream: random(seed, 'words', index),
      doubtful: ['Polyp', 'Angioectasia', 'Ulcer'],
      draw: (name) => draw(name, doubted),
      denialWeight: { Polyp: 2.5, Bleeding: 2, Ulcer: 1.5 },
    }),
  )
  scene.camera.inset = cueOf(person, lesions, dials, random(seed, 'inset', index), 0.4)
  return scene
}

function sampleTube(dials: EndoscopyDials, stream: Random): EndoscopyScene['tube'] {
  const n = dials.nuisance
  const a = stream.uniform(0, 2 * Math.PI)
  const away = Math.abs(stream.normal(0.25, 0.22)) * n
  return {
    x: Math.cos(a) * Math.min(0.75, away),
    y: Math.sin(a) * Math.min(0.75, away),
    radius: 0.16 * Math.exp(stream.normal(0, 0.35) * n),
    folds: stream.uniform(0.9, 1.6),
    relief: 0.24 + 0.16 * stream.uniform() * n,
    phase: stream.uniform(0, 2 * Math.PI),
    bend: stream.uniform(0.15, 0.5) * n,
    colour: [0.86 + stream.normal(0, 0.03) * n, 0.46 + stream.normal(0, 0.035) * n, 0.37 + stream.normal(0, 0.035) * n],
    vessels: stream.uniform(0.15, 0.5),
    seed: stream.int(2 ** 31),
  }
}

function sampleCamera(dials: EndoscopyDials, stream: Random): EndoscopyScene['camera'] {
  const n = dials.nuisance
  const spots = (count: number, least: number, most: number) =>
    Array.from({ length: count }, () => ({
      x: stream.uniform(-0.9, 0.9),
      y: stream.uniform(-0.9, 0.9),
      r: stream.uniform(least, most),
      seed: stream.int(2 ** 31),
    }))
  return {
    exposure: Math.exp(stream.normal(0.1, 0.16 * n)),
    balance: [0, 0, 0].map(() => Math.exp(stream.normal(0, 0.06) * n)) as [number, number, number],
    gamma: Math.exp(stream.normal(-0.12, 0.1 * n)),
    blur: stream.uniform(0.006, 0.016),
    noise: 0.025 * stream.uniform(0.5, 1.4),
    lightX: stream.normal(0, 0.25) * n,
    lightY: stream.normal(0, 0.25) * n,
    glare: stream.uniform(0.4, 1),
    bubbles: stream.chance(0.3 * n) ? spots(2 + stream.int(6), 0.02, 0.05) : [],
    residue: stream.chance(0.25 * n) ? spots(1 + stream.int(3), 0.05, 0.13) : [],
    frame: stream.pick(['octagon', 'round', 'square'] as const),
    inset: false,
  }
}

/** A place on the wall: away from the lumen, from the rim and from other lesions. */
function placeOnWall(scene: EndoscopyScene, r: number, taken: readonly Spot[], stream: Random): [number, number] {
  const { tube } = scene
  let best: [number, number] = [0, 0]
  let most = -9
  for (let attempt = 0; attempt < 24; attempt++) {
    const [x, y] = [stream.uniform(-0.68, 0.68), stream.uniform(-0.68, 0.68)]
    if (Math.hypot(x, y) > 0.78) continue
    const free = Math.min(
      Math.hypot(x - tube.x, y - tube.y) - tube.radius * 1.5 - r,
      ...taken.map((other) => Math.hypot(x - other.x, y - other.y) - other.r - r - 0.04),
    )
    if (free > 0.05) return [x, y]
    if (free > most) {
      most = free
      best = [x, y]
    }
  }
  return best
}

const radii: Readonly<Record<Size, readonly [number, number]>> = {
  small: [0.11, 0.135],
  medium: [0.17, 0.21],
  large: [0.26, 0.33],
}

function drawLesion(
  scene: EndoscopyScene,
  name: LesionName,
  dials: EndoscopyDials,
  taken: Spot[],
  stream: Random,
): Lesion {
  const size = stream.weighted([
    ['small', 0.4],
    ['medium', 0.4],
    ['large', 0.2],
  ] as const) as Size
  const shape = stream.weighted([
    ['round', 0.35],
    ['oval', 0.25],
    ['flat', 0.15],
    ['pedunculated', 0.25],
  ] as const) as Shape
  const tint: Tint = stream.chance(dials.camouflage) ? 'pink' : stream.pick(['red', 'pale'] as const)
  const [least, most] = radii[size]
  const count =
    name === 'Polyp' || name === 'Diverticulum'
      ? stream.weighted([
          [1, 0.65],
          [2, 0.25],
          [3, 0.1],
        ] as const)
      : 1
  const factor = { Polyp: 1, Ulcer: 0.95, Bleeding: 1.2, Diverticulum: 0.75, Angioectasia: 0.9 }[name]
  const lot = stream.uniform(least, most)
  const spots = Array.from({ length: size === 'large' ? 1 : count }, () => {
    const r = lot * factor * stream.uniform(0.93, 1.07)
    const [x, y] = placeOnWall(scene, r, taken, stream)
    const spot = { x, y, r, angle: stream.uniform(0, 2 * Math.PI), seed: stream.int(2 ** 31) }
    taken.push(spot)
    return spot
  })
  return { name, strength: stream.uniform(0.92, 1.1), shape, tint, size, sizeMm: Math.round(lot * 40), spots }
}

/** Column and row of a 3 x 3 grid in words, as prompts of segmentation models name places. */
export function placeName({ x, y }: { x: number; y: number }): string {
  const column = x < -1 / 3 ? 'left' : x > 1 / 3 ? 'right' : ''
  const row = y < -1 / 3 ? 'top' : y > 1 / 3 ? 'bottom' : ''
  return row === '' && column === '' ? 'center' : [row, column].filter(Boolean).join(' ')
}
