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

/** The patient of study `index`; ages are normal around `meanAge`, 18 to 94 years. */
export function personOf(
  seed: number,
  index: number,
  { split, meanAge = 56, sd = 16 }: { split?: Split; meanAge?: number; sd?: number } = {},
): Person {
  const visit = visitOf(seed, index)
  const stream = random(seed, 'person', visit.key)
  const sex = stream.chance(0.5) ? 'F' : 'M'
  const age = Math.round(Math.min(94, Math.max(18, stream.normal(meanAge, sd)))) + Math.floor(visit.visit / 2)
  const { patient, key } = visit
  return { seed, index, patient, key, visit: visit.visit, split: split ?? splitOf(seed, index), age, sex }
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
  dials: { prevalence: number },
  stream: Random,
  dependence: readonly (readonly [Name, Name, number])[] = [],
): Set<Name> {
  const present = new Set<Name>()
  for (const name of names) {
    let odds = logOdds[name] + Math.log(Math.max(1e-9, dials.prevalence))
    for (const [cause, effect, boost] of dependence) if (effect === name && present.has(cause)) odds += boost
    if (stream.uniform() < 1 / (1 + Math.exp(-odds))) present.add(name)
  }
  return present
}
