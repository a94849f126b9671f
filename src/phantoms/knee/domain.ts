/** @file The knee phantom: words and declaration. */

import { z } from 'zod'
import { detectorFrom, poseFrom } from '../common/acquisition.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain } from '../common/picture-domain.ts'
import { commonEffects } from '../dial-effects.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { phantomDomain } from '../domain.ts'
import { drawKnee, kneeOutlines } from './render.ts'
import {
  gradeOf,
  type KneeAnatomy,
  type KneeFinding,
  type KneeShape,
  kneeFindings,
  kneePlanner,
  kneeSpecs,
} from './scene.ts'

const degree = (amount: number): string => (amount < 0.33 ? 'mild' : amount < 0.67 ? 'moderate' : 'severe')
/** Size of spurs in words. */
const spurs = (amount: number): string => (amount < 0.3 ? 'minute' : amount < 0.65 ? 'small' : 'large')

export const kneeWords: Dictation<KneeFinding, KneeAnatomy, KneeShape> = {
  specs: kneeSpecs,
  kind: 'knee radiograph',
  examination: ({ anatomy }) => `Frontal radiograph of the ${anatomy.side} knee`,
  wording({ name, shape }, { anatomy }, stream) {
    const { compartment, amount, size } = shape
    if (name === 'Osteophytes') {
      return { before: stream.chance(0.7) ? spurs(amount) : '' }
    }
    if (name === 'Loose Body') {
      return { before: stream.chance(0.6) ? `${Math.round(size)} mm` : '', place: `on the ${compartment} side` }
    }
    if (name === 'Tibial Plateau Fracture') return { before: stream.chance(0.8) ? compartment : '' }
    if (name === 'Chondrocalcinosis') return { place: `in the ${compartment} compartment` }
    const place = stream.pick([`in the ${compartment} compartment`, `${compartment}ly`, `of the ${anatomy.side} knee`])
    return { before: name === 'Joint Space Narrowing' && stream.chance(0.7) ? degree(amount) : '', place }
  },
  facts({ name, shape: { compartment, amount, size } }, { anatomy: { side } }) {
    const place = `${compartment} compartment`
    if (name === 'Loose Body') return { side, place: `${compartment} side`, mm: Math.round(size), extent: size }
    if (name === 'Tibial Plateau Fracture') return { side, place: compartment }
    if (name === 'Osteophytes') return { side, degree: spurs(amount), extent: amount }
    return { side, place, extent: amount, ...(name === 'Joint Space Narrowing' ? { degree: degree(amount) } : {}) }
  },
  short: { compartment: 'comp.', 'medial compartment': 'med. comp.' },
  remarks(scene, stream) {
    const out: { section: 'findings' | 'impression'; text: string }[] = []
    if (stream.chance(0.25)) out.push({ section: 'findings', text: 'The patella is in its usual place.' })
    // Only a report that says all that is there can draw the sum.
    const whole = scene.mentions.every(({ wrong, polarity }) => !wrong && polarity !== -1)
    const said = new Set(scene.mentions.map(({ name }) => name))
    if (whole && scene.findings.every(({ name }) => said.has(name)) && stream.chance(0.7))
      out.push({
        section: 'impression',
        text: `${stream.pick(['Kellgren-Lawrence', 'KL'])} grade ${gradeOf(scene)}.`,
      })
    return out
  },
  complaints: [
    ['knee pain', 0.6],
    ['knee swelling', 0.2],
    ['instability', 0.1],
    ['a follow-up examination', 0.1],
  ],
  comparison: 'Earlier radiograph of the knee.',
  boilerplates: [
    {
      weight: 0.7,
      sentences: [
        ['No acute fracture.', ['Tibial Plateau Fracture']],
        ['Joint spaces are preserved.', ['Joint Space Narrowing']],
        ['Alignment is normal.', []],
      ],
      impression: 'Normal knee radiograph.',
    },
    {
      weight: 0.3,
      sentences: [
        ['The bones are intact.', ['Tibial Plateau Fracture']],
        ['The joint spaces are normal in width.', ['Joint Space Narrowing']],
      ],
      impression: 'No abnormality of the knee.',
    },
  ],
  normal: [
    ['Normal knee radiograph.', 0.6],
    ['No abnormality of the knee.', 0.4],
  ],
  advice: {
    'Tibial Plateau Fracture': ['Computed tomography is advised.'],
    'Loose Body': ['Orthopaedic referral is advised.'],
  },
}

export const kneePictures: PictureDomain<KneeFinding, KneeAnatomy, KneeShape, CommonDials> = {
  planner: kneePlanner,
  words: kneeWords,
  views: () => [{ name: 'AP', modality: 'DX', id: 'ap' }],
  pose: ({ anatomy }) => poseFrom(anatomy.acquisition, 150, anatomy.side === 'left'),
  draw: (scene, canvas, _view, how) => drawKnee(scene, canvas, how),
  outlines: (scene, finding) => kneeOutlines(scene, finding),
  displacing: new Set<KneeFinding>(['Joint Space Narrowing']),
  margin: 1.5,
  detector: ({ anatomy }) => detectorFrom(anatomy.acquisition),
  tag: true,
  attributes: (scene) => ({ side: scene.anatomy.side, grade: gradeOf(scene) }),
  more: (scene) => ({
    questions: [
      { question: 'What is the Kellgren-Lawrence grade?', answer: String(gradeOf(scene)), kind: 'open', type: 'grade' },
    ],
  }),
}

export const knee = phantomDomain({
  id: 'knee',
  name: 'Knee radiograph',
  ...fieldsOf(kneeSpecs),
  dials: z.strictObject(commonDials(kneeFindings)),
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  make: makePictures(kneePictures),
  effects: commonEffects({ ...kneePlanner, cue: 'Osteophytes' }),
  card: {
    scene: 'An AP film of one knee: femur, tibia, fibula and patella as spongy bone with cortex, in a round leg.',
    hard: [
      'signs are a few millimetres: spurs, a narrow joint space, a calcified line, a hairline',
      'the grade is a sum of signs: spurs alone are 1 or 2, spurs with narrowing 3 or 4',
      'left and right knees are mirror images',
    ],
    truth: [
      'labels in the report and in the picture, boxes and masks of signs',
      'attributes.grade: Kellgren-Lawrence 0-4 of what is drawn; a question on it',
      'attributes.side',
    ],
    systems: ['domain identification', 'grading by exclusive prompts'],
  },
})
