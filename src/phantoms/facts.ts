/** @file What is known of a finding beyond its name, and what follows from it: attributes of the study and its course. */

import type { Study } from '../data/study.ts'

/** Facts of one drawn finding, as words may say them. */
export interface Facts {
  /** The patient's side. */
  side?: 'left' | 'right' | 'bilateral'
  /** As a thing: "frontal lobe", "superotemporal quadrant". */
  place?: string
  /** How far it has gone or how large it is: "mild", "large". */
  degree?: string
  /** Its form or kind: "oval", "popcorn". */
  kind?: string
  mm?: number
  /** How many there are. */
  count?: number
  /** Any measure that grows with it; what its course is told by. */
  extent?: number
}

/** A drawn finding with its facts. */
export interface Known<Name extends string = string> {
  name: Name
  /** Below 0.5: drawn faintly, because it is in doubt. */
  strength: number
  facts: Facts
}

/** The facts as attributes of the study, named "Mass side". */
export function attributesOf(known: readonly Known[]): Study['attributes'] {
  const attributes: Study['attributes'] = {}
  for (const { name, facts } of known) {
    for (const key of ['side', 'place', 'degree', 'kind', 'mm', 'count'] as const) {
      const value = facts[key]
      if (value !== undefined) attributes[`${name} ${key}`] = value
    }
  }
  return attributes
}

/**
 * Course of findings since the study before. What has gone has improved; what is new has no course. A measure must change
 * by a fifth to be called other than stable.
 */
export function changesBetween(before: readonly Known[], now: readonly Known[]): Study['changes'] {
  const changes: Study['changes'] = {}
  for (const old of before) {
    if (old.strength < 0.5) continue
    const same = now.find(({ name }) => name === old.name)
    if (!same) changes[old.name] = 'improving'
    else if (same.strength >= 0.5) changes[old.name] = courseOf(old.facts.extent, same.facts.extent)
  }
  return changes
}

function courseOf(before: number | undefined, now: number | undefined): Study['changes'][string] {
  if (before === undefined || now === undefined) return 'stable'
  if (now > 1.2 * before) return 'worsening'
  return now * 1.2 < before ? 'improving' : 'stable'
}
