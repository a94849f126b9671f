/** @file The scene in words: sections, one sentence a finding, each with what it is about. Words say no more than the scene. */

import { type Random, random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import type { Terms, Weighted } from '../grammar.ts'
import type { FindingName } from './findings.ts'
import type { Finding, Mention, Scene } from './scene.ts'
import {
  advice,
  boilerplates,
  clearLungs,
  deviceTerms,
  plainDenials,
  symptomOf,
  symptoms,
  terms,
} from './vocabulary.ts'

/** How to speak. */
export interface Voice {
  /** Use the names held out of ordinary reports. */
  heldOutSynonyms?: boolean
}

/** A sentence and what it is about. `finding` indexes the scene's findings (null: nothing drawn). */
export interface Sentence {
  text: string
  section: 'indication' | 'comparison' | 'findings' | 'impression'
  name: FindingName | null
  polarity: 1 | 0 | -1 | null
  finding: number | null
}

/** A report with its sentences; a sentence about two findings is listed once for each. */
export interface Description {
  report: { indication: string; comparison: string; findings: string; impression: string; language: 'en' }
  sentences: Sentence[]
  labels: Study['labels']
}

/** Describes a scene. The same scene and voice give the same words. */
export function describe(scene: Scene, voice: Voice = {}): Description {
  const stream = random(scene.seed, 'describe', scene.index)
  const sentences: Sentence[] = [
    about(indication(scene, stream), 'indication'),
    about(comparison(scene, stream), 'comparison'),
  ]
  const labels: Study['labels'] = {}
  for (const mention of scene.mentions) labels[mention.name] = mention.polarity
  sentences.push(...(scene.boilerplate ? boilerplate(stream) : dictated(scene, voice, stream)))
  const join = (section: Sentence['section']): string => {
    const texts = sentences.filter((s) => s.section === section).map((s) => s.text)
    return texts.filter((text, i) => text !== texts[i - 1]).join(' ')
  }
  return {
    report: {
      indication: join('indication'),
      comparison: join('comparison'),
      findings: join('findings'),
      impression: join('impression'),
      language: 'en',
    },
    sentences,
    labels,
  }
}

function about(text: string, section: Sentence['section'], mention?: Mention): Sentence {
  return {
    text,
    section,
    name: mention?.name ?? null,
    polarity: mention?.polarity ?? null,
    finding: mention?.finding ?? null,
  }
}

function indication(scene: Scene, stream: Random): string {
  const reasons = scene.findings.flatMap((finding) => symptomOf[finding.name] ?? [])
  const reason = reasons.length > 0 && stream.chance(0.6) ? stream.pick(reasons) : stream.weighted(symptoms)
  const sex = scene.sex === 'F' ? stream.pick(['female', 'woman']) : stream.pick(['male', 'man'])
  return `${scene.age} year old ${sex} with ${reason}.`
}

function comparison(scene: Scene, stream: Random): string {
  if (scene.visit === 0)
    return stream.weighted([
      ['None.', 0.8],
      ['None available.', 0.2],
    ] as const)
  return stream.weighted([
    ['Prior chest radiograph.', 0.7],
    ['Chest radiograph from the prior visit.', 0.3],
  ] as const)
}

/** A fixed normal report. */
function boilerplate(stream: Random): Sentence[] {
  const chosen = stream.weighted(boilerplates.map((text) => [text, text.weight] as const))
  const sentences: Sentence[] = []
  for (const [text, denied] of chosen.sentences) {
    if (denied.length === 0) sentences.push(about(text, 'findings'))
    for (const name of denied) sentences.push({ text, section: 'findings', name, polarity: 0, finding: null })
  }
  sentences.push(about(chosen.impression, 'impression'))
  return sentences
}

function dictated(scene: Scene, voice: Voice, stream: Random): Sentence[] {
  const blocks: Sentence[][] = []
  const positives = scene.mentions.filter((mention) => mention.polarity === 1)
  const doubts = scene.mentions.filter((mention) => mention.polarity === -1)
  for (const mention of [...positives, ...doubts]) {
    const text = mention.polarity === 1 ? positive(mention, voice, stream) : doubt(mention, voice, stream)
    blocks.push([about(spoil(text, stream), 'findings', mention)])
  }
  blocks.push(...denials(scene.mentions, voice, stream))
  if (scene.findings.every((finding) => outsideLungs.has(finding.name)) && doubts.length === 0) {
    const wrong = positives.some((mention) => mention.wrong && !outsideLungs.has(mention.name))
    if (!wrong && stream.chance(0.75)) blocks.push([about(stream.weighted(clearLungs), 'findings')])
  }
  if (blocks.length === 0) blocks.push([about('No interval change is described.', 'findings')])
  return [...stream.shuffle(blocks).flat(), ...impression(positives, doubts, voice, stream)]
}

const outsideLungs: ReadonlySet<FindingName> = new Set([
  'Cardiomegaly',
  'Enlarged Mediastinum',
  'Rib Fracture',
  'Support Devices',
])

/** A name of the finding, from the pool that the voice allows. */
function nameOf(finding: Finding | FindingName, voice: Voice, stream: Random): { text: string; mass: boolean } {
  const device = typeof finding === 'string' ? null : finding.device
  const entry = (device ? deviceTerms[device] : terms[typeof finding === 'string' ? finding : finding.name]) as Terms
  const text = voice.heldOutSynonyms ? stream.pick(entry.heldOut) : stream.weighted(entry.train)
  return { text, mass: entry.mass ?? false }
}

/** "left lower lobe", "right upper lung zone", or the side alone. */
function placeOf(finding: Finding, stream: Random): string | null {
  const { side, zone } = finding
  if (side === 'none') return null
  if (side === 'bilateral') return zone && finding.name !== 'Nodule' ? `both ${zone} lung zones` : 'both lungs'
  if (!zone) return `${side} lung`
  if (zone === 'mid') return side === 'right' ? stream.pick(['right middle lobe', 'right mid lung']) : 'left mid lung'
  if (stream.chance(0.06)) return `${side === 'right' ? 'R' : 'L'}${zone === 'upper' ? 'UL' : 'LL'}`
  return `${side} ${zone} ${stream.weighted([
    ['lobe', 0.7],
    ['lung zone', 0.3],
  ] as const)}`
}

const degree: Record<string, Weighted> = {
  small: [
    ['small', 0.8],
    ['tiny', 0.2],
  ],
  moderate: [['moderate', 1]],
  large: [['large', 1]],
  mild: [
    ['mild', 0.8],
    ['slight', 0.2],
  ],
  severe: [
    ['severe', 0.8],
    ['marked', 0.2],
  ],
}

const graded: ReadonlySet<FindingName> = new Set(['Cardiomegaly', 'Edema', 'Emphysema', 'Fibrosis', 'Atelectasis'])

function severityOf(finding: Finding, stream: Random): string {
  if (finding.name === 'Nodule' || finding.name === 'Mass' || finding.name === 'Consolidation') return ''
  if (finding.name === 'Pleural Plaque' || finding.name === 'Rib Fracture' || finding.device) return ''
  if (finding.name === 'Enlarged Mediastinum' || stream.chance(0.3)) return ''
  const scale = graded.has(finding.name)
    ? { small: 'mild', moderate: 'moderate', large: 'severe' }[finding.severity]
    : finding.severity
  return `${stream.weighted(degree[scale] as Weighted)} `
}

/** Findings whose parts are counted one by one. */
const multiples: ReadonlySet<FindingName> = new Set(['Nodule', 'Pleural Plaque', 'Rib Fracture'])

/** The noun phrase of a finding: severity, size, side, name. */
function phraseOf(
  mention: Mention,
  voice: Voice,
  stream: Random,
): { noun: string; place: string | null; mass: boolean } {
  const finding = mention.about as Finding
  const { text, mass } = nameOf(finding, voice, stream)
  const many = finding.parts.length > 1 && multiples.has(finding.name)
  const pleural =
    finding.name === 'Pleural Effusion' || finding.name === 'Pneumothorax' || finding.name === 'Pleural Plaque'
  const bony = finding.name === 'Rib Fracture' || finding.device !== null
  const size = finding.sizeMm !== null && stream.chance(0.6) && !many ? `${finding.sizeMm} mm ` : ''
  const severity = severityOf(finding, stream)
  const noun = many && !voice.heldOutSynonyms ? plural(text) : text
  if (pleural || bony) {
    const side = finding.side === 'none' ? '' : `${finding.side} `
    return { noun: `${severity}${size}${side}${noun}`, place: null, mass: mass || many }
  }
  if (finding.name === 'Nodule' && many) {
    return { noun: `${finding.parts.length} ${noun}`, place: placeOf(finding, stream), mass: true }
  }
  return { noun: `${severity}${size}${noun}`, place: placeOf(finding, stream), mass }
}

function plural(noun: string): string {
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
}

function withArticle(noun: string, mass: boolean): string {
  if (mass) return noun
  return `${/^(?:[aeiou]|8 |11 |18 |8\d )/i.test(noun) ? 'an' : 'a'} ${noun}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function positive(mention: Mention, voice: Voice, stream: Random): string {
  const { noun, place, mass } = phraseOf(mention, voice, stream)
  const item = withArticle(noun, mass)
  const many = /s$/.test(noun) && mass && !/(?:sis|lungs|diaphragms|opacities|bronchograms.*)$/.test(noun)
  const at = place === null ? '' : ` in the ${place}`.replace('the both', 'both')
  const verb = many ? 'are' : 'is'
  const plain = stream.weighted([
    [`There ${verb} ${item}${at}.`, 0.4],
    [`${capital(item)}${at}.`, 0.22],
    [`${capital(item)} ${verb} seen${at}.`, 0.16],
    [`${capital(item)} ${verb} present${at}.`, 0.1],
    [place === null ? `${capital(item)} ${verb} noted.` : `${capital(at.trim())} there ${verb} ${item}.`, 0.08],
    [`Findings show ${item}${at}.`, 0.04],
  ] as const)
  return plain
}

function doubt(mention: Mention, voice: Voice, stream: Random): string {
  const { noun, place } = phraseOf(mention, voice, stream)
  const at = place === null ? '' : ` in the ${place}`.replace('the both', 'both')
  return stream.weighted([
    [`Possible ${noun}${at}.`, 0.45],
    [`Questionable ${noun}${at}.`, 0.25],
    [`A ${noun}${at} cannot be excluded.`, 0.2],
    [`Findings may represent ${noun}${at}.`, 0.1],
  ] as const)
}

/** Denials, some of them two in a sentence. */
function denials(mentions: readonly Mention[], voice: Voice, stream: Random): Sentence[][] {
  const blocks: Sentence[][] = []
  let left = stream.shuffle(mentions.filter((mention) => mention.polarity === 0))
  while (left.length > 0) {
    const [first, second] = left as [Mention, Mention | undefined]
    const plain = plainDenials[first.name]
    if (plain && !voice.heldOutSynonyms && stream.chance(0.8)) {
      blocks.push([about(stream.weighted(plain), 'findings', first)])
      left = left.slice(1)
      continue
    }
    const name = nameOf(first.name, voice, stream).text
    if (second && stream.chance(0.55)) {
      const other = nameOf(second.name, voice, stream).text
      const text = stream.weighted([
        [`No ${name} or ${other}.`, 0.6],
        [`There is no ${name} or ${other}.`, 0.3],
        [`No evidence of ${name} or ${other}.`, 0.1],
      ] as const)
      blocks.push([about(text, 'findings', first), about(text, 'findings', second)])
      left = left.slice(2)
      continue
    }
    const text = stream.weighted([
      [`No ${name}.`, 0.5],
      [`There is no ${name}.`, 0.3],
      [`No evidence of ${name}.`, 0.15],
      [`Negative for ${name}.`, 0.05],
    ] as const)
    blocks.push([about(text, 'findings', first)])
    left = left.slice(1)
  }
  return blocks
}

function impression(positives: Mention[], doubts: Mention[], voice: Voice, stream: Random): Sentence[] {
  const sentences: Sentence[] = []
  for (const mention of positives) {
    if (positives.length > 3 && stream.chance(0.25)) continue
    const { noun, place } = phraseOf(mention, voice, stream)
    const at = place === null || stream.chance(0.4) ? '' : ` in the ${place}`.replace('the both', 'both')
    const reading = mention.name === 'Consolidation' && stream.chance(0.4) ? ', concerning for pneumonia' : ''
    sentences.push(about(`${capital(noun)}${at}${reading}.`, 'impression', mention))
  }
  for (const mention of doubts) {
    if (stream.chance(0.5)) {
      const { noun } = phraseOf(mention, voice, stream)
      sentences.push(about(`Possible ${noun}.`, 'impression', mention))
    }
  }
  if (positives.length === 0 && doubts.length === 0) {
    const text = stream.weighted([
      ['No acute cardiopulmonary abnormality.', 0.6],
      ['No acute cardiopulmonary process.', 0.3],
      ['Normal chest radiograph.', 0.1],
    ] as const)
    return [about(text, 'impression')]
  }
  const advised = positives.find((mention) => advice[mention.name])
  if (advised && stream.chance(0.5)) {
    sentences.push(about(stream.pick(advice[advised.name] as readonly string[]), 'impression'))
  }
  if (sentences.length === 0) sentences.push(about('Findings as above.', 'impression'))
  return sentences
}

/** Now and then two letters of a long word change places. */
function spoil(text: string, stream: Random): string {
  if (!stream.chance(0.012)) return text
  const words = text.split(' ')
  const long = words.map((word, i) => [word, i] as const).filter(([word]) => /^[a-z]{7,}$/.test(word))
  if (long.length === 0) return text
  const [word, at] = stream.pick(long)
  const k = 2 + stream.int(word.length - 4)
  words[at] = word.slice(0, k) + word.charAt(k + 1) + word.charAt(k) + word.slice(k + 2)
  return words.join(' ')
}
