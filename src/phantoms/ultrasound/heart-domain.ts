/** @file The heart ultrasound phantom: end-diastole and end-systole in two apical views, a beat as frames, words, declaration. */

import { detectorFrom, poseFrom } from '../common/acquisition.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain, renderView, type View } from '../common/picture-domain.ts'
import { planScene } from '../common/plan.ts'
import { commonEffects } from '../dial-effects.ts'
import { type MadeStudy, phantomDomain } from '../domain.ts'
import { encodePng, quantise } from '../encode.ts'
import type { Points } from '../geometry.ts'
import { studyId } from '../person.ts'
import { chambersOf, contraction, drawHeart, effusionOf, type HeartView } from './heart-render.ts'
import {
  type HeartAnatomy,
  type HeartDials,
  type HeartFinding,
  type HeartScene,
  type HeartShape,
  heartDials,
  heartPlanner,
  heartSpecs,
} from './heart-scene.ts'

/** End-systole first: it shows best how well the heart pumps. */
const views: readonly View[] = ['4CH-ES', '4CH-ED', '2CH-ED', '2CH-ES'].map((name) => ({
  name,
  modality: 'US',
  id: name.toLowerCase(),
}))

const systole = 0.36
const momentOf = ({ name }: View): { view: HeartView; phase: number } => ({
  view: name.slice(0, 3) as HeartView,
  phase: name.startsWith('frame', 4) ? Number(name.slice(10)) : name.endsWith('ES') ? systole : 0,
})

const chambersIn = (scene: HeartScene, view: View) => {
  const moment = momentOf(view)
  return chambersOf(scene, moment.view, contraction(moment.phase), effusionOf(scene))
}

const severity = (amount: number): keyof typeof adjective =>
  amount < 0.34 ? 'mildly' : amount < 0.67 ? 'moderately' : 'severely'
const sizeOf = (amount: number): string => (amount < 0.34 ? 'small' : amount < 0.67 ? 'moderate' : 'large')
const adjective = { mildly: 'mild', moderately: 'moderate', severely: 'severe' } as const

export const heartWords: Dictation<HeartFinding, HeartAnatomy, HeartShape> = {
  specs: heartSpecs,
  kind: 'echocardiogram',
  examination: () => 'Apical echocardiogram',
  wording({ name, shape }, { anatomy }, stream) {
    const how = severity(shape.amount)
    if (name === 'Pericardial Effusion') {
      return {
        before: stream.chance(0.75) ? sizeOf(shape.amount) : '',
        after: stream.chance(0.4) ? `of ${Math.round(shape.size)} mm` : '',
      }
    }
    if (name === 'Reduced Ejection Fraction') {
      const percent = Math.round(anatomy.ejection * 100)
      return {
        before: stream.chance(0.5) ? how : '',
        after: stream.chance(0.6) ? `with an ejection fraction of ${percent} %` : '',
      }
    }
    if (name === 'Left Ventricular Hypertrophy') return { before: stream.chance(0.6) ? adjective[how] : '' }
    return { before: '' }
  },
  facts({ name, shape: { amount, size } }) {
    const how = severity(amount)
    if (name === 'Pericardial Effusion') return { degree: sizeOf(amount), mm: Math.round(size), extent: size }
    if (name === 'Reduced Ejection Fraction') return { degree: how, extent: amount }
    if (name === 'Left Ventricular Hypertrophy') return { degree: adjective[how], extent: amount }
    return { extent: amount }
  },
  short: { 'ejection fraction': 'EF', 'left ventricle': 'LV', 'left atrium': 'LA' },
  remarks(scene, stream) {
    const out: { section: 'findings'; text: string }[] = []
    if (stream.chance(0.6)) out.push({ section: 'findings', text: `Image quality is ${scene.anatomy.quality}.` })
    return out
  },
  complaints: [
    ['shortness of breath', 0.5],
    ['palpitations', 0.2],
    ['a heart murmur', 0.2],
    ['a preoperative check', 0.1],
  ],
  comparison: 'Earlier echocardiogram.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['Systolic function is normal.', ['Reduced Ejection Fraction']],
        ['No pericardial effusion.', ['Pericardial Effusion']],
      ],
      impression: 'Normal echocardiogram.',
    },
    {
      weight: 0.4,
      sentences: [
        ['The ejection fraction is normal.', ['Reduced Ejection Fraction']],
        ['There is no pericardial effusion.', ['Pericardial Effusion']],
      ],
      impression: 'Normal findings.',
    },
  ],
  normal: [
    ['Normal echocardiogram.', 0.7],
    ['Normal findings.', 0.3],
  ],
  advice: { 'Reduced Ejection Fraction': ['Cardiological review is advised.'] },
}

export const heartPictures: PictureDomain<HeartFinding, HeartAnatomy, HeartShape, HeartDials> = {
  planner: heartPlanner,
  words: heartWords,
  views: () => views,
  pose({ anatomy }) {
    const pose = poseFrom(anatomy.acquisition, anatomy.depth, anatomy.mirrored)
    return { ...pose, shift: [pose.shift[0], -pose.field / 2 + 2] }
  },
  draw(scene, canvas, view, how) {
    const { view: chambers, phase } = momentOf(view)
    return drawHeart(scene, canvas, chambers, phase, how)
  },
  outlines(scene, index, view) {
    const { ventricle, myocardium, atrium, fluid } = chambersIn(scene, view)
    const outlines: Record<HeartFinding, Points> = {
      'Reduced Ejection Fraction': ventricle,
      'Dilated Left Ventricle': ventricle,
      'Left Ventricular Hypertrophy': myocardium,
      'Enlarged Left Atrium': atrium,
      'Pericardial Effusion': fluid,
    }
    const points = outlines[(scene.findings[index] as HeartScene['findings'][number]).name]
    return points.length > 0 ? [[points]] : []
  },
  organs(scene, view) {
    const { ventricle, myocardium, atrium } = chambersIn(scene, view)
    return [
      { label: 'Left Ventricle', shapes: [ventricle] },
      { label: 'Myocardium', shapes: [myocardium] },
      { label: 'Left Atrium', shapes: [atrium] },
    ]
  },
  displacing: new Set<HeartFinding>([
    'Reduced Ejection Fraction',
    'Dilated Left Ventricle',
    'Left Ventricular Hypertrophy',
    'Enlarged Left Atrium',
  ]),
  margin: 1.5,
  detector: ({ anatomy }) => detectorFrom(anatomy.acquisition),
  tag: true,
  attributes: ({ anatomy }) => ({
    ejectionFraction: Math.round(anatomy.ejection * 100),
    heartRate: Math.round(anatomy.rate),
    quality: anatomy.quality,
  }),
}

const makeStills = makePictures(heartPictures)

export const ultrasoundHeart = phantomDomain({
  id: 'ultrasound-heart',
  name: 'Heart ultrasound',
  ...fieldsOf(heartSpecs),
  dials: heartDials,
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  async make(place, options): Promise<MadeStudy> {
    const { dials, size, bits, seed } = options
    const { study, files } = await makeStills(place, options)
    if (dials.frames === 0) return { study, files }
    const scene = planScene(heartPlanner, seed, place, dials)
    const frames: MadeStudy['study']['frames'] = []
    const pictures: { path: string; bytes: Uint8Array }[] = []
    for (let k = 0; k < dials.frames; k++) {
      const phase = k / dials.frames
      const view: View = { name: `4CH-frame ${phase}`, modality: 'US', id: `frame-${k}` }
      const path = `frames/${studyId(place.index)}-${String(k).padStart(2, '0')}.png`
      if (options.pictures !== false) {
        const grey = renderView(heartPictures, scene, view, size, { contrast: dials.contrast, noise: dials.noise })
        pictures.push({ path, bytes: await encodePng(quantise(grey, bits), size, size) })
      }
      const moment = phase < systole ? 'systole' : 'diastole'
      const seconds = Math.round((phase * 60e3) / scene.anatomy.rate) / 1e3
      frames.push({ path, seconds, caption: `Four-chamber view in ${moment}.`, labels: {} })
    }
    return { study: { ...study, frames }, files: [...files, ...pictures] }
  },
  effects: {
    ...commonEffects({ ...heartPlanner, cue: 'Enlarged Left Atrium' }),
    frames: {
      values: [0, 2, 6],
      what: 'frames a study',
      measure: (made) => made.reduce((sum, { study }) => sum + study.frames.length, 0) / made.length,
      studies: 2,
    },
  },
  card: {
    scene:
      'Apical two- and four-chamber views: ventricles, atria, muscle and valves over one beat, in a sector with speckle.',
    hard: [
      'pump function shows in the difference of end-diastole and end-systole only',
      'walls along the beam drop out, more so in poor studies',
      'sizes differ by a fifth; depth, angle and place vary more, and every second laboratory shows the picture mirrored',
    ],
    truth: [
      'masks of left ventricle, muscle and left atrium at end-diastole and end-systole (a ring, an open bullet, an oval)',
      'attributes: ejectionFraction, heartRate, quality, age, sex; views 2CH and 4CH, ED and ES',
      'frames over a beat with times',
    ],
    systems: ['SyntheticBoost', 'MedVLSM (CAMUS style)'],
  },
})
