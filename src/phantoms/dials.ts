/** @file The dials that most domains share, and what each does as a number. */

import { z } from 'zod'
import type { Study } from '../data/study.ts'
import type { DialEffect, MadeStudy } from './domain.ts'
import { meanDifference, meanOf, meanSpread, samplesOf, shareOf } from './effects.ts'

export const share = z.number().min(0).max(1)

/** Dials of the picture. */
export const pictureDials = {
  contrast: z.number().min(0).max(4).default(1).describe('scales the drawn strength of every finding'),
  noise: z.number().min(0).max(10).default(1).describe('scales the standard deviation of camera noise'),
  nuisance: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe('scales pose, light, colour and dirt; 0 takes every picture under the same conditions'),
}

/** Dials of what is there and of what is said. */
export const findingDials = {
  normals: share.default(0.35).describe('share of patients without any finding'),
  prevalence: z.number().min(0).max(5).default(1).describe('scales the odds of every finding in abnormal studies'),
  falseNegativeRate: share
    .default(0.5)
    .describe('share of normal reports that are boilerplate: equal word for word to other reports'),
  negationRate: share.default(0.2).describe('how often an absent finding is denied in words instead of left out'),
  uncertaintyRate: share
    .default(0.06)
    .describe('share of studies with one finding in doubt: label -1, drawn faintly or not at all'),
  labelNoise: share
    .default(0.01)
    .describe('chance that a present finding is left out of the words, and that a study is given one it has not'),
}

/** The shortcut dials for a cue that the domain draws. */
export function shortcutDials<const Names extends readonly [string, ...string[]]>(
  names: Names,
  finding: Names[number],
  cue: string,
) {
  return {
    shortcut: share
      .default(0)
      .describe(`in train only: how surely ${cue} goes with the shortcut finding; 0: no relation`),
    shortcutFinding: z
      .enum(names as unknown as [string, ...string[]])
      .default(finding)
      .describe('the finding that the shortcut gives away'),
  }
}

const present = (study: Study): number => Object.values(study.truth?.labels ?? {}).filter((label) => label === 1).length
const words = (study: Study): string =>
  [study.report?.findings, study.report?.impression, ...study.captions].filter(Boolean).join(' ')

/** Effects of the dials of the picture. `with` are dials under which findings are common. */
export function pictureEffects(withDials: DialEffect['dials'] = {}): Record<keyof typeof pictureDials, DialEffect> {
  return {
    contrast: {
      values: [0, 1, 3],
      what: 'mean difference to the picture without contrast of findings',
      measure: meanDifference,
      dials: { ...withDials, noise: 0 },
    },
    noise: { values: [0, 1, 4], what: 'mean difference of neighbouring pixels', measure: meanColourGrain },
    nuisance: { values: [0, 1, 2], what: 'spread of a pixel between studies', measure: meanSpread, dials: withDials },
  }
}

/** Effects of the dials of findings and words, for domains with the given findings as truth labels. */
export function findingEffects(findings: readonly string[]): Record<keyof typeof findingDials, DialEffect> {
  const abnormal = (study: Study): boolean => findings.some((name) => study.truth?.labels[name] === 1)
  return {
    normals: {
      values: [0, 0.5, 1],
      what: 'share of studies without finding',
      measure: shareOf((study) => !abnormal(study)),
      dials: { uncertaintyRate: 0 },
    },
    prevalence: {
      values: [0.3, 1, 4],
      what: 'true labels a study',
      measure: meanOf(present),
      dials: { normals: 0 },
    },
    falseNegativeRate: {
      values: [0, 0.5, 1],
      what: 'share of normal studies whose words are those of another study',
      measure: repeated,
      dials: { normals: 1, uncertaintyRate: 0, labelNoise: 0, negationRate: 0.6 },
    },
    negationRate: {
      values: [0, 0.3, 0.8],
      what: 'denied findings a study',
      measure: meanOf((study) => Object.values(study.labels).filter((label) => label === 0).length),
      dials: { falseNegativeRate: 0 },
    },
    uncertaintyRate: {
      values: [0, 0.4, 1],
      what: 'share of studies with a finding in doubt',
      measure: shareOf((study) => Object.values(study.labels).includes(-1)),
    },
    labelNoise: {
      values: [0, 0.2, 0.6],
      what: 'labels of findings that differ from the truth, or true ones unsaid, a study',
      measure: meanOf(
        (study) => findings.filter((name) => (study.labels[name] ?? 0) !== (study.truth?.labels[name] ?? 0)).length,
      ),
      dials: { uncertaintyRate: 0 },
    },
  }
}

function repeated(made: readonly MadeStudy[]): number {
  const texts = made.map(({ study }) => words(study))
  return texts.filter((text, i) => texts.indexOf(text) !== i || texts.lastIndexOf(text) !== i).length / texts.length
}

/** Effect of the shortcut dial; the domain writes whether its cue is there into `attributes.cue`. */
export function shortcutEffect(finding: string): DialEffect {
  return {
    values: [0, 0.5, 1],
    what: 'share of training studies in which the cue agrees with the finding',
    measure: shareOf(
      (study) => study.split !== 'train' || study.attributes.cue === (study.truth?.labels[finding] === 1),
    ),
    dials: { shortcutFinding: finding, prevalence: 2 },
    studies: 120,
  }
}

/** Mean absolute difference of neighbouring samples of the same colour. */
async function meanColourGrain(made: readonly MadeStudy[]): Promise<number> {
  let sum = 0
  for (const study of made) {
    const a = await samplesOf(study)
    sum += a.reduce((total, v, k) => total + Math.abs(v - (a[k + 3] ?? v)), 0) / a.length
  }
  return sum / made.length
}

/** Mean of one colour over another in the first pictures (0 red, 1 green, 2 blue). */
export function meanRatio(over: 0 | 1 | 2, under: 0 | 1 | 2): (made: readonly MadeStudy[]) => Promise<number> {
  return async (made) => {
    let sum = 0
    for (const study of made) {
      const a = await samplesOf(study)
      const total = [0, 0, 0]
      a.forEach((v, i) => {
        total[i % 3] = (total[i % 3] as number) + v
      })
      sum += (total[over] as number) / (total[under] as number)
    }
    return sum / made.length
  }
}
