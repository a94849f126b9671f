/**
 * @file The scene in words: sections, one sentence a finding, each with what it is about. Words say no more than the scene.
 * What is said is decided here, how it is said by the speaker of a language.
 */

import { type Random, random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import {
  affirm,
  capital,
  changed,
  deny,
  doubt,
  fill,
  labelsOf,
  type Manner,
  misspell,
  reportOf,
  type Sentence as Said,
  say,
  sentence,
  type Weighted,
  withArticle,
} from '../grammar.ts'
import { englishSpeaker } from './english.ts'
import type { FindingName } from './findings.ts'
import type { Finding, Mention, Scene } from './scene.ts'
import { spanishSpeaker } from './spanish.ts'
import type { Speaker, Spoken } from './speaker.ts'

/** How a chest can be described. */
export const voices = ['report', 'caption', 'es'] as const

/** How to speak. */
export interface Voice extends Manner {
  /** Default `report`: English sections. `caption`: one line. `es`: Spanish sections. */
  style?: (typeof voices)[number]
}

/** Who speaks in a voice. */
export function speakerOf(style: Voice['style']): Speaker {
  return style === 'es' ? spanishSpeaker : englishSpeaker
}

/** A sentence and what it is about, with the words of its finding. */
export interface Sentence extends Said<FindingName> {
  spoken: Spoken | null
  /** Name of the disease that the sentence reads the finding as. */
  reading: string | null
}

/** The words of a study; a sentence about two findings is listed once for each. */
export interface Description {
  report: Study['report']
  captions: string[]
  sentences: Sentence[]
  labels: Study['labels']
}

/** Describes a scene. The same scene and voice give the same words. */
export function describe(scene: Scene, voice: Voice = {}): Description {
  const stream = random(scene.seed, 'describe', scene.index)
  if (voice.style === 'caption') return caption(scene, voice, stream)
  const speaker = speakerOf(voice.style)
  const about = scene.boilerplate ? boilerplate(scene, speaker, stream) : dictated(scene, speaker, voice, stream)
  const sentences = [
    plain(speaker.indication(scene, stream), 'indication'),
    plain(say(scene.visit === 0 ? speaker.comparison.none : speaker.comparison.prior, stream), 'comparison'),
    ...about,
  ]
  // Signs name nothing, so the report says nothing of that label.
  const named = sentences.filter(({ name }) => name === null || name !== scene.unnamed)
  return { report: reportOf(sentences, speaker.code), captions: [], sentences, labels: labelsOf(named) }
}

function plain(text: string, section: Sentence['section']): Sentence {
  return { ...sentence<FindingName>(text, { section }), spoken: null, reading: null }
}

function about(
  text: string,
  section: Sentence['section'],
  { name, polarity, finding }: Mention,
  spoken: Spoken | null,
  reading: string | null = null,
): Sentence {
  return { text, section, name, polarity, finding, spoken, reading }
}

/** A fixed normal report. */
function boilerplate(scene: Scene, speaker: Speaker, stream: Random): Sentence[] {
  const chosen = stream.weighted(speaker.boilerplates.map((text) => [text, text.weight] as const))
  const sentences: Sentence[] = []
  for (const [text, denied] of chosen.sentences) {
    // A finding that may not be named is not denied either.
    if (scene.unnamed !== null && denied.includes(scene.unnamed)) continue
    if (denied.length === 0) sentences.push(plain(text, 'findings'))
    for (const name of denied) {
      sentences.push({ ...plain(text, 'findings'), name, polarity: 0 })
    }
  }
  return [...sentences, plain(chosen.impression, 'impression')]
}

const outsideLungs: ReadonlySet<FindingName> = new Set([
  'Cardiomegaly',
  'Enlarged Mediastinum',
  'Rib Fracture',
  'Hiatal Hernia',
  'Support Devices',
])

function dictated(scene: Scene, speaker: Speaker, voice: Voice, stream: Random): Sentence[] {
  const blocks: Sentence[][] = []
  const positives = scene.mentions.filter((mention) => mention.polarity === 1)
  const doubts = scene.mentions.filter((mention) => mention.polarity === -1)
  for (const mention of [...positives, ...doubts]) {
    const said = finding(mention, scene, speaker, voice, stream)
    blocks.push([{ ...said, text: misspell(said.text, stream) }])
  }
  blocks.push(...denials(scene.mentions, speaker, voice, stream))
  if (scene.findings.every(({ name }) => outsideLungs.has(name)) && doubts.length === 0) {
    const wrong = positives.some((mention) => mention.wrong && !outsideLungs.has(mention.name))
    if (!wrong && stream.chance(0.75)) blocks.push([plain(say(speaker.clearLungs, stream), 'findings')])
  }
  if (blocks.length === 0) blocks.push([plain(speaker.filler, 'findings')])
  const named = (mention: Mention): boolean => mention.name !== scene.unnamed
  const last = impression(positives.filter(named), doubts.filter(named), positives.length, speaker, voice, stream)
  return [...stream.shuffle(blocks).flat(), ...last]
}

/** The sentence of a finding that is there, or may be. */
function finding(mention: Mention, scene: Scene, speaker: Speaker, voice: Voice, stream: Random): Sentence {
  const about_ = mention.about as Finding
  if (mention.name === scene.unnamed && mention.polarity === 1) {
    const text = fill(say(speaker.signs[mention.name], stream), speaker.sideAndPlace(about_))
    return about(text, 'findings', mention, null)
  }
  const spoken = speaker.phrase(about_, voice, stream)
  if (mention.polarity === -1) return about(doubt(spoken, stream, speaker.language), 'findings', mention, spoken)
  if (about_.change !== null && stream.chance(0.85)) {
    return about(changed(about_.change, spoken, stream, speaker.language), 'findings', mention, spoken)
  }
  return about(affirm(spoken, stream, speaker.language), 'findings', mention, spoken)
}

/** Denials, some of them two in a sentence; findings that have gone are said to have gone. */
function denials(mentions: readonly Mention[], speaker: Speaker, voice: Voice, stream: Random): Sentence[][] {
  const blocks: Sentence[][] = []
  const denied = mentions.filter((mention) => mention.polarity === 0)
  const block = (text: string, ...of: (readonly [Mention, string?])[]): void => {
    blocks.push(
      of.map(([mention, name]) => about(text, 'findings', mention, name === undefined ? null : bareName(name))),
    )
  }
  for (const mention of denied.filter(({ resolved }) => resolved)) {
    const noun = speaker.name(mention.name, voice, stream)
    block(fill(say(speaker.resolved, stream), { noun }), [mention, noun])
  }
  let left = stream.shuffle(denied.filter(({ resolved }) => !resolved))
  while (left.length > 0) {
    const [first, second] = left as [Mention, Mention | undefined]
    const pool: Weighted | undefined = speaker.plainDenials[first.name]
    if (pool && !voice.heldOutSynonyms && stream.chance(0.8)) {
      block(say(pool, stream), [first])
      left = left.slice(1)
      continue
    }
    const name = speaker.name(first.name, voice, stream)
    const two = second !== undefined && stream.chance(0.55)
    const other = two ? speaker.name(second.name, voice, stream) : undefined
    const text = deny(name, stream, other, speaker.language)
    if (two) block(text, [first, name], [second, other])
    else block(text, [first, name])
    left = left.slice(two ? 2 : 1)
  }
  return blocks
}

/** A name without anything said about it. */
function bareName(name: string): Spoken {
  return { noun: name, name, degree: null, measure: null, where: null }
}

function impression(
  positives: Mention[],
  doubts: Mention[],
  all: number,
  speaker: Speaker,
  voice: Voice,
  stream: Random,
): Sentence[] {
  const sentences: Sentence[] = []
  for (const mention of positives) {
    if (positives.length > 3 && stream.chance(0.25)) continue
    const finding = mention.about as Finding
    const spoken = speaker.phrase(finding, voice, stream)
    const at = stream.chance(0.4) ? '' : (spoken.place ?? '')
    const read = finding.reading === 'pneumonia' && stream.chance(0.7)
    const course = finding.change !== null && stream.chance(0.5) ? `, ${speaker.courseWord[finding.change]}` : ''
    const reading = read ? `, ${speaker.pneumonia.said}` : ''
    const text = fill(`{noun} {at}${course}${reading}.`, { noun: spoken.noun, at })
    sentences.push(about(text, 'impression', mention, spoken, read ? speaker.pneumonia.name : null))
  }
  for (const mention of doubts) {
    if (!stream.chance(0.5)) continue
    const spoken = speaker.phrase(mention.about as Finding, voice, stream)
    const [[template]] = speaker.language.doubt as readonly [readonly [string, number]]
    sentences.push(about(fill(template, { noun: spoken.noun, at: '' }), 'impression', mention, spoken))
  }
  if (all === 0 && doubts.length === 0) return [plain(say(speaker.normal, stream), 'impression')]
  const advised = positives.find((mention) => speaker.advice[mention.name])
  if (advised && stream.chance(0.5)) {
    sentences.push(plain(stream.pick(speaker.advice[advised.name] as readonly string[]), 'impression'))
  }
  if (sentences.length === 0) sentences.push(plain(speaker.asAbove, 'impression'))
  return sentences
}

const openings: Weighted = [
  ['{view} chest radiograph showing {what}.', 0.5],
  ['Chest X-ray with {what}.', 0.3],
  ['{view} radiograph of the chest demonstrating {what}.', 0.2],
]

/** One line, as under a figure: at most three findings, or one doubt, or that it is normal. */
function caption(scene: Scene, voice: Voice, stream: Random): Description {
  const speaker = englishSpeaker
  const view = scene.acquisition.lateral === null ? stream.pick(['PA', 'Posteroanterior']) : 'PA and lateral'
  const allowed = scene.mentions.filter(({ name }) => name !== scene.unnamed)
  const positives = allowed.filter(({ polarity }) => polarity === 1).slice(0, 3)
  const doubts = allowed.filter(({ polarity }) => polarity === -1).slice(0, positives.length > 0 ? 0 : 1)
  const chosen = positives.length > 0 ? positives : doubts
  const parts = chosen.map((mention) => {
    const spoken = speaker.phrase(mention.about as Finding, voice, stream)
    const noun =
      mention.polarity === 1 ? withArticle(spoken.noun, spoken.mass || spoken.many) : `possible ${spoken.noun}`
    return { mention, spoken, text: spoken.place ? `${noun} ${spoken.place}` : noun }
  })
  const texts = parts.map((part) => part.text)
  const what = texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`
  const nothing = stream.weighted([
    ['Normal {view} chest radiograph.', 0.6],
    ['{view} chest radiograph of a {age}-year-old {who}.', 0.4],
  ] as const)
  const empty = scene.mentions.every(({ polarity }) => polarity === 0) ? nothing : '{view} chest radiograph.'
  const who = scene.sex === 'F' ? 'woman' : 'man'
  const text = fill(what === '' ? empty : say(openings, stream), { view, what, age: String(scene.age), who })
  const line = capital(text)
  const sentences =
    parts.length === 0
      ? [plain(line, 'findings')]
      : parts.map(({ mention, spoken }) => about(line, 'findings', mention, spoken))
  return { report: null, captions: [line], sentences, labels: labelsOf(sentences) }
}
