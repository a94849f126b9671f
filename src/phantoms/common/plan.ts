/** @file Which findings a study has and what its report will say of each: the part of a scene that all domains share. */

import { type Random, random } from '../../core/random.ts'
import type { CommonDials } from '../dials.ts'
import type { Terms, Weighted } from '../grammar.ts'
import { type Drawn, mentionsOf, type Said, type Mention as Statement } from '../mentions.ts'
import type { Place } from '../patients.ts'
import { cueOf, drawPresence, type People, type Person, personOf } from '../person.ts'

/** What is known of a finding before any is drawn. */
export interface FindingSpec<Name extends string = string> {
  /** Label key. */
  name: Name
  terms: Terms
  /** Log-odds in a study that is not normal, before dependence. */
  logOdds: number
  /** Stays with a patient from study to study, in its place. */
  chronic?: boolean
  /** How readily readers deny it, relative to the negation dial. */
  denial: number
  /** Readers may be in doubt about it: local, and drawable faintly. */
  doubtful?: boolean
  /** Covers little of the picture: coarse pixels must not show it. */
  small?: boolean
  /** Ways to deny it without its name ("Joint spaces are preserved."). */
  plainDenials?: Weighted
  /** Complaints that send such a patient. */
  symptoms?: readonly string[]
}

/** One drawn finding. `shape` is the domain's: geometry for the picture and attributes for the words. */
export interface Finding<Name extends string, Shape> extends Drawn<Name> {
  shape: Shape
}

/** What the report says about one finding. */
export type Mention<Name extends string, Shape> = Statement<Name, Finding<Name, Shape>>

/** Who was examined. */
export interface Case extends Person {
  version: 1
  domain: string
}

/** A study before it is drawn or described: a plain record. */
export interface Scene<Name extends string, Anatomy, Shape> extends Case, Said<Name, Finding<Name, Shape>> {
  anatomy: Anatomy
  /** The corner tag: where (shares of the picture) and whether it has a box. */
  tag: { x: number; y: number; boxed: boolean; letters: number }
}

/** What a domain says to have its scenes planned. */
export interface Planner<Name extends string, Anatomy, Shape, Dials extends CommonDials = CommonDials> {
  domain: string
  people: People
  /** A finding comes after all that it depends on. */
  specs: readonly FindingSpec<Name>[]
  /** If the first is present, the log-odds of the second rise by this much. */
  dependence: readonly (readonly [Name, Name, number])[]
  /** Changes who is examined before anything else is drawn. */
  adjust?(who: Case, dials: Dials, person: Random): void
  /** Takes what cannot be together out of the lot. */
  reconcile?(present: Set<Name>, who: Case): void
  /** Anatomy and acquisition; `person` is the patient's stream, `study` the study's. */
  anatomy(who: Case, present: ReadonlySet<Name>, dials: Dials, person: Random, study: Random): Anatomy
  /** Geometry and attributes of one finding, among those drawn before it. */
  place(scene: Scene<Name, Anatomy, Shape>, name: Name, stream: Random): Shape
  /** Findings that the fixed normal reports deny. */
  boilerplateDenials: readonly Name[]
}

/** The scene of a study: a pure function of its arguments. */
export function planScene<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  planner: Planner<Name, Anatomy, Shape, Dials>,
  seed: number,
  { index, split }: Place,
  dials: Dials,
): Scene<Name, Anatomy, Shape> {
  const { domain, people, specs } = planner
  const who: Case = { version: 1, domain, ...personOf(seed, index, { ...people, split }) }
  const person = random(seed, domain, 'patient', who.key)
  planner.adjust?.(who, dials, person)
  const present = presentIn(planner, who, dials)
  const study = random(seed, domain, 'study', index)
  const tag = random(seed, domain, 'tag', index)
  const scene: Scene<Name, Anatomy, Shape> = {
    ...who,
    anatomy: planner.anatomy(who, present, dials, person, study),
    findings: [],
    mentions: [],
    boilerplate: false,
    tag: {
      x: tag.chance(0.5) ? tag.uniform(0.03, 0.1) : tag.uniform(0.82, 0.9),
      y: tag.uniform(0.03, 0.07),
      boxed: false,
      letters: 2 + tag.int(3),
    },
  }
  for (const { name, chronic } of specs) {
    if (!present.has(name)) continue
    // A chronic finding keeps its place from study to study.
    const stream = chronic
      ? random(seed, domain, 'chronic', who.key, name)
      : random(seed, domain, 'finding', index, name)
    const strength = stream.uniform(0.9, 1.12)
    scene.findings.push({ name, strength, shape: planner.place(scene, name, stream) })
  }
  Object.assign(scene, said(planner, scene, dials))
  scene.tag.boxed = cueOf(scene, scene.findings, dials, tag)
  return scene
}

/** Which findings are there. Healthy patients have none in any study; others have at least one. */
function presentIn<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  { domain, specs, dependence, reconcile }: Planner<Name, Anatomy, Shape, Dials>,
  who: Case,
  dials: Dials,
): Set<Name> {
  if (random(who.seed, domain, 'health', who.key).chance(dials.normals)) return new Set()
  for (let attempt = 0; attempt < 20; attempt++) {
    // The patient's chronic lots are the same in every study and attempt; only acute ones are drawn again.
    const chronic = random(who.seed, domain, 'chronic', who.key)
    const acute = random(who.seed, domain, 'acute', who.index, attempt)
    const present = drawPresence(
      specs.map(({ name }) => name),
      Object.fromEntries(specs.map(({ name, logOdds }) => [name, logOdds])) as Record<Name, number>,
      dials,
      (name) => (specs.some((spec) => spec.name === name && spec.chronic) ? chronic : acute),
      dependence,
    )
    reconcile?.(present, who)
    if (present.size > 0) return present
  }
  // Where all are chronic, the one that stays is the patient's, not the study's.
  const acute = specs.filter((spec) => !spec.chronic)
  const stream =
    acute.length > 0 ? random(who.seed, domain, 'acute', who.index) : random(who.seed, domain, 'one', who.key)
  for (const { name } of stream.shuffle(acute.length > 0 ? acute : specs)) {
    const present = new Set([name])
    reconcile?.(present, who)
    if (present.size > 0) return present
  }
  return new Set()
}

/** What is said of a scene; a doubted finding may be drawn faintly. */
function said<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  { specs, place, boilerplateDenials, reconcile }: Planner<Name, Anatomy, Shape, Dials>,
  scene: Scene<Name, Anatomy, Shape>,
  dials: Dials,
): Said<Name, Finding<Name, Shape>> {
  const stream = random(scene.seed, scene.domain, 'words', scene.index)
  return mentionsOf<Name, Finding<Name, Shape>>({
    names: specs.map(({ name }) => name),
    findings: scene.findings,
    dials,
    stream,
    doubtful: specs.filter(({ doubtful }) => doubtful).map(({ name }) => name),
    draw: (name) => ({ name, strength: stream.uniform(0.9, 1.12), shape: place(scene, name, stream) }),
    denialWeight: Object.fromEntries(specs.map(({ name, denial }) => [name, denial])) as Record<Name, number>,
    fits(name, drawn) {
      const together = new Set([...drawn.map((finding) => finding.name), name])
      const { size } = together
      reconcile?.(together, scene)
      return together.size === size
    },
    boilerplateDenials,
  })
}
