/** @file The dental panorama phantom: words and declaration. */

import { z } from 'zod'
import { detectorFrom, poseFrom } from '../common/acquisition.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain } from '../common/picture-domain.ts'
import { commonEffects } from '../dial-effects.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { phantomDomain } from '../domain.ts'
import { drawPanorama, mandible } from './panorama-render.ts'
import {
  type PanoramaAnatomy,
  type PanoramaFinding,
  type PanoramaShape,
  panoramaFindings,
  panoramaPlanner,
  panoramaSpecs,
} from './panorama-scene.ts'
import { panoramaOutlines } from './panorama-teeth.ts'

const names = [
  'central incisor',
  'lateral incisor',
  'canine',
  'first premolar',
  'second premolar',
  'first molar',
  'second molar',
  'third molar',
]
/** Quadrant of the two-digit scheme of the FDI. */
const quadrant = ({ jaw, side }: PanoramaShape): number =>
  jaw === 'upper' ? (side === 'right' ? 1 : 2) : side === 'left' ? 3 : 4

export const panoramaWords: Dictation<PanoramaFinding, PanoramaAnatomy, PanoramaShape> = {
  specs: panoramaSpecs,
  kind: 'dental panorama',
  examination: () => 'Dental panoramic radiograph',
  wording({ name, shape }, _scene, stream) {
    if (name === 'Impacted Wisdom Tooth') return { place: `in the ${shape.side} ${shape.jaw} jaw` }
    const tooth = `${shape.side} ${shape.jaw} ${names[shape.tooth - 1]}`
    const preposition = name === 'Missing Tooth' || name === 'Implant' ? 'in the position of' : 'at'
    return {
      place: stream.chance(0.6)
        ? `${preposition} the ${tooth}`
        : `${preposition} tooth ${quadrant(shape)}${shape.tooth}`,
    }
  },
  facts({ name, shape }) {
    const { side, jaw, tooth } = shape
    return { side, place: name === 'Impacted Wisdom Tooth' ? `${jaw} jaw` : `${jaw} ${names[tooth - 1]}` }
  },
  short: { 'right upper': 'UR', 'left upper': 'UL', 'right lower': 'LR', 'left lower': 'LL' },
  complaints: [
    ['a dental check', 0.5],
    ['toothache', 0.3],
    ['a treatment to be planned', 0.2],
  ],
  comparison: 'Earlier panoramic radiograph.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['No caries or periapical lesion.', ['Caries', 'Periapical Lesion']],
        ['The condyles are symmetric.', []],
      ],
      impression: 'Normal dental panorama.',
    },
    {
      weight: 0.4,
      sentences: [
        ['The teeth are free of caries.', ['Caries']],
        ['No periapical lesion.', ['Periapical Lesion']],
      ],
      impression: 'No dental abnormality.',
    },
  ],
  normal: [
    ['Normal dental panorama.', 0.6],
    ['No dental abnormality.', 0.4],
  ],
  advice: { Caries: ['Treatment is advised.'], 'Periapical Lesion': ['Endodontic treatment is advised.'] },
}

export const panoramaPictures: PictureDomain<PanoramaFinding, PanoramaAnatomy, PanoramaShape, CommonDials> = {
  planner: panoramaPlanner,
  words: panoramaWords,
  views: () => [{ name: 'panorama', modality: 'PX', id: 'px' }],
  pose({ anatomy }) {
    const pose = poseFrom(anatomy.acquisition, 158)
    return { ...pose, shift: [pose.shift[0], pose.shift[1] + 4] }
  },
  draw: (scene, canvas, _view, how) => drawPanorama(scene, canvas, how),
  outlines: (scene, finding) => panoramaOutlines(scene, finding),
  organs: (scene) => [{ label: 'Mandible', shapes: [mandible(scene)] }],
  margin: 1.2,
  detector: ({ anatomy }) => detectorFrom(anatomy.acquisition),
  tag: true,
}

export const dentalPanorama = phantomDomain({
  id: 'dental-panorama',
  name: 'Dental panorama',
  ...fieldsOf(panoramaSpecs),
  dials: z.strictObject(commonDials(panoramaFindings)),
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  make: makePictures(panoramaPictures),
  effects: commonEffects({ ...panoramaPlanner, cue: 'Filling' }),
  card: {
    scene:
      'Both jaws unrolled: 28 to 30 teeth with roots, lower jaw with condyles and nerve canal, sinuses, shadow of the spine.',
    hard: [
      'each finding concerns one tooth of thirty, a few pixels wide at 96 pixels a side',
      'fillings, implants and overlaps are all bright; caries and root-tip lesions are all dark',
      'left and right, upper and lower, and the number of the tooth are in the words',
    ],
    truth: ['labels, boxes and masks of findings', 'tooth by name or two-digit number in words'],
    systems: ['domain identification'],
  },
})
