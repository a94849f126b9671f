/** @file The mammogram phantom: BI-RADS words and declaration. */

import { z } from 'zod'
import { detectorFrom } from '../common/acquisition.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain } from '../common/picture-domain.ts'
import { commonEffects } from '../dial-effects.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { phantomDomain } from '../domain.ts'
import { breastOf, drawMammogram, type MammogramView, mammogramOutlines, pectoralOf } from './render.ts'
import {
  assessmentOf,
  type MammogramAnatomy,
  type MammogramFinding,
  type MammogramShape,
  mammogramFindings,
  mammogramPlanner,
  mammogramSpecs,
} from './scene.ts'

const densities = [
  'The breast is almost entirely fatty.',
  'There are scattered areas of fibroglandular density.',
  'The breast tissue is heterogeneously dense.',
  'The breast tissue is extremely dense.',
] as const

/** "upper outer quadrant". */
const quadrantOf = ({ at: [, up, out] }: MammogramShape): string =>
  `${up > 0 ? 'upper' : 'lower'} ${out > 0 ? 'outer' : 'inner'} quadrant`

export const mammogramWords: Dictation<MammogramFinding, MammogramAnatomy, MammogramShape> = {
  specs: mammogramSpecs,
  kind: 'mammogram',
  examination: ({ anatomy }) => `Mammogram of the ${anatomy.side} breast`,
  wording({ name, shape }, { anatomy }, stream) {
    const quadrant = `in the ${quadrantOf(shape)}`
    const size = stream.chance(0.6) ? `${Math.round(shape.size)} mm` : ''
    if (name === 'Mass') return { before: `${size} ${shape.form} ${shape.margin}`, place: quadrant }
    if (name === 'Calcifications') return { before: shape.kind, place: quadrant }
    if (name === 'Architectural Distortion') return { place: quadrant }
    if (name === 'Skin Thickening') return { place: `of the ${anatomy.side} breast` }
    return { before: size, place: `in the ${anatomy.side} axilla` }
  },
  facts({ name, shape }, { anatomy: { side } }) {
    const place = quadrantOf(shape)
    const mm = Math.round(shape.size)
    if (name === 'Mass') return { side, place, kind: shape.form, mm, extent: mm }
    if (name === 'Calcifications') return { side, place, kind: shape.kind, extent: mm }
    if (name === 'Architectural Distortion') return { side, place, extent: mm }
    return name === 'Skin Thickening' ? { side, extent: mm } : { side, place: 'axilla', mm, extent: mm }
  },
  short: {
    'upper outer quadrant': 'UOQ',
    'upper inner quadrant': 'UIQ',
    'lower outer quadrant': 'LOQ',
    'lower inner quadrant': 'LIQ',
  },
  remarks(scene, stream) {
    const out: { section: 'findings' | 'impression'; text: string }[] = []
    if (stream.chance(0.8)) out.push({ section: 'findings', text: densities[scene.anatomy.density] })
    const said = new Set(scene.mentions.map(({ name }) => name))
    const whole = scene.mentions.every(({ wrong, polarity }) => !wrong && polarity !== -1)
    if (whole && scene.findings.every(({ name }) => said.has(name)) && stream.chance(0.85))
      out.push({ section: 'impression', text: `BI-RADS ${assessmentOf(scene)}.` })
    return out
  },
  complaints: [
    ['screening', 0.7],
    ['breast pain', 0.15],
    ['a family history of breast cancer', 0.15],
  ],
  comparison: 'Earlier mammograms.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        [
          'There is no suspicious mass, calcification or distortion.',
          ['Mass', 'Calcifications', 'Architectural Distortion'],
        ],
      ],
      impression: 'BI-RADS 1. Normal mammogram.',
    },
    {
      weight: 0.4,
      sentences: [
        ['No mass.', ['Mass']],
        ['No suspicious calcifications.', ['Calcifications']],
        ['No architectural distortion.', ['Architectural Distortion']],
      ],
      impression: 'Negative. BI-RADS 1.',
    },
  ],
  normal: [
    ['Normal mammogram.', 0.6],
    ['No sign of malignancy.', 0.4],
  ],
  advice: {
    Mass: ['Ultrasound is advised.', 'Biopsy is to be discussed.'],
    Calcifications: ['Magnification views are advised.'],
  },
}

export const mammogramPictures: PictureDomain<MammogramFinding, MammogramAnatomy, MammogramShape, CommonDials> = {
  planner: mammogramPlanner,
  words: mammogramWords,
  views: () => [
    { name: 'MLO', modality: 'MG', id: 'mlo' },
    { name: 'CC', modality: 'MG', id: 'cc' },
  ],
  pose({ anatomy }, view) {
    const { roll, shift, zoom } = anatomy.acquisition[view.id === 'cc' ? 1 : 0]
    const field = 188 * zoom
    const mirrored = anatomy.side === 'right'
    // The chest wall lies at one edge of the film; only height varies freely.
    const wall = (field / 2 + 4 - Math.abs(shift[0]) * 0.6) * (mirrored ? 1 : -1)
    return { field, roll: roll * 0.5, shift: [wall, shift[1] + (view.id === 'mlo' ? 12 : 0)], mirrored }
  },
  draw: (scene, canvas, view, how) => drawMammogram(scene, canvas, view.name as MammogramView, how),
  outlines: (scene, finding, view) => mammogramOutlines(scene, finding, view.name as MammogramView),
  organs: (scene, view) => [
    { label: 'Breast', shapes: [breastOf(scene, view.name as MammogramView)] },
    ...(view.name === 'MLO' ? [{ label: 'Pectoral Muscle', shapes: [pectoralOf(scene)] }] : []),
  ],
  margin: 1.5,
  detector: ({ anatomy }, view) => detectorFrom(anatomy.acquisition[view.id === 'cc' ? 1 : 0]),
  tag: true,
  attributes: (scene) => ({
    side: scene.anatomy.side,
    density: 'abcd'.charAt(scene.anatomy.density),
    birads: assessmentOf(scene),
  }),
}

export const mammogram = phantomDomain({
  id: 'mammogram',
  name: 'Mammogram',
  ...fieldsOf(mammogramSpecs),
  dials: z.strictObject(commonDials(mammogramFindings)),
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  make: makePictures(mammogramPictures),
  effects: commonEffects({ ...mammogramPlanner, cue: 'Mass' }),
  card: {
    scene:
      'One breast in the oblique and the cranio-caudal view: fat, glandular tissue, ligaments, skin, pectoral muscle.',
    hard: [
      'masses hide in dense tissue; specks are about a pixel at 96 pixels a side',
      'a node is seen in the oblique view only, positions differ between the views',
      'benign and suspicious differ by margin and form, not by size',
    ],
    truth: [
      'labels, boxes and masks of findings in both views; masks of breast and pectoral muscle',
      'attributes.birads: assessment of what is drawn, attributes.density: a-d, attributes.side',
      'BI-RADS words of form, margin and kind',
    ],
    systems: ['domain identification', 'BI-RADS by exclusive prompts', 'Byra'],
  },
})
