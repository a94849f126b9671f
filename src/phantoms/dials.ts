/** @file The dials that domains share. What each does, as a number, is in dial-effects.ts. */

import { z } from 'zod'

export const share = z.number().min(0).max(1)

/** Dials of the picture. */
export const pictureDials = {
  contrast: z
    .number()
    .min(0)
    .max(4)
    .default(1)
    .describe('scales the drawn strength of every finding; 0 leaves only size and shape changes'),
  noise: z.number().min(0).max(10).default(1).describe('scales the standard deviation of image noise'),
  nuisance: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe(
      'scales variation of pose, exposure, colour and anatomy; 0 takes every picture under the same conditions',
    ),
}

/** Dials of what is there and of what is said. */
export const findingDials = {
  normals: share.default(0.35).describe('share of patients without any finding'),
  prevalence: z.number().min(0).max(5).default(1).describe('scales the odds of every finding in abnormal studies'),
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
}

/** The dial of findings that depend on each other. */
export const dependenceDial = {
  cooccurrence: z
    .number()
    .min(0)
    .max(3)
    .default(1)
    .describe('scales the log-odds by which findings bring or exclude each other; 0 makes them independent'),
}

/** The shortcut dials for a cue that the domain draws and names in `attributes.cue`. */
export function shortcutDials<const Names extends readonly [string, ...string[]]>(
  names: Names,
  finding: Names[number],
  cue: string,
) {
  return {
    shortcut: share
      .default(0)
      .describe(`in train only: how surely ${cue} goes with the shortcut finding; 0 means no relation`),
    shortcutFinding: z
      .enum(names as unknown as [string, ...string[]])
      .default(finding)
      .describe('the finding that the shortcut gives away'),
  }
}

/** All shared dials; the cue gives one of the findings away. */
export function commonDials<const Names extends readonly [string, ...string[]]>(
  names: Names,
  cue = 'a boxed corner tag',
) {
  return {
    ...pictureDials,
    ...findingDials,
    ...dependenceDial,
    ...shortcutDials(names, names[0] as Names[number], cue),
  }
}

/** The dials of language. */
export interface SpeechDials {
  falseNegativeRate: number
  negationRate: number
  uncertaintyRate: number
  labelNoise: number
}

/** Values of the shared dials. */
export interface CommonDials extends SpeechDials {
  contrast: number
  noise: number
  nuisance: number
  normals: number
  prevalence: number
  /** Only where findings depend on each other. */
  cooccurrence?: number
  /** Only where a cue can be drawn. */
  shortcut?: number
  shortcutFinding?: string
}
