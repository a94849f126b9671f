/** @file A planned scene in words: sections, one sentence a finding, each with what it is about. Words say no more than the scene. */

import { type Random, random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import type { Facts, Known } from '../facts.ts'
import {
  capital,
  isPlural,
  labelsOf,
  type Manner,
  plural,
  reportOf,
  type Sentence,
  say,
  sentence,
  type Weighted,
} from '../grammar.ts'
import { type Boilerplate, phraseOf, speak, storyOf, type Wording } from '../statements.ts'
import type { Finding, FindingSpec, Scene } from './plan.ts'

/** What a finding is called here: words before and after its name, and where. */
export interface Naming {
  /** "12 mm oval" */
  before?: string
  /** "with posterior shadowing" */
  after?: string
  /** With its preposition: "in the left frontal lobe". */
  place?: string | null
  many?: boolean
}

/** The words of a domain. */
export interface Dictation<Name extends string, Anatomy, Shape> {
  specs: readonly FindingSpec<Name>[]
  /** "mammogram": what questions call the examination; null where it makes no sense to call it normal. */
  kind: string | null
  /** Studies of a patient show different things: nothing has a course. */
  unrelated?: true
  /** "Mammogram of the right breast" for captions. */
  examination(scene: Scene<Name, Anatomy, Shape>): string
  /** How the finding is worded; the same attributes may be said in several ways. */
  wording(finding: Finding<Name, Shape>, scene: Scene<Name, Anatomy, Shape>, stream: Random): Naming
  /** What is known of a finding beyond its name. */
  facts?(finding: Finding<Name, Shape>, scene: Scene<Name, Anatomy, Shape>): Facts
  /** Sentences of the findings section for a finding that is there, instead of one general sentence. */
  affirmations?(
    finding: Finding<Name, Shape>,
    name: string,
    scene: Scene<Name, Anatomy, Shape>,
    stream: Random,
  ): readonly string[] | undefined
  /** Sentences about nothing in the list of findings (technique, tissue): true of the scene. */
  remarks?(
    scene: Scene<Name, Anatomy, Shape>,
    stream: Random,
  ): readonly { section: Sentence['section']; text: string }[]
  /** Place of a sentence in the findings: smaller first. Default: as drawn by lot. */
  order?(text: string): number
  /** Complaints of anyone. */
  complaints: Weighted
  /** "63 year old woman"; default from age and sex. */
  person?(scene: Scene<Name, Anatomy, Shape>, stream: Random): string
  comparison: string
  boilerplates: readonly Boilerplate<Name>[]
  /** Impressions of studies without finding. */
  normal: Weighted
  /** Advice after the findings. */
  advice?: Partial<Record<Name, readonly string[]>>
  /** What readers shorten now and then. */
  short?: Readonly<Record<string, string>>
}

/** What was said. */
export interface Description {
  report: Study['report']
  captions: string[]
  labels: Study['labels']
  sentences: Sentence[]
}

/** A value for each finding. */
function bySpec<Name extends string, Value>(
  specs: readonly FindingSpec<Name>[],
  value: (spec: FindingSpec<Name>) => Value | undefined,
): Record<Name, Value> {
  const entries = specs.flatMap((spec) => {
    const made = value(spec)
    return made === undefined ? [] : [[spec.name, made] as const]
  })
  return Object.fromEntries(entries) as Record<Name, Value>
}

/** The words of a domain for one of its scenes. */
function wordingOf<Name extends string, Anatomy, Shape>(
  { specs, affirmations, remarks, facts, ...words }: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
): Wording<Name, Finding<Name, Shape>> {
  return {
    ...words,
    terms: bySpec(specs, ({ terms }) => terms),
    plainDenials: bySpec(specs, ({ plainDenials }) => plainDenials),
    phrase(finding, name, stream) {
      const { before = '', after = '', place = null, many = false } = words.wording(finding, scene, stream)
      const mass = specs.find((spec) => spec.name === finding.name)?.terms.mass ?? false
      const noun = `${before} ${many && !mass ? plural(name) : name} ${after}`.replaceAll(/\s+/g, ' ').trim()
      return { noun, place, many: many || isPlural(name) }
    },
    ...(facts ? { facts: (finding) => facts(finding, scene) } : {}),
    ...(affirmations ? { affirmations: (finding, noun, stream) => affirmations(finding, noun, scene, stream) } : {}),
    ...(remarks ? { remarks: (stream) => remarks(scene, stream) } : {}),
  }
}

/** What is known of a scene's findings, and how they have changed since `earlier`, the study before. */
export function storyIn<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  earlier: (index: number) => Scene<Name, Anatomy, Shape> | undefined,
): { known: Known<Name>[]; changes: Study['changes'] } {
  return storyOf<Name, Finding<Name, Shape>>(scene, wordingOf(words, scene), (index) => earlier(index)?.findings)
}

/** Describes a scene as a report, or (voice "caption") as one line. The same arguments give the same words. */
export function dictate<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  manner: Manner,
  voice: string,
  changes: Study['changes'] = {},
): Description {
  const stream = random(scene.seed, scene.domain, 'describe', scene.index)
  const wording = wordingOf(words, scene)
  if (voice === 'caption') return captioned(words, wording, scene, manner, stream)
  const sentences: Sentence[] = [
    sentence(indication(words, scene, stream), { section: 'indication' }),
    sentence(scene.visit === 0 ? 'None.' : words.comparison, { section: 'comparison' }),
    ...speak<Name, Finding<Name, Shape>>(scene, wording, manner, stream, { changes }),
  ]
  return { report: reportOf(sentences), captions: [], labels: labelsOf(sentences), sentences }
}

function indication<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  scene: Scene<Name, Anatomy, Shape>,
  stream: Random,
): string {
  const reasons = scene.findings.flatMap(
    (finding) => words.specs.find(({ name }) => name === finding.name)?.symptoms ?? [],
  )
  const reason = reasons.length > 0 && stream.chance(0.5) ? stream.pick(reasons) : say(words.complaints, stream)
  const person =
    words.person?.(scene, stream) ??
    `${scene.age} year old ${scene.sex === 'F' ? stream.pick(['female', 'woman']) : stream.pick(['male', 'man'])}`
  return `${capital(person)} with ${reason}.`
}

/** One line: what is shown, then the findings; absences are silent. */
function captioned<Name extends string, Anatomy, Shape>(
  words: Dictation<Name, Anatomy, Shape>,
  wording: Wording<Name, Finding<Name, Shape>>,
  scene: Scene<Name, Anatomy, Shape>,
  manner: Manner,
  stream: Random,
): Description {
  // What is certain first: "possible" would seem to cover all that follows it.
  const shown = scene.mentions.filter(({ polarity }) => polarity !== 0).sort((a, b) => b.polarity - a.polarity)
  const parts = shown.map(({ polarity, about }) => {
    const { noun, place } = phraseOf(wording, about as Finding<Name, Shape>, manner, stream)
    return `${polarity === 1 ? '' : 'possible '}${noun}${place ? ` ${place}` : ''}`
  })
  const list =
    parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? 'no abnormality')
  const text = `${words.examination(scene)} ${stream.pick(['showing', 'with', 'demonstrating'])} ${list}.`
  const said =
    shown.length === 0
      ? [sentence(text)]
      : shown.map(({ name, polarity, finding }) => sentence(text, { name, polarity, finding }))
  return { report: null, captions: [text], labels: labelsOf(said), sentences: said }
}
