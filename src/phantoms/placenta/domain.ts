/** @file The placenta phantom: photographs, pathology notes as items, declaration. */

import { random } from '../../core/random.ts'
import { encodeCanvas } from '../colour.ts'
import { boxAround, canvasOf, maskOf } from '../common/canvas.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf } from '../common/picture-domain.ts'
import { planScene } from '../common/plan.ts'
import { type PlacedBox, recordScene } from '../common/record.ts'
import { commonEffects } from '../dial-effects.ts'
import { dicomOf } from '../dicom-pictures.ts'
import { type MadeStudy, type MakeOptions, phantomDomain } from '../domain.ts'
import { meanRatio, shareOf } from '../effects.ts'
import { encodePng } from '../encode.ts'
import type { Place } from '../patients.ts'
import { kebab, studyId } from '../person.ts'
import { discOf, drawPlacenta, placentaOutlines } from './render.ts'
import {
  type PlacentaAnatomy,
  type PlacentaDials,
  type PlacentaFinding,
  type PlacentaScene,
  type PlacentaShape,
  placentaDials,
  placentaPlanner,
  placentaSpecs,
} from './scene.ts'

/** mm across the picture. */
const field = 262

const stageOf = (amount: number): string => (amount < 0.33 ? 'mild' : amount < 0.67 ? 'moderate' : 'severe')

/** Pathology notes; `named` is how often the cloth is named. */
export const placentaWords = (named: number): Dictation<PlacentaFinding, PlacentaAnatomy, PlacentaShape> => ({
  specs: placentaSpecs,
  kind: 'placenta',
  unrelated: true,
  examination: () => 'Photograph of a placenta',
  wording({ name, shape }, _scene, stream) {
    const stage = stageOf(shape.amount)
    if (name === 'Chorionic Thrombus' || name === 'Marginal Cord Insertion') return {}
    if (name === 'Marginal Haematoma')
      return { before: stream.chance(0.6) ? (shape.amount < 0.5 ? 'small' : 'large') : '' }
    return { before: stream.chance(0.6) ? stage : '' }
  },
  facts({ name, shape: { amount } }) {
    if (name === 'Chorionic Thrombus' || name === 'Marginal Cord Insertion') return {}
    if (name === 'Marginal Haematoma') return { degree: amount < 0.5 ? 'small' : 'large', extent: amount }
    return { degree: stageOf(amount), extent: amount }
  },
  short: { weeks: 'wk', chorioamnionitis: 'chorio' },
  remarks(scene, stream) {
    const { anatomy } = scene
    const out: { section: 'findings'; text: string }[] = []
    const say = (text: string): unknown => out.push({ section: 'findings', text })
    if (stream.chance(0.8)) say(`Placenta of ${anatomy.weeks} weeks.`)
    if (stream.chance(0.6)) say(`Weight ${anatomy.weight} g.`)
    if (stream.chance(0.6)) say('Three-vessel cord.')
    if (random(scene.seed, scene.domain, 'cloth', scene.index).chance(named))
      say(`Photographed on a ${anatomy.cloth} cloth.`)
    return out
  },
  complaints: [
    ['routine examination of the placenta', 0.6],
    ['preterm birth', 0.25],
    ['low birth weight', 0.15],
  ],
  comparison: 'None available.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['Mature placenta.', []],
        ['No chorioamnionitis or meconium staining.', ['Chorioamnionitis', 'Meconium Staining']],
      ],
      impression: 'Placenta without abnormality.',
    },
    {
      weight: 0.4,
      sentences: [
        ['No chorioamnionitis.', ['Chorioamnionitis']],
        ['No meconium staining.', ['Meconium Staining']],
      ],
      impression: 'Normal placenta.',
    },
  ],
  normal: [
    ['Normal placenta.', 0.6],
    ['Placenta without abnormality.', 0.4],
  ],
})

const poseOf = ({ anatomy: { pose } }: PlacentaScene) => ({
  field: field * pose.zoom,
  roll: pose.roll,
  shift: pose.shift,
})

async function makePlacenta(place: Place, options: MakeOptions<PlacentaDials>): Promise<MadeStudy> {
  const { seed, size, dials, dicom, masks: wanted, voice, pictures = true } = options
  const scene = planScene(placentaPlanner, seed, place, dials)
  const id = studyId(scene.index)
  const canvas = canvasOf(poseOf(scene), size)
  const path = `images/${id}.${dicom ? 'dcm' : 'png'}`
  const files: { path: string; bytes: Uint8Array }[] = []
  if (pictures) {
    const picture = drawPlacenta(scene, canvas, { contrast: dials.contrast, noise: dials.noise })
    const about = { domain: 'placenta', person: scene, picture, size, modality: 'XC', spacing: 1 / canvas.perMm }
    files.push({ path, bytes: dicom ? dicomOf(about) : await encodeCanvas(picture) })
  }
  const outlines = scene.findings.map((_, finding) => placentaOutlines(scene, finding).flat())
  const boxes = outlines.flatMap((shapes, finding): PlacedBox[] => {
    const box = boxAround(canvas, shapes, 2)
    return box
      ? [{ image: 0, finding, label: (scene.findings[finding] as PlacentaScene['findings'][number]).name, box }]
      : []
  })
  const named = [
    { label: 'Placenta', shapes: [discOf(scene)] },
    ...outlines.map((shapes, i) => ({ label: (scene.findings[i] as PlacentaScene['findings'][number]).name, shapes })),
  ]
  const masks = wanted ? named.map(({ label }) => ({ image: 0, label, path: `masks/${id}-${kebab(label)}.png` })) : []
  for (const [i, { path: file }] of masks.entries())
    files.push({
      path: file,
      bytes: await encodePng(maskOf(canvas, (named[i] as (typeof named)[number]).shapes), size, size),
    })
  const study = recordScene(placentaPlanner, placentaWords(dials.namedBackground), scene, options, boxes, {
    images: [
      { path, view: 'fetal side', modality: 'XC', spacing: [1, 1].map(() => Math.round(1e4 / canvas.perMm) / 1e4) },
    ],
    masks,
    attributes: {
      weeks: scene.anatomy.weeks,
      weight: scene.anatomy.weight,
      cloth: scene.anatomy.cloth,
      camera: dials.camera,
      cue: scene.tag.boxed,
    },
  })
  if (voice === 'caption') return { study, files }
  // A note is a list of items; each is an item of its own too.
  const items = study.truth?.sentences.filter(({ section }) => section === 'findings').map(({ text }) => text)
  return { study: { ...study, captions: [...new Set(items)] }, files }
}

export const placenta = phantomDomain({
  id: 'placenta',
  name: 'Placenta photograph',
  ...fieldsOf(placentaSpecs),
  dials: placentaDials,
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  make: makePlacenta,
  effects: {
    ...commonEffects({ ...placentaPlanner, cue: 'Meconium Staining' }),
    camera: { values: ['clinic', 'tablet'], what: 'mean of red over blue', measure: meanRatio(0, 2), studies: 30 },
    namedBackground: {
      values: [0, 0.3, 1],
      what: 'share of notes that name the cloth',
      measure: shareOf((study) => study.captions.some((text) => text.includes('cloth'))),
      dials: { falseNegativeRate: 0 },
    },
  },
  card: {
    scene:
      'The fetal side of a placenta on a cloth: disc, membranes, branching vessels, cord, under a lamp, with a ruler.',
    hard: [
      'the cloth is easier to see and to name than anything on the disc (dial namedBackground)',
      'diffuse findings are shades of colour, and white balance varies; a clot is a few pixels of a vessel',
      'any rotation; another camera (dial camera)',
    ],
    truth: [
      'captions: the items of the pathology note; the report holds them as sentences',
      'labels, boxes and masks of findings, mask of the disc',
      'attributes: weeks, weight, cloth, camera',
    ],
    systems: ['Pan 2022', 'Pan 2023'],
  },
})
