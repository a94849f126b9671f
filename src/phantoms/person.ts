/** @file The patient and place of a study, drawn the same way in every domain. */

import { type Random, random } from '../core/random.ts'
import { type Split, type Study, type StudyInput, wholeStudy } from '../data/study.ts'
import { studyId } from './chest/study.ts'
import { splitOf, visitOf } from './patients.ts'

export { kebab, studyId } from './chest/study.ts'

/** What every scene holds about the study it belongs to. */
export interface Person {
  seed: number
  index: number
  patient: string
  /** Key of the patient's own streams. */
  key: number
  /** 0 for the first study of the patient. */
  visit: number
  split: Split
  age: number
  sex: 'F' | 'M'
}

/** Who is examined in a domain. */
export interface People {
  /** Years, mean and standard deviation. Default 56 and 16. */
  meanAge?: number
  sd?: number
  /** Youngest and oldest. Default 18 and 94. */
  least?: number
  most?: number
  /** Probability of a woman. Default 0.5. */
  women?: number
}

/** The patient of study `index`: the same age and sex in every study, two visits a year. */
export function personOf(
  seed: number,
  index: number,
  { split, meanAge = 56, sd = 16, least = 18, most = 94, women = 0.5 }: People & { split?: Split | undefined } = {},
): Person {
  const { patient, key, visit } = visitOf(seed, index)
  const stream = random(seed, 'person', key)
  const sex = stream.chance(women) ? 'F' : 'M'
  const years = Math.round(Math.min(most, Math.max(least, stream.normal(meanAge, sd))))
  const age = Math.min(most, years + Math.floor(visit / 2))
  return { seed, index, patient, key, visit, split: split ?? splitOf(seed, index), age, sex }
}

/** The record of a study: the person's fields, and what the domain says. */
export function recordOf(person: Person, rest: Omit<StudyInput, 'id' | 'patient' | 'split' | 'priors'>): Study {
  const { index, visit, age, sex } = person
  return wholeStudy({
    ...rest,
    id: studyId(index),
    patient: person.patient,
    split: person.split,
    priors: Array.from({ length: visit }, (_, k) => studyId(index - visit + k)),
    attributes: { age, sex, ...rest.attributes },
  })
}

/** Truth of every label: 1 when one of the drawn names is it. */
export function presence<Name extends string>(names: readonly Name[], drawn: readonly Name[]): Record<string, 0 | 1> {
  const labels: Record<string, 0 | 1> = {}
  for (const name of names) labels[name] = drawn.includes(name) ? 1 : 0
  return labels
}

/**
 * Which of the names are there: each with its log-odds, raised by the prevalence dial. `dependence` raises the log-odds
 * of its second when its first, which comes earlier in `names`, is there.
 */
export function drawPresence<Name extends string>(
  names: readonly Name[],
  logOdds: Readonly<Record<Name, number>>,
  dials: { prevalence: number; cooccurrence?: number },
  lotOf: (name: Name) => Random,
  dependence: readonly (readonly [Name, Name, number])[] = [],
): Set<Name> {
  const present = new Set<Name>()
  for (const name of names) {
    let odds = logOdds[name] + Math.log(Math.max(1e-9, dials.prevalence))
    for (const [cause, effect, boost] of dependence) {
      if (effect === name && present.has(cause)) odds += boost * (dials.cooccurrence ?? 1)
    }
    if (lotOf(name).uniform() < 1 / (1 + Math.exp(-odds))) present.add(name)
  }
  return present
}

/** Whether the cue of the shortcut dials is in the picture: by lot; in train, as surely as the dial says, where its finding is. */
export function cueOf(
  { split }: Pick<Person, 'split'>,
  drawn: readonly { name: string }[],
  dials: { shortcut?: number; shortcutFinding?: string },
  stream: Random,
  usual = 0.5,
): boolean {
  const lot = stream.chance(usual)
  const told = split === 'train' && stream.chance(dials.shortcut ?? 0)
  return told ? drawn.some(({ name }) => name === dials.shortcutFinding) : lot
}
