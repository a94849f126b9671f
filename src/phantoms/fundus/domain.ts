/** @file Fundus photographs as a domain. */

import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects, togetherEffect } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanRatio } from '../effects.ts'
import { presence } from '../person.ts'
import { fundusBoxes, fundusMasks } from './annotate.ts'
import { fundusDials } from './dials.ts'
import { renderFundus } from './render.ts'
import { type FundusScene, gradeNames, lesionNames, sampleFundus } from './scene.ts'
import { captionFundus, describeFundus, fundusWords } from './words.ts'

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

export const fundus = phantomDomain({
  id: 'fundus',
  name: 'Fundus photograph',
  findings: [...lesionNames, 'Retinopathy', 'Severe Retinopathy', 'Proliferative Retinopathy'],
  smallFindings: ['Microaneurysms', 'Haemorrhages', 'Hard Exudates', 'Cotton Wool Spots', 'New Vessels', 'Drusen'],
  dials: fundusDials,
  voices: ['report', 'caption'],
  words: fundusWords,
  size: { least: 48, most: 1024, default: 96 },
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleFundus(options.seed, index, dials, split)
    const sentences = (options.voice === 'caption' ? captionFundus : describeFundus)(scene, options)
    return assemble(
      {
        domain: 'fundus',
        person: scene,
        picture: renderFundus(scene, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences,
        boxes: fundusBoxes(scene, size),
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
      'grade, cup to disc ratio, eye and camera as attributes',
    ],
    systems: ['FLAIR', 'CoOPLVT', 'AnomalyCLIP'],
  },
})
