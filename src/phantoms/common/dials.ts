/** @file The dials that domains with findings share, and what each does. */

import { z } from 'zod'
import type { Study } from '../../data/study.ts'
import type { DialEffect, MadeStudy } from '../domain.ts'
import { meanDifference, meanGrain, meanOf, meanSpread, shareOf } from '../effects.ts'

const share = z.number().min(0).max(1)

/** Schemas of the shared dials; `names` are the findings, of which one can be given away by the shortcut. */
export function commonDials<Name extends string>(names: readonly [Name, ...Name[]]) {
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
    shortcut: share
      .default(0)
      .describe('in train only: how surely a boxed corner tag goes with the shortcut finding; 0 means no relation'),
    shortcutFinding: z.enum(names).default(names[0]).describe('the finding that the shortcut gives away'),
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

/** Values of the shared dials. */
export interface CommonDials {
  contrast: number
  normals: number
  falseNegativeRate: number
  negationRate: number
  uncertaintyRate: number
  labelNoise: number
  shortcut: number
  shortcutFinding: string
  prevalence: number
  cooccurrence: number
  noise: number
  nuisance: number
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

/**
 * What the shared dials do to records. `shortcut` has no entry: it needs the tag of a scene, which a study does not tell;
 * `cooccurrence` none, as each domain has its own pairs.
 */
export const recordEffects: Readonly<Record<string, DialEffect>> = {
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

/** What the shared dials do, to PNG pictures too. */
export const commonEffects: Readonly<Record<string, DialEffect>> = {
  ...recordEffects,
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
