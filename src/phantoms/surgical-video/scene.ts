/** @file The scene of a surgical clip: the field, two tools, what they do, and how their tips move with time. */

import { z } from 'zod'
import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import { dependenceDial, findingDials, pictureDials, share, shortcutDials } from '../dials.ts'
import { type Drawn, mentionsOf, type Said } from '../mentions.ts'
import { cueOf, drawPresence, type Person, personOf } from '../person.ts'

/** What is done. Names are label keys. The first three are done with the same tools: only motion tells them apart. */
export const actionNames = ['Dissecting', 'Knot Tying', 'Needle Driving', 'Clipping', 'Cutting', 'Irrigating'] as const
export type ActionName = (typeof actionNames)[number]
/** Tools. Names are label keys. */
export const toolNames = ['Grasper', 'Needle Driver', 'Clip Applier', 'Scissors', 'Suction'] as const
export type ToolName = (typeof toolNames)[number]
/** What else can be seen. Names are label keys. */
export const eventNames = ['Bleeding', 'Smoke'] as const
export type EventName = (typeof eventNames)[number]
export const targetNames = ['bowel', 'vessel', 'fat', 'liver'] as const
export type Target = (typeof targetNames)[number]

/** The tool of the right hand in each action; the left hand holds a grasper. */
export const toolOf: Readonly<Record<ActionName, ToolName>> = {
  Dissecting: 'Needle Driver',
  'Knot Tying': 'Needle Driver',
  'Needle Driving': 'Needle Driver',
  Clipping: 'Clip Applier',
  Cutting: 'Scissors',
  Irrigating: 'Suction',
}

export const surgicalDials = z.strictObject({
  ...pictureDials,
  contrast: pictureDials.contrast.describe('scales the drawn strength of blood and smoke'),
  ...findingDials,
  ...dependenceDial,
  ...shortcutDials(eventNames, 'Bleeding', 'a recording lamp in the corner'),
  normals: share.default(0.3).describe('share of clips without bleeding and smoke'),
  prevalence: findingDials.prevalence.describe('scales the odds of bleeding and smoke'),
  falseNegativeRate: share
    .default(0)
    .describe('share of clips without bleeding and smoke whose caption is a fixed text that names no action'),
  labelNoise: findingDials.labelNoise.describe(
    'chance that the words name another action, leave out bleeding or smoke, or name one that is not there',
  ),
  frames: z.number().int().min(2).max(64).default(16).describe('frames of a clip, two a second'),
  appearance: z
    .enum(['mixed', 'clinical', 'virtual'])
    .default('mixed')
    .describe('domain shift: living tissue through an endoscope, or the flat colours of a simulator'),
  motion: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe('scales the motion of the tips; at 0 the first three actions are the same'),
  actions: z
    .enum(['all', 'same tools'])
    .default('all')
    .describe('all six actions, or only those done with the same tools'),
  phases: z.number().int().min(1).max(3).default(1).describe('most actions in a clip, one after the other'),
  heldOutPair: z
    .boolean()
    .default(false)
    .describe('training clips never cut a vessel, test clips only do so when they cut'),
})
export type SurgicalDials = z.output<typeof surgicalDials>

/** A part of the clip with one action. */
export interface Phase {
  action: ActionName
  /** Action that the words give; another one with label noise. */
  said: ActionName
  /** First frame, and the frame after the last. */
  from: number
  to: number
  motion: { x: number; y: number; size: number; speed: number; phase: number; angle: number }
}

/** Bleeding or smoke. */
export interface SurgicalEvent extends Drawn<EventName> {
  /** First frame that shows it. */
  from: number
  /** Density of smoke, 0 to 1. */
  amount: number
}

export interface SurgicalScene extends Person, Said<EventName, SurgicalEvent> {
  version: 1
  appearance: 'clinical' | 'virtual'
  target: Target
  phases: Phase[]
  frames: number
  /** Where the trocars are: the shafts come from there. */
  entry: { left: [number, number]; right: [number, number] }
  field: { seed: number; colour: [number, number, number] }
  camera: {
    exposure: number
    balance: [number, number, number]
    gamma: number
    blur: number
    noise: number
    drift: [number, number]
    roll: number
    round: boolean
    /** A recording lamp in the corner: the cue of the shortcut dial. */
    lamp: boolean
  }
}

/** The scene of study `index` of the set `seed`: a pure function of its arguments. */
export function sampleSurgery(seed: number, index: number, dials: SurgicalDials, split?: Split): SurgicalScene {
  const person = personOf(seed, index, { split, meanAge: 55, sd: 15 })
  const stream = random(seed, 'surgery', index)
  const n = dials.nuisance
  const appearance = dials.appearance === 'mixed' ? stream.pick(['clinical', 'virtual'] as const) : dials.appearance
  const pool = dials.actions === 'all' ? actionNames : actionNames.slice(0, 3)
  const count = 1 + stream.int(dials.phases)
  let target = stream.pick(targetNames)
  const phases = Array.from({ length: count }, (_, k): Phase => {
    const action = stream.pick(pool)
    const wrong = stream.chance(dials.labelNoise)
    return {
      action,
      said: wrong ? stream.pick(pool.filter((other) => other !== action)) : action,
      from: Math.round((k * dials.frames) / count),
      to: Math.round(((k + 1) * dials.frames) / count),
      motion: {
        x: stream.normal(0, 0.16) * n,
        y: -0.05 + stream.normal(0, 0.14) * n,
        size: stream.uniform(0.85, 1.15) * dials.motion,
        speed: stream.uniform(0.85, 1.15),
        phase: stream.uniform(0, 2 * Math.PI),
        angle: stream.uniform(0, 2 * Math.PI),
      },
    }
  })
  if (dials.heldOutPair && phases.some(({ action }) => action === 'Cutting')) {
    target = person.split === 'train' ? stream.pick(['bowel', 'fat', 'liver'] as const) : 'vessel'
  }
  const lots = random(seed, 'events', index)
  const draw = (name: EventName): SurgicalEvent => ({
    name,
    strength: lots.uniform(0.92, 1.08),
    from: name === 'Smoke' ? 0 : lots.int(Math.max(1, Math.floor(dials.frames / 3))),
    amount: lots.uniform(0.32, 0.5),
  })
  const cuts = phases.some(({ action }) => action === 'Cutting')
  const odds = { Bleeding: -0.7 + (cuts ? dials.cooccurrence : 0), Smoke: -0.7 }
  const present = lots.chance(dials.normals)
    ? new Set<EventName>()
    : drawPresence(eventNames, odds, dials, () => lots, [['Bleeding', 'Smoke', 0.8]])
  const findings = eventNames.filter((name) => present.has(name)).map(draw)
  const colours: Readonly<Record<Target, [number, number, number]>> = {
    bowel: [0.82, 0.5, 0.42],
    vessel: [0.74, 0.36, 0.3],
    fat: [0.86, 0.68, 0.36],
    liver: [0.5, 0.2, 0.15],
  }
  return {
    ...person,
    version: 1,
    appearance,
    target,
    phases,
    frames: dials.frames,
    ...mentionsOf<EventName, SurgicalEvent>({
      names: eventNames,
      findings,
      dials,
      stream: random(seed, 'words', index),
      doubtful: eventNames,
      draw,
    }),
    entry: {
      left: [-1.15, stream.uniform(0.3, 0.9)],
      right: [1.15, stream.uniform(0.3, 0.9)],
    },
    field: {
      seed: stream.int(2 ** 31),
      colour: colours[target].map((c) => c * Math.exp(stream.normal(0, 0.06) * n)) as [number, number, number],
    },
    camera: {
      ...sampleCamera(appearance, n, random(seed, 'camera', index)),
      lamp: cueOf(person, findings, dials, random(seed, 'lamp', index)),
    },
  }
}

function sampleCamera(
  appearance: 'clinical' | 'virtual',
  n: number,
  stream: Random,
): Omit<SurgicalScene['camera'], 'lamp'> {
  const clinical = appearance === 'clinical'
  return {
    exposure: Math.exp(stream.normal(0.05, 0.12 * n)),
    balance: [0, 0, 0].map(() => Math.exp(stream.normal(0, 0.05) * n)) as [number, number, number],
    gamma: Math.exp(stream.normal(-0.05, 0.08 * n)),
    blur: clinical ? stream.uniform(0.006, 0.015) : 0.004,
    noise: clinical ? 0.025 * stream.uniform(0.6, 1.4) : 0.006,
    drift: [stream.normal(0, 0.05) * n, stream.normal(0, 0.05) * n],
    roll: stream.normal(0, 0.12) * n,
    round: clinical && stream.chance(0.5),
  }
}

/** Where the tips are in a frame, how the tools stand and how far the right jaws are open (0 to 1). */
export interface Posture {
  left: [number, number]
  right: [number, number]
  open: number
}

/** Bleeding or smoke of a scene, where a frame shows it. */
export function eventAt({ findings }: SurgicalScene, name: EventName, frame: number): SurgicalEvent | undefined {
  return findings.find((event) => event.name === name && frame >= event.from)
}

/** The phase of a frame. */
export function phaseAt({ phases }: SurgicalScene, frame: number): Phase {
  return phases.find(({ from, to }) => frame >= from && frame < to) ?? (phases.at(-1) as Phase)
}

/** Postures of the tools in a frame; the same laws of motion in every appearance. */
export function postureAt(scene: SurgicalScene, frame: number): Posture {
  const { action, motion } = phaseAt(scene, frame)
  const t = frame / 2
  const { x, y, size, phase, angle, speed } = motion
  const wave = (hertz: number): number => 2 * Math.PI * hertz * speed * t + phase
  // Where the tips rest: half a tip apart on either side of the place of work, whatever is done.
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const apart = 0.17
  switch (action) {
    case 'Dissecting': {
      // Short quick strokes along one direction; the other hand holds.
      const saw = (wave(0.42) / (2 * Math.PI)) % 1
      const stroke = (saw < 0.7 ? saw / 0.7 : (1 - saw) / 0.3) - 0.5
      return {
        left: [x - apart + 0.015 * Math.cos(wave(0.1)), y + 0.015 * Math.sin(wave(0.1))],
        right: [x + apart + 0.5 * size * stroke * cos, y + 0.5 * size * stroke * sin],
        open: 0.5,
      }
    }
    case 'Knot Tying': {
      // The tips run round each other.
      const a = wave(0.3)
      const r = apart * (0.4 + 0.6 * size)
      return {
        left: [x - r * Math.cos(a), y - r * Math.sin(a)],
        right: [x + r * Math.cos(a), y + r * Math.sin(a)],
        open: 0.25,
      }
    }
    case 'Needle Driving': {
      // The wrist turns: the tip swings to and fro on a wide arc; the other hand follows slowly.
      const a = angle + 1.5 * size * Math.sin(wave(0.13))
      const r = 0.28
      return {
        left: [x - apart, y + 0.03 * Math.sin(wave(0.13))],
        right: [
          x + apart + r * (Math.cos(a) - cos) * Math.min(1, size),
          y + r * (Math.sin(a) - sin) * Math.min(1, size),
        ],
        open: 0.3,
      }
    }
    case 'Clipping': {
      const near = 0.5 + 0.5 * Math.sin(wave(0.2))
      return {
        left: [x - apart, y],
        right: [x + apart * (2 - 1.7 * near) * (0.5 + 0.5 * size), y - 0.1 * near],
        open: 1 - near,
      }
    }
    case 'Cutting':
      return {
        left: [x - apart, y - 0.02],
        right: [x + apart * 0.6 + 0.06 * size * Math.sin(wave(0.1)), y + 0.05 * size * Math.cos(wave(0.1))],
        open: 0.5 + 0.5 * Math.sin(wave(0.6)),
      }
    case 'Irrigating':
      return {
        left: [x - apart * 1.3, y],
        right: [x + apart + 0.3 * size * Math.sin(wave(0.12)), y + 0.14 * size * Math.sin(wave(0.21))],
        open: 0,
      }
  }
}

/** Tools seen in a phase. */
export function toolsOf(action: ActionName): ToolName[] {
  return ['Grasper', toolOf[action]]
}
