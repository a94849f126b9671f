/** @file The scene of a surface under inspection: one of many object classes, and the damage on it. Nothing medical. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { dependenceDial, findingDials, pictureDials, shortcutDials } from '../dials.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import type { Spot } from '../outline.ts'
import { cueOf, drawPresence, type Person, personOf } from '../person.ts'

/** Surfaces that fill the picture, then objects that lie on a table. */
export const surfaceNames = [
  'striped cloth',
  'chequered cloth',
  'woven basket',
  'wood',
  'leather',
  'granite',
  'metal grid',
  'brushed metal',
  'brick wall',
  'paper',
] as const
export const objectNames = ['pill', 'bottle top', 'hazelnut', 'gear', 'button', 'ceramic tile'] as const
export const classNames = [...surfaceNames, ...objectNames] as const
export type ClassName = (typeof classNames)[number]

/** Kinds of damage. Names are label keys. */
export const defectNames = ['Scratch', 'Stain', 'Hole', 'Crack', 'Foreign Fibre', 'Dent'] as const
export type DefectName = (typeof defectNames)[number]

export const textureDials = z.strictObject({
  ...pictureDials,
  ...findingDials,
  ...dependenceDial,
  normals: findingDials.normals.default(0.5).describe('share of undamaged pieces'),
  ...shortcutDials(defectNames, 'Scratch', 'a printed label in the corner'),
  classes: z
    .enum(['all', 'surfaces', 'objects', 'striped cloth', 'chequered cloth'])
    .default('all')
    .describe('which classes are drawn: train on some, test on others'),
})
export type TextureDials = z.output<typeof textureDials>

/** One kind of damage; spots are its places (unit coordinates, -1 to 1). */
export interface Defect {
  name: DefectName
  strength: number
  size: 'small' | 'large'
  spots: Spot[]
}

export interface TextureScene extends Person, Said<DefectName, Defect> {
  version: 1
  className: ClassName
  /** Direction, repeats over the picture and colours of the texture. */
  turn: number
  scale: number
  shift: [number, number]
  tint: number
  lot: number
  seed: number
  camera: {
    exposure: number
    balance: [number, number, number]
    gamma: number
    blur: number
    noise: number
    shade: [number, number]
    /** A printed label in the corner: the cue of the shortcut dial. */
    label: boolean
  }
}

/** What tears also breaks; what scrapes also presses. */
const dependence = [
  ['Hole', 'Crack', 1],
  ['Scratch', 'Dent', 1],
] as const

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleTexture(seed: number, index: number, dials: TextureDials, split?: Split): TextureScene {
  const person = personOf(seed, index, { split })
  const look = random(seed, 'surface', index)
  const pool = { all: classNames, surfaces: surfaceNames, objects: objectNames }[dials.classes as 'all'] as
    | readonly ClassName[]
    | undefined
  const className = pool ? look.pick(pool) : (dials.classes as ClassName)
  const lots = random(seed, 'damage', index)
  const intact = lots.chance(dials.normals)
  const odds = { Scratch: -1.1, Stain: -1.1, Hole: -1.2, Crack: -1.2, 'Foreign Fibre': -1.2, Dent: -1.3 } as const
  const present = intact ? new Set<DefectName>() : drawPresence(defectNames, odds, dials, () => lots, dependence)
  if (!intact && present.size === 0) present.add(lots.pick(defectNames))
  const reach = surfaceNames.some((name) => name === className) ? 0.78 : 0.42
  const findings = defectNames
    .filter((name) => present.has(name))
    .map((name) => drawDefect(name, reach, random(seed, 'defect', index, name)))
  const doubted = random(seed, 'doubt', index)
  const n = dials.nuisance
  const camera = random(seed, 'camera', index)
  return {
    ...person,
    version: 1,
    className,
    turn: look.normal(0, 0.25) * n + (look.chance(0.5 * Math.min(1, n)) ? Math.PI / 2 : 0),
    scale: Math.exp(look.normal(0, 0.2) * n),
    shift: [look.uniform(-1, 1) * n, look.uniform(-1, 1) * n],
    tint: look.normal(0, 1) * n,
    lot: look.uniform(),
    seed: look.int(2 ** 31),
    camera: {
      exposure: Math.exp(camera.normal(0, 0.15 * n)),
      balance: [0, 0, 0].map(() => Math.exp(camera.normal(0, 0.07) * n)) as [number, number, number],
      gamma: Math.exp(camera.normal(0, 0.12 * n)),
      blur: camera.uniform(0.003, 0.01),
      noise: 0.02 * camera.uniform(0.5, 1.5),
      shade: [camera.uniform(0, 2 * Math.PI), camera.uniform(0, 0.45) * n],
      label: cueOf(person, findings, dials, random(seed, 'label', index)),
    },
    ...mentionsOf<DefectName, Defect>({
      names: defectNames,
      findings,
      dials,
      stream: random(seed, 'words', index),
      doubtful: ['Stain', 'Dent', 'Scratch'],
      draw: (name) => drawDefect(name, reach, doubted),
    }),
  }
}

function drawDefect(name: DefectName, reach: number, stream: Random): Defect {
  const size = stream.chance(0.5) ? 'small' : 'large'
  const radius = { Scratch: 0.42, Stain: 0.2, Hole: 0.13, Crack: 0.4, 'Foreign Fibre': 0.34, Dent: 0.2 }[name]
  const r =
    radius * (size === 'small' ? stream.uniform(0.72, 0.9) : stream.uniform(1.05, 1.35)) * (reach < 0.5 ? 0.75 : 1)
  const spots = Array.from({ length: stream.chance(0.2) ? 2 : 1 }, () => ({
    x: stream.uniform(-reach, reach),
    y: stream.uniform(-reach, reach),
    r,
    angle: stream.uniform(0, 2 * Math.PI),
    seed: stream.int(2 ** 31),
  }))
  return { name, strength: stream.uniform(0.9, 1.12), size, spots }
}
