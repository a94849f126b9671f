/**
 * @file Which findings a patient has at a study and how they moved since the one before. The course of a patient is played
 * from the first visit to this one, so that any study can be made alone.
 */

import { random } from '../../core/random.ts'
import type { Visit } from '../patients.ts'
import type { Dials } from './dials.ts'
import {
  baseLogOdds,
  chronicFindings,
  dependence,
  drawingOrder,
  type FindingName,
  findings,
  movingFindings,
} from './findings.ts'
import type { Course } from './parts.ts'

/** A finding that is there. */
export interface Present extends Course {
  /** Index of the study in which it began: its place is drawn from there. */
  onset: number
}

/** What a patient has at a study. */
export interface State {
  present: ReadonlyMap<FindingName, Present>
  /** There in the study before, gone now. */
  resolved: FindingName[]
}

/** Less than this is no change that a reader could see. */
const visible = 0.2

/** The state at a visit. Healthy patients have nothing in any study; others have at least one finding in the first. */
export function stateAt(seed: number, { key, first, visit }: Visit, dials: Dials): State {
  if (random(seed, 'health', key).chance(dials.normals)) return { present: new Map(), resolved: [] }
  let before = new Map<FindingName, Present>()
  let resolved: FindingName[] = []
  for (let v = 0; v <= visit; v++) {
    const index = first + v
    const now = new Map<FindingName, Present>()
    const event = random(seed, 'event', key, v)
    // A follow-up brings new acute findings less often than the first visit, for which the patient came.
    const acute = v === 0 || event.chance(0.45)
    for (const name of v === 0 ? firstFindings(seed, key, index, dials) : drawn(seed, key, index, 0, dials)) {
      if (before.has(name) || (!acute && !chronicFindings.has(name))) continue
      const level = random(seed, 'level', key, index, name).uniform()
      now.set(name, { onset: index, level, change: v === 0 ? null : 'new' })
    }
    for (const [name, old] of before) {
      const stream = random(seed, 'course', key, v, name)
      if (!chronicFindings.has(name) && !stream.chance(dials.persistence)) continue
      now.set(name, { ...old, ...moved(name, old.level, stream) })
    }
    resolved = [...before.keys()].filter((name) => !now.has(name))
    before = now
  }
  return { present: before, resolved }
}

function moved(name: FindingName, level: number, stream: ReturnType<typeof random>): Course {
  const wanted = stream.weighted([
    ['improving', 0.36],
    ['stable', 0.3],
    ['worsening', 0.34],
  ] as const)
  const step = stream.uniform(0.3, 0.55)
  if (!movingFindings.has(name) || wanted === 'stable') return { level, change: 'stable' }
  const target = Math.min(1, Math.max(0, level + (wanted === 'worsening' ? step : -step)))
  return Math.abs(target - level) < visible ? { level, change: 'stable' } : { level: target, change: wanted }
}

/** Findings of a first visit: never none. */
function firstFindings(seed: number, patient: number, index: number, dials: Dials): Set<FindingName> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const present = drawn(seed, patient, index, attempt, dials)
    if (present.size > 0) return present
  }
  return new Set([random(seed, 'acute', index).pick(findings.filter((name) => !chronicFindings.has(name)))])
}

function drawn(seed: number, patient: number, index: number, attempt: number, dials: Dials): Set<FindingName> {
  // The patient's chronic lots are the same in every study and attempt; only acute ones are drawn again.
  const chronic = random(seed, 'chronic', patient)
  const acute = random(seed, 'acute', index, attempt)
  const present = new Set<FindingName>()
  for (const name of drawingOrder) {
    let logOdds = baseLogOdds[name] + Math.log(Math.max(1e-9, dials.prevalence))
    for (const [cause, effect, boost] of dependence) {
      if (effect === name && present.has(cause)) logOdds += boost * dials.cooccurrence
    }
    const lot = (chronicFindings.has(name) ? chronic : acute).uniform()
    if (lot < 1 / (1 + Math.exp(-logOdds))) present.add(name)
  }
  return present
}
