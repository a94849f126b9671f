/** @file The scene of a dermoscopic picture: skin, lesion outline, diagnosis, and the concepts that speak for it. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { findingDials, pictureDials, shortcutDials } from '../dials.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import type { Spot } from '../outline.ts'
import { cueOf, type Person, personOf } from '../person.ts'

/** What dermatologists look for. Names are label keys. */
export const conceptNames = [
  'Pigment Network',
  'Atypical Network',
  'Globules',
  'Streaks',
  'Blue-White Veil',
  'Regression',
  'Arborising Vessels',
  'Ulceration',
  'Blue-Grey Nests',
  'Milia-like Cysts',
  'Comedo-like Openings',
  'Central White Patch',
  'Red Lacunae',
  'Strawberry Pattern',
  'Asymmetry',
] as const
export type ConceptName = (typeof conceptNames)[number]

/** The seven diagnoses of HAM10000. Names are label keys. */
export const diagnosisNames = [
  'Nevus',
  'Melanoma',
  'Basal Cell Carcinoma',
  'Seborrhoeic Keratosis',
  'Dermatofibroma',
  'Vascular Lesion',
  'Actinic Keratosis',
] as const
export type DiagnosisName = (typeof diagnosisNames)[number]

export const dermoscopyDials = z.strictObject({
  ...pictureDials,
  ...findingDials,
  normals: findingDials.normals.describe('share of plain naevi without any concept'),
  ...shortcutDials(['Blue-White Veil', 'Asymmetry', 'Streaks'], 'Blue-White Veil', 'purple marker ink on the skin'),
  overlap: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe('how much concepts are shared between diagnoses; 0 lets each diagnosis keep to its own'),
})
export type DermoscopyDials = z.output<typeof dermoscopyDials>

/** How often each concept is seen with each diagnosis. */
export const conceptsOf: Readonly<Record<DiagnosisName, Partial<Record<ConceptName, number>>>> = {
  Nevus: { 'Pigment Network': 0.65, Globules: 0.35 },
  Melanoma: {
    'Atypical Network': 0.65,
    Streaks: 0.5,
    'Blue-White Veil': 0.6,
    Regression: 0.4,
    Globules: 0.3,
    Asymmetry: 0.85,
  },
  'Basal Cell Carcinoma': { 'Arborising Vessels': 0.85, Ulceration: 0.4, 'Blue-Grey Nests': 0.6, Asymmetry: 0.25 },
  'Seborrhoeic Keratosis': { 'Milia-like Cysts': 0.85, 'Comedo-like Openings': 0.75 },
  Dermatofibroma: { 'Central White Patch': 0.95, 'Pigment Network': 0.5 },
  'Vascular Lesion': { 'Red Lacunae': 1, 'Blue-White Veil': 0.15 },
  'Actinic Keratosis': { 'Strawberry Pattern': 0.9, Ulceration: 0.25 },
}

/** A concept with its geometry inside the lesion (unit coordinates of the lesion: its mean radius is 1). */
export interface Concept {
  name: ConceptName
  strength: number
  spots: Spot[]
  /** Share of the lesion that it covers, as words say it. */
  extent: 'focal' | 'widespread'
}

export interface DermoscopyScene extends Person, Said<ConceptName, Concept> {
  version: 1
  diagnosis: DiagnosisName
  lesion: {
    /** Centre and mean radius in unit coordinates of the picture (-1 to 1). */
    x: number
    y: number
    radius: number
    /** Radius over the mean radius at sixteen directions. */
    profile: number[]
    /** Softness of the border, in radii. */
    border: number
    /** Pigment, optical density in red, green and blue. */
    pigment: [number, number, number]
    patchiness: number
    seed: number
  }
  skin: { tone: [number, number, number]; redness: number; furrows: number }
  diameterMm: number
  camera: {
    turn: number
    exposure: number
    balance: [number, number, number]
    gamma: number
    blur: number
    noise: number
    /** Strength of the dark corners of the instrument. */
    corners: number
    hairs: { x: number; y: number; angle: number; bend: number; length: number; width: number }[]
    bubbles: { x: number; y: number; r: number }[]
    ruler: boolean
    /** Marker ink: the cue of the shortcut dial. */
    ink: boolean
  }
}

const site = ['back', 'arm', 'leg', 'face', 'chest', 'shoulder'] as const
export type Site = (typeof site)[number]
/** Where on the body the lesion is: said in the indication only. */
export function siteOf(scene: DermoscopyScene): Site {
  return random(scene.seed, 'site', scene.index).pick(site)
}

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleDermoscopy(seed: number, index: number, dials: DermoscopyDials, split?: Split): DermoscopyScene {
  const person = personOf(seed, index, { split, meanAge: 54, sd: 17 })
  const skin = random(seed, 'skin', person.key)
  const health = random(seed, 'disease', index)
  const plain = random(seed, 'plain', person.key).chance(dials.normals)
  const diagnosis: DiagnosisName = plain
    ? 'Nevus'
    : health.weighted([
        ['Nevus', 0.2],
        ['Melanoma', 0.24],
        ['Basal Cell Carcinoma', 0.16],
        ['Seborrhoeic Keratosis', 0.14],
        ['Dermatofibroma', 0.09],
        ['Vascular Lesion', 0.08],
        ['Actinic Keratosis', 0.09],
      ] as const)
  const present = new Set<ConceptName>()
  if (!plain) {
    for (const name of conceptNames) {
      const base = conceptsOf[diagnosis][name] ?? 0.25 * dials.overlap * (0.4 + Math.min(1, dials.prevalence) * 0.6)
      const odds = (base / (1 - Math.min(0.98, base))) * dials.prevalence
      if (health.uniform() < odds / (1 + odds)) present.add(name)
    }
    if (present.has('Atypical Network')) present.delete('Pigment Network')
    const [own] = Object.keys(conceptsOf[diagnosis]) as ConceptName[]
    if (present.size === 0 && own) present.add(own)
  }

  const shape = random(seed, 'lesion', index)
  const scene: DermoscopyScene = {
    ...person,
    version: 1,
    diagnosis,
    lesion: sampleLesion(diagnosis, present.has('Asymmetry'), dials, shape),
    skin: { tone: toneOf(skin.uniform()), redness: skin.uniform(0, 0.14), furrows: skin.uniform(0.04, 0.12) },
    diameterMm: 0,
    camera: sampleCamera(dials, random(seed, 'camera', index)),
    mentions: [],
    findings: [],
    boilerplate: false,
  }
  scene.diameterMm = Math.round(20 * scene.lesion.radius)
  const concepts = conceptNames
    .filter((name) => present.has(name))
    .map((name) => drawConcept(name, random(seed, 'concept', index, name)))
  const doubted = random(seed, 'doubt', index)
  Object.assign(
    scene,
    mentionsOf<ConceptName, Concept>({
      names: conceptNames,
      findings: concepts,
      dials,
      stream: random(seed, 'words', index),
      doubtful: ['Globules', 'Blue-White Veil', 'Regression', 'Milia-like Cysts'],
      draw: (name) => drawConcept(name, doubted),
      denialWeight: { 'Blue-White Veil': 2, Streaks: 1.5, 'Red Lacunae': 0.3, 'Strawberry Pattern': 0.3 },
    }),
  )
  scene.camera.ink = cueOf(person, concepts, dials, random(seed, 'ink', index), 0.3)
  return scene
}

/** Skin from fair (0) to dark (1). */
function toneOf(t: number): [number, number, number] {
  const dark = t < 0.75 ? t * 0.4 : 0.3 + (t - 0.75) * 1.6
  return [0.9 - 0.38 * dark, 0.73 - 0.45 * dark, 0.65 - 0.48 * dark]
}

function sampleLesion(
  diagnosis: DiagnosisName,
  asymmetric: boolean,
  dials: DermoscopyDials,
  stream: Random,
): DermoscopyScene['lesion'] {
  const n = dials.nuisance
  const waves = [0, 0, 0.06, 0.03, 0.02, 0.015].map((size) => [size, stream.uniform(0, 2 * Math.PI)] as const)
  const lopsided = asymmetric ? stream.uniform(0.17, 0.24) : 0
  const at = stream.uniform(0, 2 * Math.PI)
  const profile = Array.from({ length: 16 }, (_, k) => {
    const a = (2 * Math.PI * k) / 16
    let r = 1
    for (const [harmonic, [size, phase]] of waves.entries()) r += size * Math.cos(harmonic * a + phase)
    r += lopsided * (Math.cos(a + at) + 0.8 * Math.cos(2 * a + 2.1 * at) + 0.6 * Math.cos(3 * a + 1.3 * at))
    return Math.max(0.4, r + stream.normal(0, asymmetric ? 0.05 : 0.015))
  })
  const brown: Record<DiagnosisName, [number, number, number]> = {
    Nevus: [0.42, 0.75, 0.85],
    Melanoma: [0.62, 0.95, 1.0],
    'Basal Cell Carcinoma': [0.05, 0.3, 0.25],
    'Seborrhoeic Keratosis': [0.35, 0.55, 0.75],
    Dermatofibroma: [0.25, 0.5, 0.55],
    'Vascular Lesion': [0.15, 0.6, 0.5],
    'Actinic Keratosis': [0.05, 0.45, 0.35],
  }
  // Denser than this, nothing can be seen in it.
  const depth = Math.exp(Math.min(0.4, stream.normal(0, 0.22) + stream.normal(0, 0.2) * n))
  const radius = Math.min(0.68, Math.max(0.34, 0.52 + stream.normal(0, 0.11) * n))
  // Dermatologists aim by hand; the lesion stays in the picture.
  const aim = (): number => Math.max(radius - 0.96, Math.min(0.96 - radius, stream.normal(0, 0.2) * n))
  const border: Partial<Record<DiagnosisName, number>> = { 'Seborrhoeic Keratosis': 0.03, 'Actinic Keratosis': 0.25 }
  return {
    x: aim(),
    y: aim(),
    radius,
    profile,
    border: border[diagnosis] ?? stream.uniform(0.06, 0.14),
    pigment: brown[diagnosis].map((d) => d * depth) as [number, number, number],
    patchiness: asymmetric ? stream.uniform(0.35, 0.6) : stream.uniform(0.05, 0.2),
    seed: stream.int(2 ** 31),
  }
}

/** A point inside the lesion, at most `reach` radii from its middle. */
function place(stream: Random, reach: number, r: number, least = 0): Spot {
  const a = stream.uniform(0, 2 * Math.PI)
  const d = Math.sqrt(stream.uniform(least * least, reach * reach))
  return { x: d * Math.cos(a), y: d * Math.sin(a), r, angle: stream.uniform(0, Math.PI), seed: stream.int(2 ** 31) }
}

function drawConcept(name: ConceptName, stream: Random): Concept {
  const extent = stream.chance(0.5) ? 'widespread' : 'focal'
  const wide = extent === 'widespread'
  const many = (few: number, more: number, spot: () => Spot): Spot[] =>
    Array.from({ length: (wide ? more : few) + stream.int(3) }, spot)
  const concept: Concept = { name, strength: stream.uniform(0.9, 1.12), extent, spots: [] }
  const spots = (): Spot[] => {
    switch (name) {
      case 'Pigment Network':
      case 'Atypical Network':
        return [place(stream, wide ? 0.05 : 0.3, wide ? 1.1 : 0.75)]
      case 'Globules':
        return many(8, 18, () => place(stream, 0.8, stream.uniform(0.055, 0.085)))
      case 'Streaks': {
        const from = stream.uniform(0, 2 * Math.PI)
        const count = wide ? 18 : 9
        return Array.from({ length: count }, (_, k) => {
          const a = from + (k / count) * (wide ? 2 * Math.PI : Math.PI * 0.8) + stream.normal(0, 0.05)
          const r = stream.uniform(0.25, 0.4)
          return { x: Math.cos(a), y: Math.sin(a), r, angle: a, seed: stream.int(2 ** 31) }
        })
      }
      case 'Blue-White Veil':
        return [place(stream, 0.25, wide ? stream.uniform(0.6, 0.75) : stream.uniform(0.38, 0.5))]
      case 'Regression':
        return [place(stream, 0.5, wide ? stream.uniform(0.4, 0.5) : stream.uniform(0.28, 0.36), 0.3)]
      case 'Arborising Vessels':
        return many(2, 4, () => place(stream, 0.7, stream.uniform(0.8, 1.1)))
      case 'Ulceration':
        return [place(stream, 0.45, wide ? stream.uniform(0.32, 0.42) : stream.uniform(0.22, 0.3))]
      case 'Blue-Grey Nests':
        return many(4, 7, () => place(stream, 0.75, stream.uniform(0.11, 0.18)))
      case 'Milia-like Cysts':
        return many(9, 18, () => place(stream, 0.8, stream.uniform(0.045, 0.07)))
      case 'Comedo-like Openings':
        return many(6, 11, () => place(stream, 0.8, stream.uniform(0.07, 0.11)))
      case 'Central White Patch':
        return [place(stream, 0.08, stream.uniform(0.36, 0.5))]
      case 'Red Lacunae':
        return many(7, 12, () => place(stream, 0.7, stream.uniform(0.16, 0.26)))
      case 'Strawberry Pattern':
        return many(18, 26, () => place(stream, 0.85, stream.uniform(0.06, 0.085)))
      case 'Asymmetry':
        return []
    }
  }
  return { ...concept, spots: spots() }
}

function sampleCamera(dials: DermoscopyDials, stream: Random): DermoscopyScene['camera'] {
  const n = dials.nuisance
  const hairy = stream.chance(0.45 * n)
  return {
    turn: stream.uniform(0, 2 * Math.PI) * Math.min(1, n),
    exposure: Math.exp(Math.max(-0.3, stream.normal(0.04, 0.18 * n))),
    balance: [0, 0, 0].map(() => Math.exp(stream.normal(0, 0.07) * n)) as [number, number, number],
    gamma: Math.exp(stream.normal(-0.05, 0.1 * n)),
    blur: stream.uniform(0.006, 0.013),
    noise: 0.02 * stream.uniform(0.5, 1.4),
    corners: stream.chance(0.3 * n) ? stream.uniform(0.6, 1) : stream.uniform(0, 0.25) * n,
    hairs: hairy
      ? Array.from({ length: 3 + stream.int(10) }, () => ({
          x: stream.uniform(-1, 1),
          y: stream.uniform(-1, 1),
          angle: stream.uniform(0, Math.PI),
          bend: stream.normal(0, 0.25),
          length: stream.uniform(0.6, 1.8),
          width: stream.uniform(0.009, 0.018),
        }))
      : [],
    bubbles: stream.chance(0.25 * n)
      ? Array.from({ length: 1 + stream.int(4) }, () => ({
          x: stream.uniform(-0.9, 0.9),
          y: stream.uniform(-0.9, 0.9),
          r: stream.uniform(0.04, 0.11),
        }))
      : [],
    ruler: stream.chance(0.2 * n),
    ink: false,
  }
}
