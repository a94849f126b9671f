/** @file What a language must be able to say about a chest: filled by english.ts and spanish.ts, spoken by describe.ts. */

import type { Random } from '../../core/random.ts'
import type { Course, Language, Manner, Phrase, Weighted } from '../grammar.ts'
import type { Noun, QuestionWords } from '../questions.ts'
import type { FindingName } from './findings.ts'
import type { Finding, Scene, Zone } from './scene.ts'

/** A noun phrase about a finding and the words it is made of; null where nothing is said. */
export interface Spoken extends Phrase {
  /** The name alone. */
  name: string
  degree: string | null
  /** "8 mm". */
  measure: string | null
  /** Side or place as a thing: "left upper lobe", "right". */
  where: string | null
}

/** A fixed normal report: findings sentences with what each denies, and the impression. */
export interface Boilerplate {
  weight: number
  sentences: readonly (readonly [string, readonly FindingName[]])[]
  impression: string
}

export interface Speaker {
  code: 'en' | 'es'
  language: Language
  indication(scene: Scene, stream: Random): string
  /** First studies, and studies with a prior one. */
  comparison: { none: Weighted; prior: Weighted }
  boilerplates: readonly Boilerplate[]
  /** Said only when nothing is in the lungs or pleura. */
  clearLungs: Weighted
  /** Statements that deny a finding without naming it. */
  plainDenials: Partial<Record<FindingName, Weighted>>
  /** Said when there is nothing else to say. */
  filler: string
  /** A finding in words. */
  phrase(finding: Finding, manner: Manner, stream: Random): Spoken
  /** A name for a denial. */
  name(name: FindingName, manner: Manner, stream: Random): string
  /** Signs of a finding that may not be named; {side} and {at} are filled. */
  signs: Record<FindingName, Weighted>
  /** Side and place for signs, "left" and "in the left upper lobe". */
  sideAndPlace(finding: Finding): { side: string; at: string }
  /** Course in an impression, after the noun. */
  courseWord: Record<Course, string>
  /** A finding that has gone; {noun}. */
  resolved: Weighted
  /** What a consolidation is read as, after a comma. */
  pneumonia: { said: string; name: string }
  /** A finding, or any of a name, as questions call it. */
  noun(finding: Finding | FindingName): Noun
  /** A side and level as an answer. */
  placeOf(side: 'left' | 'right', zone: Zone): string
  questions: QuestionWords & {
    view: string
    /** Answers for one view and for two. */
    views: readonly [string, string]
    largerEffusion: string
  }
  advice: Partial<Record<FindingName, readonly string[]>>
  normal: Weighted
  asAbove: string
}
