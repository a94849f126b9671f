/** @file Fields of a study without which an objective cannot work, and what to do when the data lack one. */

import { VesaliusError } from '../core/errors.ts'
import type { Study } from '../data/study.ts'

interface Field {
  /** As in "needs a report for every study". */
  what: string
  has(study: Study): boolean
  /** Whether every study must have it; otherwise some must. */
  every: boolean
  /** A command that makes data with it. */
  provides: string
}

const phantoms = 'vesalius phantoms chest-xray --out DIR'
const build = 'vesalius data build SET SOURCE --out DIR'

const fields = {
  image: { what: 'an image', has: ({ images }) => images.length > 0, every: true, provides: build },
  text: { what: 'a report or a caption', has: (study) => wordsOf(study).length > 0, every: true, provides: build },
  sentences: {
    what: 'a report, a caption or labels',
    has: (study) => wordsOf(study).length > 0 || Object.values(study.labels).some((label) => label !== -1),
    every: true,
    provides: phantoms,
  },
  report: { what: 'a report', has: hasReport, every: true, provides: phantoms },
  views: {
    what: 'several images',
    has: ({ images }) => images.length > 1,
    every: false,
    provides: `${phantoms} --dial views=PA+lateral`,
  },
  labels: { what: 'labels', has: ({ labels }) => Object.keys(labels).length > 0, every: false, provides: phantoms },
  truth: { what: 'true labels', has: ({ truth }) => truth !== undefined, every: false, provides: phantoms },
  prior: { what: 'an earlier study', has: ({ priors }) => priors.length > 0, every: false, provides: phantoms },
  boxes: { what: 'boxes', has: ({ boxes }) => boxes.length > 0, every: false, provides: phantoms },
  masks: { what: 'masks', has: ({ masks }) => masks.length > 0, every: false, provides: `${phantoms} --masks` },
  attributes: {
    what: 'attributes',
    has: ({ attributes }) => Object.keys(attributes).length > 0,
    every: false,
    provides: phantoms,
  },
} satisfies Readonly<Record<string, Field>>

/** A field of a study without which an objective cannot work. */
export type Need = keyof typeof fields

function hasReport({ report }: Study): boolean {
  return [report?.findings, report?.impression].some((part) => part !== undefined && part !== '')
}

/** All texts of a study that is trained on. */
export function wordsOf({ report, captions }: Study): string[] {
  return [report?.findings ?? '', report?.impression ?? '', ...captions].filter((text) => text !== '')
}

/** Throws DATA_LACKS_FIELD if the studies of `folder` lack what `name` cannot work without, and says who provides it. */
export function checkNeeds(needs: readonly Need[], name: string, studies: readonly Study[], folder: string): void {
  for (const need of needs) {
    const { what, has, every, provides }: Field = fields[need]
    const lacking = studies.find((study) => !has(study))
    if (lacking === undefined || (!every && studies.some(has))) continue
    const problem = every
      ? `${name} needs ${what} for every study, and ${lacking.id} has none.`
      : `${name} needs ${what}, and no training study has any.`
    throw new VesaliusError('DATA_LACKS_FIELD', problem, {
      where: every ? `study ${lacking.id} in ${folder}` : folder,
      hint: `${every ? 'Leave such studies out, choose' : 'Choose'} an objective that can do without (vesalius methods), or use data with the field "${need}", for example of: ${provides}`,
    })
  }
}
