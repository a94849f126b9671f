/** @file Groups of studies by attribute: age, sex, view. */

import type { Study } from '../../data/study.ts'

export interface Group {
  /** "sex F", "age below 60". */
  name: string
  attribute: 'age' | 'sex' | 'view'
  /** In words of a prompt: "in a woman". */
  words: string
  has: (study: Study) => boolean
}

/** Fewest studies of a group. */
const least = 10

/** Groups with enough studies, at least two an attribute. Age is split at 60, where radiology's case mix changes. */
export function groupsOf(studies: readonly Study[]): Group[] {
  const age = ({ attributes }: Study): number => (typeof attributes.age === 'number' ? attributes.age : Number.NaN)
  const views = [...new Set(studies.flatMap(({ images }) => images[0]?.view ?? []))].sort()
  const sexes = [
    ...new Set(studies.flatMap(({ attributes }) => (typeof attributes.sex === 'string' ? [attributes.sex] : []))),
  ]
  const all: Group[] = [
    { name: 'age below 60', attribute: 'age', words: 'in a young patient', has: (study) => age(study) < 60 },
    { name: 'age 60 and above', attribute: 'age', words: 'in an elderly patient', has: (study) => age(study) >= 60 },
    ...sexes.sort().map(
      (sex): Group => ({
        name: `sex ${sex}`,
        attribute: 'sex',
        words: sex.toUpperCase().startsWith('F') ? 'in a woman' : 'in a man',
        has: (study) => study.attributes.sex === sex,
      }),
    ),
    ...views.map(
      (view): Group => ({
        name: `view ${view}`,
        attribute: 'view',
        words: `on a ${view} view`,
        has: (study) => study.images[0]?.view === view,
      }),
    ),
  ]
  const large = all.filter(({ has }) => studies.filter(has).length >= least)
  return large.filter(({ attribute }) => large.filter((group) => group.attribute === attribute).length > 1)
}
