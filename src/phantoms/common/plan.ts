/** @file Which findings a study has and what its report will say of each: the part of a scene that all domains share. */

import { type Random, random } from '../../core/random.ts'
import type { Split } from '../../data/study.ts'
import type { Terms, Weighted } from '../grammar.ts'
import { type Place, visitOf } from '../patients.ts'
import type { CommonDials } from './dials.ts'

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
export interface Finding<Name extends string, Shape> {
  name: Name
  /** Contrast factor: about 1 drawn in full, below 0.5 faint. */
  strength: number
  shape: Shape
}

/** What the report says about one finding. */
export interface Mention<Name extends string, Shape> {
  name: Name
  polarity: 1 | 0 | -1
  /** Attributes of the words; null for a denial. */
  about: Finding<Name, Shape> | null
  /** Index into `findings`, null when nothing is drawn. */
  finding: number | null
  /** The report is wrong on purpose (label noise). */
  wrong: boolean
}

/** Who was examined. */
export interface Case {
  version: 1
  domain: string
  seed: number
  index: number
  patient: string
  /** Key of the patient's streams. */
  key: number
  /** 0 for the first study of the patient. */
  visit: number
  split: Split
  /** Years. */
  age: number
  sex: 'F' | 'M'
}

/** A study before it is drawn or described: a plain record. */
export interface Scene<Name extends string, Anatomy, Shape> extends Case {
  anatomy: Anatomy
  findings: Finding<Name, Shape>[]
  mentions: Mention<Name, Shape>[]
  /** A normal report taken from a fixed text. */
  boilerplate: boolean
  /** The corner tag: where (shares of the picture) and whether it has a box. */
  tag: { x: number; y: number; boxed: boolean; letters: number }
}

/** What a domain says to have its scenes planned. */
export interface Planner<Name extends string, Anatomy, Shape, Dials extends CommonDials = CommonDials> {
  domain: string
  /** Years: normal distribution, cut. */
  age: { mean: number; sd: number; least: number; most: number }
  /** Probability of a woman. Default 0.5. */
  women?: number
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
  const { domain, age, specs } = planner
  const visit = visitOf(seed, index)
  const person = random(seed, domain, 'patient', visit.key)
  const years = Math.round(Math.min(age.most, Math.max(age.least, person.normal(age.mean, age.sd))))
  const who: Case = {
    version: 1,
    domain,
    seed,
    index,
    patient: visit.patient,
    key: visit.key,
    visit: visit.visit,
    split,
    age: Math.min(age.most, years + Math.floor(visit.visit / 2)),
    sex: person.chance(planner.women ?? 0.5) ? 'F' : 'M',
  }
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
      boxed: tag.chance(0.5),
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
  decideMentions(planner, scene, dials, random(seed, domain, 'words', index))
  if (split === 'train' && tag.chance(dials.shortcut ?? 0))
    scene.tag.boxed = scene.findings.some((finding) => finding.name === dials.shortcutFinding)
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
    const present = new Set<Name>()
    for (const spec of specs) {
      let logOdds = spec.logOdds + Math.log(Math.max(1e-9, dials.prevalence))
      for (const [cause, effect, boost] of dependence) {
        if (effect === spec.name && present.has(cause)) logOdds += boost * (dials.cooccurrence ?? 1)
      }
      const lot = (spec.chronic ? chronic : acute).uniform()
      if (lot < 1 / (1 + Math.exp(-logOdds))) present.add(spec.name)
    }
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

/** Decides which findings are named, denied, doubted, left out or wrong; a doubted one may be drawn faintly. */
function decideMentions<Name extends string, Anatomy, Shape, Dials extends CommonDials>(
  { specs, place, boilerplateDenials, reconcile }: Planner<Name, Anatomy, Shape, Dials>,
  scene: Scene<Name, Anatomy, Shape>,
  dials: Dials,
  stream: Random,
): void {
  const { findings: drawn, mentions } = scene
  // What may be added beside the drawn ones.
  const absent = (name: Name): boolean => {
    if (drawn.some((finding) => finding.name === name)) return false
    const together = new Set([...drawn.map((finding) => finding.name), name])
    const size = together.size
    reconcile?.(together, scene)
    return together.size === size
  }
  let doubted: Name | undefined
  const doubtful = specs.filter((spec) => spec.doubtful)
  if (doubtful.length > 0 && stream.chance(dials.uncertaintyRate)) {
    const { name } = stream.shuffle(doubtful).find((spec) => absent(spec.name)) ?? { name: undefined }
    if (name !== undefined) {
      doubted = name
      const strength = stream.uniform(0.9, 1.12) * 0.35
      const about = { name, strength, shape: place(scene, name, stream) }
      const finding = stream.chance(0.5) ? drawn.push(about) - 1 : null
      mentions.push({ name, polarity: -1, about, finding, wrong: false })
    }
  }
  drawn.forEach((about, finding) => {
    if (about.name === doubted || stream.chance(dials.labelNoise)) return
    mentions.push({ name: about.name, polarity: 1, about, finding, wrong: false })
  })
  if (stream.chance(dials.labelNoise)) {
    const name = stream.shuffle(specs).find((spec) => spec.name !== doubted && absent(spec.name))?.name
    if (name !== undefined) {
      const about = { name, strength: 1, shape: place(scene, name, stream) }
      mentions.push({ name, polarity: 1, about, finding: null, wrong: true })
    }
  }
  if (mentions.length === 0 && drawn.length === 0 && stream.chance(dials.falseNegativeRate)) {
    scene.boilerplate = true
    for (const name of boilerplateDenials)
      mentions.push({ name, polarity: 0, about: null, finding: null, wrong: false })
    return
  }
  for (const { name, denial } of specs) {
    if (drawn.some((finding) => finding.name === name) || mentions.some((mention) => mention.name === name)) continue
    if (stream.chance(Math.min(0.95, dials.negationRate * denial)))
      mentions.push({ name, polarity: 0, about: null, finding: null, wrong: false })
  }
}
