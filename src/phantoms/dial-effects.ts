/** @file What each of the shared dials does, as a number that grows: the cards print it, tests measure it. */

import type { Study } from '../data/study.ts'
import type { dependenceDial, findingDials, pictureDials } from './dials.ts'
import type { DialEffect, MadeStudy } from './domain.ts'
import { meanDifference, meanGrain, meanOf, meanSpread, shareOf } from './effects.ts'

/** Dials under which a measurement is made. */
type With = Readonly<Record<string, unknown>>

/** Effects of the dials of the picture. `given` are further dials, under which the first file is a picture with findings. */
export function pictureEffects(given: With = {}): Record<keyof typeof pictureDials, DialEffect> {
  return {
    contrast: {
      values: [0, 1, 2],
      what: 'mean difference to the picture without contrast of findings',
      measure: meanDifference,
      dials: { noise: 0, ...given },
      studies: 30,
    },
    noise: {
      values: [0, 1, 4],
      what: 'mean difference of neighbouring pixels',
      measure: meanGrain,
      dials: given,
      studies: 20,
    },
    nuisance: {
      values: [0, 1, 2],
      what: 'spread of a pixel between studies',
      measure: meanSpread,
      dials: { noise: 0, ...given },
      studies: 40,
    },
  }
}

/** Effects of the dials of findings and words, for domains with the given findings as truth labels. */
export function findingEffects(findings: readonly string[]): Record<keyof typeof findingDials, DialEffect> {
  const present = (study: Study): number => findings.filter((name) => study.truth?.labels[name] === 1).length
  const effects: Record<keyof typeof findingDials, DialEffect> = {
    normals: {
      values: [0, 0.5, 1],
      what: 'share of studies without finding',
      measure: shareOf((study) => present(study) === 0),
      dials: { uncertaintyRate: 0 },
    },
    prevalence: { values: [0.3, 1, 4], what: 'findings a study', measure: meanOf(present), dials: { normals: 0 } },
    falseNegativeRate: {
      values: [0, 0.5, 1],
      what: 'share of normal studies whose words are those of another study',
      measure: repeated,
      dials: { normals: 1, uncertaintyRate: 0, labelNoise: 0, negationRate: 0.6 },
      studies: 100,
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
      what: 'findings a study that are there and unsaid, or said and not there',
      measure: meanOf(
        (study) => findings.filter((name) => (study.labels[name] ?? 0) !== (study.truth?.labels[name] ?? 0)).length,
      ),
      dials: { uncertaintyRate: 0 },
    },
  }
  return recordsOnly(effects)
}

/** Effects that no picture is needed for. */
function recordsOnly<Dial extends string>(effects: Record<Dial, DialEffect>): Record<Dial, DialEffect> {
  return Object.fromEntries(
    Object.entries<DialEffect>(effects).map(([dial, effect]) => [dial, { ...effect, records: true }]),
  ) as Record<Dial, DialEffect>
}

/** Share of studies whose words stand word for word in another study too. */
function repeated(made: readonly MadeStudy[]): number {
  const counts = new Map<string, number>()
  const words = ({ study: { report, captions } }: MadeStudy): string =>
    [report?.findings, report?.impression, ...captions].filter(Boolean).join(' ')
  for (const study of made) counts.set(words(study), (counts.get(words(study)) ?? 0) + 1)
  return made.filter((study) => (counts.get(words(study)) as number) > 1).length / made.length
}

/** How often two findings come together. */
export function togetherEffect(cause: string, effect: string): Record<keyof typeof dependenceDial, DialEffect> {
  return {
    cooccurrence: {
      values: [0, 1, 3],
      what: `share of studies with both ${cause} and ${effect}`,
      measure: shareOf(({ truth }) => truth?.labels[cause] === 1 && truth.labels[effect] === 1),
      dials: { normals: 0, uncertaintyRate: 0 },
      studies: 800,
      records: true,
    },
  }
}

/** Effects of the shortcut dials; the domain writes whether its cue is there into `attributes.cue`. */
export function shortcutEffects(finding: string, other: string): Record<'shortcut' | 'shortcutFinding', DialEffect> {
  const agree = shareOf(
    ({ split, attributes, truth }) => split !== 'train' || attributes.cue === (truth?.labels[finding] === 1),
  )
  return recordsOnly({
    shortcut: {
      values: [0, 0.5, 1],
      what: 'share of training studies in which the cue agrees with the finding',
      measure: agree,
      dials: { shortcutFinding: finding, prevalence: 2, uncertaintyRate: 0 },
      studies: 120,
    },
    shortcutFinding: {
      values: [other, finding],
      what: `share of training studies in which the cue agrees with ${finding}`,
      measure: agree,
      dials: { shortcut: 1, prevalence: 2, uncertaintyRate: 0 },
      studies: 120,
    },
  })
}

/** What a domain says to have the effects of its shared dials. */
interface Effective {
  specs: readonly { name: string }[]
  dependence: readonly (readonly [string, string, number])[]
  /** The finding that the shortcut effect is measured with. */
  cue: string
  /** Dials under which the first file is a PNG. */
  flat?: With
}

/** Effects of all shared dials of a planned domain. */
export function commonEffects({ specs, dependence, cue, flat = {} }: Effective): Record<string, DialEffect> {
  const names = specs.map(({ name }) => name)
  const pair = dependence.find(([, , boost]) => boost > 0)
  const effects: Record<string, DialEffect> = {
    ...pictureEffects({ normals: 0, ...flat }),
    ...findingEffects(names),
    ...(pair ? togetherEffect(pair[0], pair[1]) : {}),
    ...shortcutEffects(cue, names.find((name) => name !== cue) as string),
  }
  // Volumes say the same of records, and take minutes to draw.
  return Object.fromEntries(
    Object.entries(effects).map(([dial, effect]) => [dial, { ...effect, dials: { ...flat, ...effect.dials } }]),
  )
}

/** Effect of a dial that asks for volumes instead of slices. */
export function formEffect(flat: string, solid: string): DialEffect {
  return {
    values: [flat, solid],
    what: 'share of studies whose images are volumes',
    measure: shareOf((study) => study.images.every(({ path }) => /\.nii(\.gz)?$/.test(path))),
    studies: 1,
  }
}
