/** @file The chest in English. */

import type { Random } from '../../core/random.ts'
import { english, type Manner, nameOf, plural, say, type Weighted } from '../grammar.ts'
import { englishNoun, englishQuestions } from '../questions.ts'
import type { FindingName } from './findings.ts'
import type { Finding } from './scene.ts'
import type { Speaker, Spoken } from './speaker.ts'
import { advice, boilerplates, clearLungs, plainDenials, signs, symptomOf, symptoms, termsOf } from './vocabulary.ts'

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
const ungraded: ReadonlySet<FindingName> = new Set([
  'Nodule',
  'Mass',
  'Consolidation',
  'Pleural Plaque',
  'Rib Fracture',
  'Enlarged Mediastinum',
  'Support Devices',
])
/** Findings with a side before the name and no place after it. */
export const sided: ReadonlySet<FindingName> = new Set([
  'Pleural Effusion',
  'Pneumothorax',
  'Pleural Plaque',
  'Rib Fracture',
  'Support Devices',
])
/** Findings whose parts are counted one by one. */
export const multiples: ReadonlySet<FindingName> = new Set(['Nodule', 'Pleural Plaque', 'Rib Fracture'])

function degreeOf({ name, severity }: Finding, stream: Random): string | null {
  if (ungraded.has(name) || stream.chance(0.3)) return null
  const word = graded.has(name) ? { small: 'mild', moderate: 'moderate', large: 'severe' }[severity] : severity
  return say(degree[word] as Weighted, stream)
}

/** "left lower lobe", "both lungs", or nothing. */
function whereOf({ name, side, zone }: Finding, stream: Random): string | null {
  if (side === 'none') return null
  if (side === 'bilateral') return zone && name !== 'Nodule' ? `both ${zone} lung zones` : 'both lungs'
  if (!zone) return `${side} lung`
  if (zone === 'mid') return side === 'right' ? stream.pick(['right middle lobe', 'right mid lung']) : 'left mid lung'
  if (stream.chance(0.06)) return `${side === 'right' ? 'R' : 'L'}${zone === 'upper' ? 'UL' : 'LL'}`
  const area = stream.weighted([
    ['lobe', 0.7],
    ['lung zone', 0.3],
  ] as const)
  return `${side} ${zone} ${area}`
}

function placed(where: string | null): string | null {
  return where === null ? null : where.startsWith('both') ? `in ${where}` : `in the ${where}`
}

function phrase(finding: Finding, manner: Manner, stream: Random): Spoken {
  const terms = termsOf(finding)
  const base = nameOf(terms, manner, stream)
  const many = finding.parts.length > 1 && multiples.has(finding.name)
  const measure = finding.sizeMm !== null && stream.chance(0.6) && !many ? `${finding.sizeMm} mm` : null
  const grade = degreeOf(finding, stream)
  const name = many && !manner.heldOutSynonyms ? plural(base) : base
  const words = (...parts: (string | null)[]): string => parts.filter((part) => part !== null).join(' ')
  const said = { name, degree: grade, measure, mass: terms.mass ?? false, many }
  if (sided.has(finding.name)) {
    const side = finding.side === 'none' ? null : finding.side
    return { ...said, noun: words(grade, measure, side, name), place: null, where: side }
  }
  const where = whereOf(finding, stream)
  const count = finding.name === 'Nodule' && many ? String(finding.parts.length) : null
  return { ...said, noun: words(count, grade, measure, name), place: placed(where), where }
}

export const englishSpeaker: Speaker = {
  code: 'en',
  language: english,
  indication(scene, stream) {
    const reasons = scene.findings.flatMap(({ name, reading }) =>
      name === 'Consolidation' && reading === null ? ['cough'] : (symptomOf[name] ?? []),
    )
    const reason = reasons.length > 0 && stream.chance(0.6) ? stream.pick(reasons) : say(symptoms, stream)
    const sex = scene.sex === 'F' ? stream.pick(['female', 'woman']) : stream.pick(['male', 'man'])
    return `${scene.age} year old ${sex} with ${reason}.`
  },
  comparison: {
    none: [
      ['None.', 0.8],
      ['None available.', 0.2],
    ],
    prior: [
      ['Prior chest radiograph.', 0.7],
      ['Chest radiograph from the prior visit.', 0.3],
    ],
  },
  boilerplates,
  clearLungs,
  plainDenials,
  filler: 'The examination is technically adequate.',
  phrase,
  name: (name, manner, stream) => nameOf(termsOf(name), manner, stream),
  signs,
  sideAndPlace({ side, zone }) {
    if (side === 'none') return { side: '', at: '' }
    if (side === 'bilateral') return { side: 'both sides', at: 'on both sides' }
    return { side: `the ${side} side`, at: zone ? `in the ${side} ${zone} lung` : `on the ${side} side` }
  },
  courseWord: { improving: 'improved', stable: 'stable', worsening: 'worsened', new: 'new' },
  resolved: [
    ['The {noun} has resolved.', 0.5],
    ['Previously seen {noun} has resolved.', 0.3],
    ['The {noun} is no longer seen.', 0.2],
  ],
  noun: (finding) => englishNoun(termsOf(finding).train[0]?.[0] as string, termsOf(finding).mass),
  placeOf: (side, zone) => `${side} ${zone}`,
  questions: {
    ...englishQuestions('chest radiograph'),
    place: ({ text }) => `In which part of the lung is the ${text}?`,
    view: 'Which views were taken?',
    views: ['PA', 'PA and lateral'],
    largerEffusion: 'Which pleural effusion is larger?',
  },
  pneumonia: { said: 'concerning for pneumonia', name: 'pneumonia' },
  advice,
  normal: [
    ['No acute cardiopulmonary abnormality.', 0.6],
    ['No acute cardiopulmonary process.', 0.3],
    ['Normal chest radiograph.', 0.1],
  ],
  asAbove: 'Findings as above.',
}
