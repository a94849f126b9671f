/** @file The breast ultrasound phantom: BI-RADS words and declaration. */

import { z } from 'zod'
import { detectorFrom, poseFrom } from '../common/acquisition.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain } from '../common/picture-domain.ts'
import { commonEffects } from '../dial-effects.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { phantomDomain } from '../domain.ts'
import { breastDepth, breastOutlines, drawBreast } from './breast-render.ts'
import {
  type BreastAnatomy,
  type BreastFinding,
  type BreastShape,
  breastAssessment,
  breastFindings,
  breastPlanner,
  breastSpecs,
} from './breast-scene.ts'

export const breastWords: Dictation<BreastFinding, BreastAnatomy, BreastShape> = {
  specs: breastSpecs,
  kind: 'breast ultrasound',
  examination: ({ anatomy }) => `Ultrasound of the ${anatomy.side} breast`,
  wording({ name, shape }, _scene, stream) {
    const place = stream.chance(0.5) ? `at a depth of ${Math.round(shape.at[1])} mm` : null
    if (name === 'Calcifications') return {}
    if (name === 'Duct Ectasia') return { place }
    const size = stream.chance(0.6) ? `${Math.round(2 * Math.max(...shape.radii))} mm` : ''
    const orientation = shape.radii[1] > shape.radii[0] ? 'non-parallel' : 'parallel'
    const descriptors = [shape.form, orientation, shape.margin].filter(() => stream.chance(0.75))
    const after =
      shape.posterior === 'no posterior feature' || stream.chance(0.3) ? '' : `with posterior ${shape.posterior}`
    return { before: `${size} ${name === 'Cyst' ? shape.form : descriptors.join(' ')}`, after, place }
  },
  facts({ name, shape: { radii, form, at } }, { anatomy: { side } }) {
    if (name === 'Calcifications') return { side }
    const place = `depth of ${Math.round(at[1])} mm`
    if (name === 'Duct Ectasia') return { side, place }
    const mm = Math.round(2 * Math.max(...radii))
    return { side, place, kind: form, mm, extent: mm }
  },
  short: { posterior: 'post.', circumscribed: 'circ.' },
  remarks(scene, stream) {
    const said = new Set(scene.mentions.map(({ name }) => name))
    const whole = scene.mentions.every(({ wrong, polarity }) => !wrong && polarity !== -1)
    if (!whole || !scene.findings.every(({ name }) => said.has(name)) || stream.chance(0.2)) return []
    return [{ section: 'impression', text: `BI-RADS ${breastAssessment(scene)}.` }]
  },
  complaints: [
    ['breast pain', 0.4],
    ['a palpable abnormality', 0.3],
    ['a mammographic finding', 0.3],
  ],
  comparison: 'Earlier ultrasound of the breast.',
  boilerplates: [
    {
      weight: 0.65,
      sentences: [
        ['No mass or cyst.', ['Malignant Mass', 'Cyst']],
        ['The layers of the breast are regular.', []],
      ],
      impression: 'Normal ultrasound. BI-RADS 1.',
    },
    {
      weight: 0.35,
      sentences: [
        ['There is no suspicious mass.', ['Malignant Mass']],
        ['No cyst.', ['Cyst']],
      ],
      impression: 'Negative. BI-RADS 1.',
    },
  ],
  normal: [
    ['Normal ultrasound of the breast.', 0.6],
    ['No sign of malignancy.', 0.4],
  ],
  advice: { 'Malignant Mass': ['Biopsy is advised.'], 'Benign Mass': ['Control in six months is advised.'] },
}

export const breastPictures: PictureDomain<BreastFinding, BreastAnatomy, BreastShape, CommonDials> = {
  planner: breastPlanner,
  words: breastWords,
  views: () => [{ name: 'linear', modality: 'US', id: 'us' }],
  pose({ anatomy }) {
    const pose = poseFrom(anatomy.acquisition, breastDepth)
    // The probe lies on the skin: the top of the picture stays at depth 0.
    return { ...pose, roll: 0, shift: [pose.shift[0] + 40 * pose.roll, -pose.field / 2 + 1] }
  },
  draw: (scene, canvas, _view, how) => drawBreast(scene, canvas, how),
  outlines: (scene, finding) => breastOutlines(scene, finding),
  displacing: new Set<BreastFinding>(['Malignant Mass', 'Benign Mass', 'Cyst']),
  margin: 0.8,
  detector: ({ anatomy }) => detectorFrom(anatomy.acquisition),
  tag: true,
  attributes: (scene) => ({ side: scene.anatomy.side, birads: breastAssessment(scene) }),
}

export const ultrasoundBreast = phantomDomain({
  id: 'ultrasound-breast',
  name: 'Breast ultrasound',
  ...fieldsOf(breastSpecs),
  dials: z.strictObject(commonDials(breastFindings)),
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  make: makePictures(breastPictures),
  effects: commonEffects({ ...breastPlanner, cue: 'Cyst' }),
  card: {
    scene: 'A linear probe on the breast: skin, fat with ligaments, gland, muscle; at most one lesion in speckle.',
    hard: [
      'benign and malignant have the same size and darkness: form, margin, orientation and what lies behind tell them',
      'speckle, depth, gain and dynamic range vary',
      'bright foci of a few pixels; ducts that look like small cysts',
    ],
    truth: [
      'labels, boxes and masks of lesions',
      'attributes.birads 1-5 of what is drawn',
      'BI-RADS descriptors in words',
    ],
    systems: ['Byra', 'UDIAT-style sets', 'MedVLSM'],
  },
})
