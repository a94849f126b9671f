/** @file Fundus photographs as a domain. */

import type { StudyInput } from '../../data/study.ts'
import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects, togetherEffect } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanRatio } from '../effects.ts'
import { mapPoints } from '../geometry.ts'
import { presence } from '../person.ts'
import { storyOf } from '../statements.ts'
import { fundusBoxes, fundusMasks } from './annotate.ts'
import { fundusDials } from './dials.ts'
import { renderFundus } from './render.ts'
import { type FundusScene, gradeNames, type Lesion, type LesionName, lesionNames, sampleFundus } from './scene.ts'
import { poseOf } from './shapes.ts'
import { captionFundus, describeFundus, fundusWording, fundusWords } from './words.ts'

/** True labels of a scene: lesions, retinopathy and its grade. */
export function fundusTruth(scene: FundusScene): Record<string, 0 | 1> {
  return {
    ...presence(
      lesionNames,
      scene.findings.map(({ name }) => name),
    ),
    Retinopathy: scene.grade > 0 ? 1 : 0,
    ...presence(
      gradeNames,
      gradeNames.filter((_, i) => i + 1 === scene.grade),
    ),
  }
}

/** Middle of the optic disc and of the macula, where they lie in the picture. */
function landmarks(scene: FundusScene, size: number): StudyInput['points'] {
  const { disc } = scene.anatomy
  const pose = poseOf(scene, size)
  return (
    [
      ['Optic Disc', disc.x, disc.y],
      ['Macula', 0, 0],
    ] as const
  ).flatMap(([label, x, y]) => {
    const point = mapPoints([x, y], pose).map((v) => Math.round(v * 100) / 100)
    return point.every((v) => v >= 0 && v < size) ? [{ image: 0, label, point }] : []
  })
}

export const fundus = phantomDomain({
  id: 'fundus',
  name: 'Fundus photograph',
  findings: [...lesionNames, 'Retinopathy', 'Severe Retinopathy', 'Proliferative Retinopathy'],
  smallFindings: ['Microaneurysms', 'Haemorrhages', 'Hard Exudates', 'Cotton Wool Spots', 'New Vessels', 'Drusen'],
  dials: fundusDials,
  voices: ['report', 'caption'],
  words: fundusWords,
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleFundus(options.seed, index, dials, split)
    // Two eyes cannot be compared.
    const story = storyOf<LesionName, Lesion>(scene, fundusWording, (before) => {
      const earlier = sampleFundus(options.seed, before, dials, split)
      return earlier.eye === scene.eye ? earlier.findings : undefined
    })
    const sentences =
      options.voice === 'caption' ? captionFundus(scene, options) : describeFundus(scene, options, story.changes)
    return assemble(
      {
        domain: 'fundus',
        person: scene,
        picture: () => renderFundus(scene, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences,
        boxes: fundusBoxes(scene, size),
        points: landmarks(scene, size),
        masks: options.masks ? [...fundusMasks(scene, size)] : [],
        image: { view: scene.eye, modality: 'OP' },
        attributes: {
          grade: scene.grade,
          eye: scene.eye,
          camera: scene.camera.name,
          cupToDisc: Math.round(scene.anatomy.cup * 100) / 100,
          cue: scene.camera.notch,
        },
        truth: fundusTruth(scene),
        particulars: {
          ...story,
          examination: 'fundus photograph',
          names: lesionNames,
          words: fundusWords,
          questions: [
            { question: 'Which eye is shown?', answer: scene.eye, kind: 'open', type: 'view' },
            {
              question: 'What is the grade of diabetic retinopathy?',
              answer: String(scene.grade),
              kind: 'open',
              type: 'grade',
            },
          ],
        },
      },
      options,
    )
  },
  effects: {
    ...pictureEffects({ normals: 0 }),
    ...findingEffects(lesionNames),
    ...togetherEffect('Glaucomatous Cupping', 'Peripapillary Atrophy'),
    ...shortcutEffects('Drusen', 'Media Opacity'),
    camera: { values: ['orange', 'pale', 'green'], what: 'mean of green over red', measure: meanRatio(1, 0) },
  },
  card: {
    scene:
      'A colour photograph of the retina: disc and cup, macula, arteries and veins grown by branching, lesions of diabetes by grade and seven other conditions, taken by one of three cameras.',
    hard: [
      'microaneurysms of a pixel beside vessels of a pixel; drusen and exudates look alike',
      'the grade is told by how many lesions are where, not by one of them',
      'cameras with other tint, field and sharpness (domain shift)',
      'normal reports that are equal word for word',
    ],
    truth: [
      'labels of lesions and grades in the words and in the picture',
      'boxes of lesions; masks of disc, vessels and lesions',
      'grade, cup to disc ratio, eye and camera as attributes; amount and place of lesions; middle of disc and macula as points',
      'course of lesions since the study before, where it shows the same eye; graph of the report; questions',
    ],
    systems: ['FLAIR', 'CoOPLVT', 'AnomalyCLIP'],
  },
})
