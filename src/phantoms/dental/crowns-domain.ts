/** @file The tooth crown phantom: instructions, implant points, declaration. */

import { z } from 'zod'
import { random } from '../../core/random.ts'
import type { Study } from '../../data/study.ts'
import { detectorFrom, poseFrom } from '../common/acquisition.ts'
import type { Canvas } from '../common/canvas.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain } from '../common/picture-domain.ts'
import { commonEffects } from '../dial-effects.ts'
import { type CommonDials, commonDials } from '../dials.ts'
import { phantomDomain } from '../domain.ts'
import { meanOf } from '../effects.ts'
import { mapPoints } from '../geometry.ts'
import { crownOutlines, drawCrowns, implantPoint, teethOf } from './crowns-render.ts'
import {
  type CrownAnatomy,
  type CrownFinding,
  type CrownScene,
  type CrownShape,
  crownFindings,
  crownPlanner,
  crownSpecs,
  placeWords,
  positionOf,
} from './crowns-scene.ts'

/** Gaps do not bring each other: no co-occurrence to turn. */
const crownDials = z
  .strictObject({
    ...commonDials(crownFindings),
    normals: z.number().min(0).max(1).default(0.2).describe('share of patients without any finding'),
  })
  .omit({ cooccurrence: true })

export const crownWords: Dictation<CrownFinding, CrownAnatomy, CrownShape> = {
  specs: crownSpecs,
  kind: 'scan of the tooth crowns',
  examination: () => 'Axial slice of the tooth crowns',
  wording: () => ({}),
  facts: ({ name }) => (positionOf[name] ? { place: `the ${positionOf[name]} of the picture` } : {}),
  complaints: [
    ['an implant to be planned', 0.6],
    ['a dental check', 0.4],
  ],
  comparison: 'Earlier scan of the jaw.',
  boilerplates: [
    { weight: 0.6, sentences: [['The tooth row is complete.', []]], impression: 'No implant is needed.' },
    { weight: 0.4, sentences: [['All teeth of the arch are present.', []]], impression: 'Complete dentition.' },
  ],
  normal: [
    ['No implant is needed.', 0.6],
    ['Complete dentition.', 0.4],
  ],
}

/** An implant point for each gap, one instruction, and questions on all three places. */
function implants(scene: CrownScene, canvas: Canvas): Partial<Study> {
  const gaps = scene.findings.flatMap(({ name, shape, strength }) => {
    const position = positionOf[name]
    if (!position || strength < 0.5) return []
    const [x, y] = mapPoints(implantPoint(scene, shape.tooth), canvas.pose) as [number, number]
    const inside = x >= 0 && y >= 0 && x < canvas.width && y < canvas.height
    const round = (v: number): number => Math.round(v * 100) / 100
    return inside ? [{ image: 0, label: position, point: [round(x), round(y)] }] : []
  })
  const stream = random(scene.seed, scene.domain, 'instruction', scene.index)
  const questions = (['left', 'middle', 'right'] as const).map((position) => ({
    question: `Is a tooth missing ${placeWords(position)}?`,
    answer: gaps.some(({ label }) => label === position) ? 'yes' : 'no',
    kind: 'closed' as const,
    type: 'position',
  }))
  const target = gaps.length > 0 ? stream.pick(gaps).label : undefined
  return {
    points: gaps,
    questions,
    ...(target === undefined
      ? {}
      : { captions: [`Place an implant ${placeWords(target)}.`], attributes: { instruction: target } }),
  }
}

export const crownPictures: PictureDomain<CrownFinding, CrownAnatomy, CrownShape, CommonDials> = {
  planner: crownPlanner,
  words: crownWords,
  views: () => [{ name: 'axial', modality: 'CT', id: 'axial' }],
  pose: ({ anatomy }) => poseFrom(anatomy.acquisition, 96),
  draw: (scene, canvas, _view, how) => drawCrowns(scene, canvas, how),
  outlines: (scene, finding) => crownOutlines(scene, finding),
  organs: (scene) => [{ label: 'Teeth', shapes: teethOf(scene) }],
  displacing: new Set<CrownFinding>(['Metal Crown']),
  margin: 0.8,
  detector: ({ anatomy }) => detectorFrom(anatomy.acquisition),
  tag: true,
  more: implants,
}

export const dentalCrowns = phantomDomain({
  id: 'dental-crowns',
  name: 'Tooth crowns',
  ...fieldsOf(crownSpecs),
  dials: crownDials,
  voices: ['report', 'caption'],
  size: { least: 48, most: 776, default: 96 },
  dicom: true,
  make: makePictures(crownPictures),
  effects: {
    ...commonEffects({ ...crownPlanner, cue: 'Metal Crown' }),
    prevalence: {
      values: [0.2, 1, 4],
      what: 'gaps a study',
      measure: meanOf((s) => s.points.length),
      dials: { normals: 0 },
    },
  },
  card: {
    scene:
      'An axial slice through the crowns of one jaw: fourteen teeth of enamel, dentine and pulp on an arch, with gaps.',
    hard: [
      'several gaps in a picture: only the word tells which one is meant',
      'teeth stand apart here and there without one missing; rotation and zoom vary',
      'metal throws rays over its neighbours',
    ],
    truth: [
      'points: the implant point of every gap, labelled left, middle or right as seen in the picture',
      'captions: an instruction for one of the gaps (attributes.instruction); questions on all three places',
      'masks of teeth, boxes of gaps',
    ],
    systems: ['TCEIP'],
  },
})
