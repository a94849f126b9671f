/** @file The dials that domains with findings share, and what each does. */

import { z } from 'zod'
import type { Study } from '../../data/study.ts'
import { shortcutEffect } from '../dials.ts'
import type { DialEffect, MadeStudy } from '../domain.ts'
import { meanDifference, meanGrain, meanOf, meanSpread, shareOf } from '../effects.ts'

const share = z.number().min(0).max(1)

/** Schemas of the dials of what is there, how it is drawn and what is said. */
export function planDials() {
  return {
    contrast: z
      .number()
      .min(0)
      .max(4)
      .default(1)
      .describe('scales the drawn strength of every finding; 0 leaves only size and shape changes'),
    normals: share.default(0.35).describe('share of patients without any finding'),
    falseNegativeRate: share
      .default(0.5)
      .describe('share of normal reports that are boilerplate: equal word for word to other reports'),
    negationRate: share.default(0.25).describe('how often an absent finding is denied in words instead of left out'),
    uncertaintyRate: share
      .default(0.06)
      .describe('share of studies with one finding in doubt: label -1, drawn faint or not at all'),
    labelNoise: share
      .default(0.01)
      .describe('chance that a present finding is left out of the report, and that a study is given one it has not'),
    prevalence: z.number().min(0).max(5).default(1).describe('scales the odds of every finding in abnormal studies'),
    cooccurrence: z
      .number()
      .min(0)
      .max(3)
      .default(1)
      .describe('scales the log-odds by which findings bring or exclude each other; 0 makes them independent'),
    noise: z.number().min(0).max(10).default(1).describe('scales the standard deviation of image noise'),
    nuisance: z
      .number()
      .min(0)
      .max(2)
      .default(1)
      .describe('scales variation of pose, exposure and anatomy; 0 puts every patient in the same place'),
  }
}

/** The dials of a plan and the shortcut: one of the findings can be given away by the corner tag. */
export function commonDials<Name extends string>(names: readonly [Name, ...Name[]]) {
  return {
    ...planDials(),
    shortcut: share
      .default(0)
      .describe('in train only: how surely a boxed corner tag goes with the shortcut finding; 0 means no relation'),
    shortcutFinding: z.enum(names).default(names[0]).describe('the finding that the shortcut gives away'),
  }
}

/** Values of the shared dials. */
export interface CommonDials {
  contrast: number
  normals: number
  falseNegativeRate: number
  negationRate: number
  uncertaintyRate: number
  labelNoise: number
  prevalence: number
  /** Only where findings depend on each other. */
  cooccurrence?: number
  noise: number
  nuisance: number
  /** Only where a cue can be drawn. */
  shortcut?: number
  shortcutFinding?: string
}

const present = ({ truth }: Study): string[] =>
  Object.entries(truth?.labels ?? {}).flatMap(([name, value]) => (value === 1 ? [name] : []))

/** How often labels of the report and the picture contradict each other. */
const contradictions = (study: Study): boolean =>
  Object.entries(study.truth?.labels ?? {}).some(
    ([name, value]) => (value === 1 && study.labels[name] === undefined) || (value === 0 && study.labels[name] === 1),
  )

/** Share of studies whose report stands word for word in another study too. */
function repeats(made: readonly MadeStudy[]): number {
  const counts = new Map<string, number>()
  const key = ({ study }: MadeStudy): string => `${study.report?.findings} ${study.report?.impression}`
  for (const study of made) counts.set(key(study), (counts.get(key(study)) ?? 0) + 1)
  return made.filter((study) => (counts.get(key(study)) as number) > 1).length / made.length
}

/** What the shared dials do to records. */
const recordEffects: Readonly<Record<string, DialEffect>> = {
  normals: { values: [0, 0.4, 1], what: 'share without finding', measure: shareOf((s) => present(s).length === 0) },
  falseNegativeRate: {
    values: [0, 0.5, 1],
    what: 'share of reports that repeat another',
    measure: repeats,
    dials: { normals: 1, negationRate: 0.5, uncertaintyRate: 0, labelNoise: 0 },
  },
  negationRate: {
    values: [0, 0.2, 0.8],
    what: 'denied findings a study',
    measure: meanOf((s) => Object.values(s.labels).filter((v) => v === 0).length),
    dials: { falseNegativeRate: 0 },
  },
  uncertaintyRate: {
    values: [0, 0.4, 1],
    what: 'share with a finding in doubt',
    measure: shareOf((s) => Object.values(s.labels).includes(-1)),
  },
  labelNoise: {
    values: [0, 0.2, 0.8],
    what: 'share of reports that contradict the picture',
    measure: shareOf(contradictions),
    dials: { uncertaintyRate: 0 },
  },
  prevalence: {
    values: [0.2, 1, 4],
    what: 'findings a study',
    measure: meanOf((s) => present(s).length),
    dials: { normals: 0 },
  },
}

/** What the shared dials do to PNG pictures. */
const pictureEffects: Readonly<Record<string, DialEffect>> = {
  contrast: {
    values: [0, 1, 2],
    what: 'mean difference to pictures without contrast',
    measure: meanDifference,
    dials: { normals: 0, noise: 0 },
    studies: 20,
  },
  noise: { values: [0, 1, 4], what: 'grain of the picture', measure: meanGrain, studies: 12 },
  nuisance: {
    values: [0, 1, 2],
    what: 'spread between patients',
    measure: meanSpread,
    dials: { normals: 1, noise: 0 },
    studies: 24,
  },
}

/** What a domain says to have the effects of its shared dials. */
interface Effective {
  dependence: readonly (readonly [string, string, number])[]
  /** The first finding of the shortcut, where there is one. */
  cue?: string
  /** Dials under which the first file is a PNG. */
  flat?: Readonly<Record<string, unknown>>
}

/** Effects of the shared dials on records. */
export function planEffects({ dependence }: Pick<Effective, 'dependence'>): Record<string, DialEffect> {
  const pair = dependence.find(([, , boost]) => boost > 0)
  return pair ? { ...recordEffects, cooccurrence: togetherEffect(pair[0], pair[1]) } : { ...recordEffects }
}

/** Effects of the shared dials on records and pictures. */
export function commonEffects({ dependence, cue, flat = {} }: Effective): Record<string, DialEffect> {
  const pictures = Object.entries(pictureEffects).map(
    ([dial, effect]) => [dial, { ...effect, dials: { ...effect.dials, ...flat } }] as const,
  )
  return {
    ...planEffects({ dependence }),
    ...Object.fromEntries(pictures),
    ...(cue === undefined ? {} : { shortcut: shortcutEffect(cue) }),
  }
}

/** How often two findings come together. */
function togetherEffect(cause: string, effect: string): DialEffect {
  return {
    values: [0, 1, 3],
    what: `share of studies with both ${cause} and ${effect}`,
    measure: shareOf(({ truth }) => truth?.labels[cause] === 1 && truth.labels[effect] === 1),
    dials: { normals: 0, uncertaintyRate: 0 },
    studies: 200,
  }
}

/** Effect of a dial that asks for volumes instead of slices. */
export function formEffect(flat: string, solid: string): DialEffect {
  return {
    values: [flat, solid],
    what: 'share of studies whose images are volumes',
    measure: shareOf((study) => study.images.every(({ path }) => path.endsWith('.nii.gz'))),
    studies: 1,
  }
}
