/** @file The scene of a fluorescein angiography: two eyes, frames at seconds after the injection, what leaks and what stays dark. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { findingDials, pictureDials, shortcutDials } from '../dials.ts'
import { fundusDials } from '../fundus/dials.ts'
import { drawLesion } from '../fundus/lesions.ts'
import { type FundusScene, fellowEye, type LesionName, sampleFundus } from '../fundus/scene.ts'
import { mentionsOf, type Said } from '../mentions.ts'
import type { Spot } from '../outline.ts'
import { cueOf } from '../person.ts'

/** What can be seen. Names are label keys. */
export const angiographyNames = [
  'Microaneurysms',
  'Haemorrhages',
  'New Vessels',
  'Nonperfusion',
  'Macular Oedema',
  'Drusen',
  'Laser Scars',
] as const
export type AngiographyName = (typeof angiographyNames)[number]

export const angiographyDials = z.strictObject({
  ...pictureDials,
  ...findingDials,
  ...shortcutDials(angiographyNames, 'Macular Oedema', 'a lit window for the time in the corner'),
  frames: z
    .number()
    .int()
    .min(10)
    .max(40)
    .default(14)
    .describe('frames of an examination; four are of the other eye or late'),
  oneEyed: z.number().min(0).max(1).default(0.5).describe('share of findings that are in one eye only'),
})
export type AngiographyDials = z.output<typeof angiographyDials>

export type Eye = 'right' | 'left'

/** A finding with its places in each eye that has it. */
export interface AngiographyFinding {
  name: AngiographyName
  strength: number
  eyes: Eye[]
  spots: Partial<Record<Eye, Spot[]>>
}

export interface Frame {
  eye: Eye
  /** Seconds after the injection. */
  seconds: number
}

export interface AngiographyScene extends Said<AngiographyName, AngiographyFinding> {
  version: 1
  /** The eye whose filling is followed; person, camera and anatomy are in its scene. */
  transit: FundusScene
  fellow: FundusScene
  frames: Frame[]
  /** Seconds by which the dye comes later than usual. */
  delay: number
  /** A lit window for the time in the corner of every frame: the cue of the shortcut dial. */
  window: boolean
}

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleAngiography(
  seed: number,
  index: number,
  dials: AngiographyDials,
  split?: Split,
): AngiographyScene {
  const base = fundusDials.parse({
    nuisance: dials.nuisance,
    camera: 'orange',
    normals: dials.normals,
    prevalence: dials.prevalence,
    uncertaintyRate: 0,
    labelNoise: 0,
  })
  const transit = { ...sampleFundus(seed, index, base, split), boilerplate: false }
  transit.camera = { ...transit.camera, notch: false }
  const fellow = fellowEye(transit)
  const stream = random(seed, 'angiography', index)
  const present = presentIn(transit, dials, stream)
  const draw = (name: AngiographyName, lots: Random): AngiographyFinding =>
    drawFinding(name, transit, fellow, dials, lots)
  const findings = angiographyNames
    .filter((name) => present.has(name))
    .map((name) => draw(name, random(seed, 'dye', index, name)))
  const doubted = random(seed, 'dye doubt', index)
  const delay = stream.uniform(-1, 3.5) * dials.nuisance
  const window = cueOf(transit, findings, dials, random(seed, 'window', index))
  return {
    version: 1,
    transit,
    fellow,
    delay,
    window,
    frames: scheduleOf(transit.eye, fellow.eye, dials.frames, delay, stream),
    ...mentionsOf<AngiographyName, AngiographyFinding>({
      names: angiographyNames,
      findings,
      dials,
      stream: random(seed, 'dye words', index),
      doubtful: ['Macular Oedema', 'Drusen', 'Microaneurysms'],
      draw: (name) => draw(name, doubted),
      denialWeight: { 'New Vessels': 2, 'Macular Oedema': 2, 'Laser Scars': 0.3 },
    }),
  }
}

/** Findings by the grade of retinopathy, and the others by their odds. */
function presentIn({ grade, findings }: FundusScene, dials: AngiographyDials, stream: Random): Set<AngiographyName> {
  const names = new Set<AngiographyName>()
  const known = (name: LesionName): boolean => findings.some((lesion) => lesion.name === name)
  if (grade > 0) names.add('Microaneurysms')
  if (grade > 1) names.add('Haemorrhages')
  if (grade > 1 && stream.chance(0.55)) names.add('Macular Oedema')
  if (grade > 2 && stream.chance(0.7)) names.add('Nonperfusion')
  if (grade === 4) names.add('New Vessels')
  if (known('Drusen')) names.add('Drusen')
  if (known('Laser Scars')) names.add('Laser Scars')
  // The other conditions of the photographs are not looked for here: such eyes show drusen or oedema instead.
  if (findings.length > 0 && names.size === 0)
    names.add(stream.chance(0.5 * Math.min(2, dials.prevalence)) ? 'Drusen' : 'Macular Oedema')
  return names
}

function drawFinding(
  name: AngiographyName,
  transit: FundusScene,
  fellow: FundusScene,
  dials: AngiographyDials,
  stream: Random,
): AngiographyFinding {
  const single = stream.chance(dials.oneEyed)
  const one = stream.chance(0.5) ? transit.eye : fellow.eye
  const eyes: Eye[] = single ? [one] : ['right', 'left']
  const spots: Partial<Record<Eye, Spot[]>> = {}
  for (const eye of eyes) spots[eye] = spotsOf(name, eye === transit.eye ? transit : fellow, stream)
  return { name, strength: stream.uniform(0.9, 1.12), eyes, spots }
}

function spotsOf(name: AngiographyName, eye: FundusScene, stream: Random): Spot[] {
  const spot = (x: number, y: number, r: number): Spot => ({
    x,
    y,
    r,
    angle: stream.uniform(0, Math.PI),
    seed: stream.int(2 ** 31),
  })
  if (name === 'Macular Oedema') {
    // Cysts like the petals of a flower around the fovea.
    const petals = 6 + stream.int(3)
    const from = stream.uniform(0, 2 * Math.PI)
    return Array.from({ length: petals }, (_, k) => {
      const a = from + (2 * Math.PI * k) / petals
      const d = stream.uniform(0.08, 0.11)
      return { ...spot(d * Math.cos(a), d * Math.sin(a), stream.uniform(0.042, 0.055)), angle: a }
    })
  }
  if (name === 'Nonperfusion') {
    return Array.from({ length: 2 + stream.int(2) }, () => {
      const a = stream.uniform(0, 2 * Math.PI)
      const d = stream.uniform(0.5, 0.78)
      return spot(d * Math.cos(a), d * Math.sin(a), stream.uniform(0.16, 0.25))
    })
  }
  return drawLesion(eye, name, stream).groups.flat()
}

/** Many early frames of the transit eye, two of the other, late ones of both. */
function scheduleOf(transit: Eye, fellow: Eye, count: number, delay: number, stream: Random): Frame[] {
  const early = count - 5
  const at = (seconds: number): number => Math.round((seconds + delay + stream.uniform(-0.3, 0.3)) * 10) / 10
  const frames: Frame[] = Array.from({ length: early }, (_, k) => ({
    eye: transit,
    seconds: at(10.5 + 34 * (k / (early - 1)) ** 2),
  }))
  frames.push({ eye: fellow, seconds: at(62) }, { eye: transit, seconds: at(310) }, { eye: fellow, seconds: at(330) })
  frames.push({ eye: transit, seconds: at(600) }, { eye: fellow, seconds: at(620) })
  return frames.sort((a, b) => a.seconds - b.seconds)
}

/** Name of the filling phase. */
export function phaseOf(
  seconds: number,
  delay: number,
): 'choroidal' | 'arterial' | 'arteriovenous' | 'venous' | 'late' {
  const t = seconds - delay
  return t < 12.2 ? 'choroidal' : t < 14.8 ? 'arterial' : t < 19 ? 'arteriovenous' : t < 200 ? 'venous' : 'late'
}

/** True when a finding can be seen at this time in an eye that has it. */
export function visibleAt(name: AngiographyName, seconds: number, delay: number): boolean {
  const t = seconds - delay
  switch (name) {
    case 'Macular Oedema':
      return t > 200
    case 'Drusen':
      return t > 150
    case 'Microaneurysms':
    case 'New Vessels':
      return t > 16
    default:
      return t > 14.5
  }
}
