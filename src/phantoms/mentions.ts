/** @file What a report will say of the findings of a scene: which are named, denied, doubted, left out or wrong. Words come later. */

import type { Random } from '../core/random.ts'
import type { SpeechDials } from './dials.ts'

/** A finding that can be drawn. */
export interface Drawn<Name extends string> {
  name: Name
  /** Contrast factor: 1 drawn in full, below 0.5 faint. */
  strength: number
}

/** What the words say about one finding. */
export interface Mention<Name extends string, Finding extends Drawn<Name>> {
  name: Name
  polarity: 1 | 0 | -1
  /** Attributes of the words; null for a denial. */
  about: Finding | null
  /** Index into the scene's findings, null when nothing is drawn. */
  finding: number | null
  /** Named though absent (label noise). */
  wrong: boolean
}

/** What a report says, and the findings with a doubtful one added if it is drawn. */
export interface Said<Name extends string, Finding extends Drawn<Name>> {
  mentions: Mention<Name, Finding>[]
  findings: Finding[]
  /** The report is a fixed normal text. */
  boilerplate: boolean
}

/** What {@link mentionsOf} decides from. */
export interface Sayable<Name extends string, Finding extends Drawn<Name>> {
  names: readonly Name[]
  findings: readonly Finding[]
  dials: SpeechDials
  stream: Random
  /** Findings that a reader may be in doubt about. */
  doubtful: readonly Name[]
  /** Draws the attributes of a finding that is doubted or named in error. */
  draw(name: Name): Finding
  /** How readily readers deny each finding, relative to the negation dial. Default 1. */
  denialWeight?: Partial<Record<Name, number>>
  /** Whether a finding can be beside those drawn. Default: all can. */
  fits?(name: Name, drawn: readonly Finding[]): boolean
  /** Findings that are there in health too: they keep no report from being a fixed normal one. */
  healthy?: ReadonlySet<Name>
  /** Findings that every fixed normal report denies. */
  boilerplateDenials?: readonly Name[]
}

/**
 * Decides what is said. A doubted finding is drawn faintly half of the time and not at all otherwise; label noise leaves a
 * finding out or names one that is absent; absent findings are denied at the negation rate times their weight.
 */
export function mentionsOf<Name extends string, Finding extends Drawn<Name>>({
  names,
  dials,
  stream,
  doubtful,
  draw,
  denialWeight = {},
  fits = () => true,
  healthy = new Set(),
  boilerplateDenials = [],
  ...scene
}: Sayable<Name, Finding>): Said<Name, Finding> {
  const findings = [...scene.findings]
  const mentions: Mention<Name, Finding>[] = []
  const absent = (name: Name): boolean => !findings.some((finding) => finding.name === name) && fits(name, findings)
  let doubted: number | null = null
  const open = doubtful.filter(absent)
  if (stream.chance(dials.uncertaintyRate) && open.length > 0) {
    const name = stream.pick(open)
    const about = draw(name)
    if (stream.chance(0.5)) {
      about.strength *= 0.4
      doubted = findings.push(about) - 1
    }
    mentions.push({ name, polarity: -1, about, finding: doubted, wrong: false })
  }
  findings.forEach((about, finding) => {
    if (finding === doubted || stream.chance(dials.labelNoise)) return
    mentions.push({ name: about.name, polarity: 1, about, finding, wrong: false })
  })
  const silent = names.filter((name) => absent(name) && !mentions.some((mention) => mention.name === name))
  if (stream.chance(dials.labelNoise) && silent.length > 0) {
    const about = draw(stream.pick(silent))
    mentions.push({ name: about.name, polarity: 1, about, finding: null, wrong: true })
  }
  const denial = (name: Name): Mention<Name, Finding> => ({
    name,
    polarity: 0,
    about: null,
    finding: null,
    wrong: false,
  })
  const plain = [...findings, ...mentions].every(({ name }) => healthy.has(name))
  if (plain && stream.chance(dials.falseNegativeRate)) {
    return { mentions: boilerplateDenials.map(denial), findings, boilerplate: true }
  }
  for (const name of names) {
    if ([...findings, ...mentions].some((other) => other.name === name)) continue
    if (stream.chance(Math.min(0.95, dials.negationRate * (denialWeight[name] ?? 1)))) mentions.push(denial(name))
  }
  return { mentions, findings, boilerplate: false }
}

/** True when nothing is drawn and nothing is named or doubted: only then may words call it normal. */
export function isNormal<Name extends string>({ findings, mentions }: Said<Name, Drawn<Name>>): boolean {
  return findings.length === 0 && mentions.every(({ polarity }) => polarity === 0)
}
