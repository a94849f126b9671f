/** @file The lung-nodule phantom: cubes with readers' scores, words, declaration. */

import type { Study } from '../../data/study.ts'
import { solidBox } from '../common/boxes.ts'
import type { Dictation } from '../common/dictate.ts'
import { mosaic } from '../common/mosaic.ts'
import { fieldsOf } from '../common/picture-domain.ts'
import { planScene } from '../common/plan.ts'
import { type PlacedBox, recordScene } from '../common/record.ts'
import { commonEffects, formEffect } from '../dial-effects.ts'
import { type MadeStudy, type MakeOptions, phantomDomain } from '../domain.ts'
import { meanOf } from '../effects.ts'
import { encodePng, quantise } from '../encode.ts'
import { encodeNifti } from '../encode-nifti.ts'
import type { Place } from '../patients.ts'
import { studyId } from '../person.ts'
import {
  classOf,
  cube,
  type NoduleAnatomy,
  type NoduleDials,
  type NoduleFinding,
  type NoduleScene,
  type NoduleShape,
  noduleDials,
  nodulePlanner,
  noduleSpecs,
  readerScores,
  truthScores,
} from './scene.ts'
import { noduleAt, noduleVolume } from './volume.ts'

const degreeOf = (amount: number): string => (amount < 0.33 ? 'slight' : amount < 0.67 ? 'moderate' : 'marked')

export const noduleWords: Dictation<NoduleFinding, NoduleAnatomy, NoduleShape> = {
  specs: noduleSpecs,
  kind: null,
  examination: ({ anatomy }) => `CT of a ${Math.round(anatomy.diameter)} mm lung nodule`,
  wording({ name, shape }, _scene, stream) {
    const degree = degreeOf(shape.amount)
    if (name === 'Calcification') return { before: stream.chance(0.7) ? shape.kind : '' }
    const graded = name === 'Spiculation' || name === 'Lobulation'
    return { before: graded && stream.chance(0.6) ? degree : '' }
  },
  facts({ name, shape: { amount, kind } }) {
    if (name === 'Calcification') return { kind }
    if (name !== 'Spiculation' && name !== 'Lobulation') return {}
    return { degree: degreeOf(amount), extent: amount }
  },
  remarks(scene, stream) {
    const mm = Math.round(scene.anatomy.diameter)
    const out: { section: 'findings' | 'impression'; text: string }[] = []
    if (stream.chance(0.8)) out.push({ section: 'findings', text: `A nodule of ${mm} mm is seen in the lung.` })
    const said = new Set(scene.mentions.map(({ name }) => name))
    const whole = scene.mentions.every(({ wrong, polarity }) => !wrong && polarity !== -1)
    if (whole && scene.findings.every(({ name }) => said.has(name)) && stream.chance(0.6)) {
      const verdicts = { benign: 'Benign-appearing', unsure: 'Indeterminate', malignant: 'Malignant-appearing' }
      const verdict = verdicts[classOf(truthScores(scene).malignancy as number)]
      out.push({ section: 'impression', text: `${verdict} nodule.` })
    }
    return out
  },
  complaints: [
    ['lung cancer screening', 0.6],
    ['a nodule on a chest radiograph', 0.3],
    ['cough', 0.1],
  ],
  comparison: 'Earlier CT of the chest.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['There is a smooth nodule in the lung.', []],
        ['No spiculation or calcification.', ['Spiculation', 'Calcification']],
      ],
      impression: 'Solitary lung nodule.',
    },
    {
      weight: 0.4,
      sentences: [
        ['Solid nodule.', []],
        ['No calcification.', ['Calcification']],
        ['No spiculation.', ['Spiculation']],
      ],
      impression: 'Lung nodule.',
    },
  ],
  normal: [
    ['Solitary lung nodule.', 0.7],
    ['Lung nodule.', 0.3],
  ],
  advice: { Spiculation: ['Further examination is advised.'] },
}

/** Grey of Hounsfield units in the window of the lung. */
const windowed = (hu: Int16Array): Float32Array => Float32Array.from(hu, (v) => (v + 1250) / 1650)

async function makeNodule(place: Place, options: MakeOptions<NoduleDials>): Promise<MadeStudy> {
  const { seed, size, dials, masks: wanted, bits, pictures = true } = options
  const scene = planScene(nodulePlanner, seed, place, dials)
  const id = studyId(scene.index)
  const flat = dials.form === 'slice'
  const middle = Math.floor(size / 2)
  const cut = flat ? { from: middle, to: middle + 1 } : { from: 0, to: size }
  const shape = [size, size, cut.to - cut.from] as const
  const mm = Math.round((1e4 * cube) / size) / 1e4
  const spacing = [mm, mm, mm] as const
  const ending = flat ? 'png' : 'nii.gz'
  // Not compressed: a cube with chest wall in it takes fewer bytes than one of lung alone.
  const path = `images/${id}.${flat ? 'png' : 'nii'}`
  const files: { path: string; bytes: Uint8Array }[] = []
  if (pictures) {
    const values = noduleVolume(scene, size, { contrast: dials.contrast }, cut)
    const bytes = flat
      ? await encodePng(quantise(windowed(values), bits), size, size)
      : encodeNifti({ shape, spacing, voxels: values, description: 'Phantom, not a person', compress: false })
    files.push({ path, bytes })
  }
  const mask = noduleMask(scene, size, cut)
  const box = solidBox(mask, shape)
  const placed = box ? (flat ? ([box[0], box[1], box[3], box[4]] as const) : box) : undefined
  const boxes: PlacedBox[] = placed
    ? scene.findings.map(({ name }, finding) => ({
        image: 0,
        finding,
        label: name,
        box: [...placed] as PlacedBox['box'],
      }))
    : []
  const masks: Study['masks'] = []
  if (wanted) {
    const file = `masks/${id}-nodule.${ending}`
    masks.push({ image: 0, label: 'Nodule', path: file })
    const full = mask.map((v) => v * 255)
    files.push({
      path: file,
      bytes: flat ? await encodePng(full, size, size) : encodeNifti({ shape, spacing, voxels: mask }),
    })
  }
  const ratings = Array.from({ length: dials.readers }, (_, reader) => ({
    reader: `reader-${reader + 1}`,
    scores: readerScores(scene, reader, dials.disagreement),
  }))
  const mean = ratings.reduce((sum, { scores }) => sum + (scores.malignancy as number), 0) / ratings.length
  const study = recordScene(nodulePlanner, noduleWords, scene, options, boxes, {
    images: [{ path, view: 'axial', modality: 'CT', spacing: flat ? [mm, mm] : [...spacing] }],
    masks,
    ratings,
    attributes: {
      diameter: Math.round(scene.anatomy.diameter * 10) / 10,
      malignancy: classOf(mean),
      meanMalignancy: Math.round(mean * 100) / 100,
      cue: scene.tag.boxed,
    },
  })
  return flat ? { study, files } : { study, files, preview: () => previewOf(scene, size, dials.contrast) }
}

/** 1 inside the nodule. */
function noduleMask(scene: NoduleScene, size: number, { from, to }: { from: number; to: number }): Uint8Array {
  const at = noduleAt(scene)
  const mm = cube / size
  const place = (k: number): number => (k + 0.5) * mm - cube / 2
  const mask = new Uint8Array(size * size * (to - from))
  for (let i = 0; i < mask.length; i++) {
    const z = Math.floor(i / (size * size)) + from
    if (at(place(i % size), place(Math.floor(i / size) % size), place(z)) > 0) mask[i] = 1
  }
  return mask
}

/** The middle slice and one a little higher, in the lung window; the same in the window of soft tissue. */
function previewOf(scene: NoduleScene, size: number, contrast: number): Promise<Buffer> {
  const slice = (k: number): Int16Array => noduleVolume(scene, size, { contrast }, { from: k, to: k + 1 })
  const middle = slice(Math.floor(size / 2))
  const soft = Float32Array.from(middle, (v) => (v + 160) / 600)
  const higher = slice(Math.floor(size / 2 + size * 0.12))
  return mosaic([windowed(middle), windowed(higher), soft, windowed(slice(Math.floor(size * 0.36)))], size, 2)
}

export const lungNoduleCt = phantomDomain({
  id: 'lung-nodule-ct',
  name: 'Lung nodule CT',
  ...fieldsOf(noduleSpecs),
  dials: noduleDials,
  voices: ['report', 'caption'],
  size: { least: 24, most: 128, default: 64 },
  make: makeNodule,
  effects: {
    ...commonEffects({ ...nodulePlanner, cue: 'Spiculation', flat: { form: 'slice' } }),
    form: formEffect('slice', 'volume'),
    readers: {
      values: [1, 4, 9],
      what: 'readers a nodule',
      measure: meanOf((study) => study.ratings.length),
      studies: 2,
    },
    disagreement: {
      values: [0, 0.5, 2],
      what: 'spread of malignancy scores between readers',
      measure: meanOf(({ ratings }) => {
        const scores = ratings.map((rating) => rating.scores.malignancy as number)
        return Math.max(...scores) - Math.min(...scores)
      }),
      dials: { form: 'slice' },
      studies: 30,
    },
  },
  card: {
    scene: 'A 48 mm cube of lung around one nodule: vessels, emphysema, chest wall; the nodule solid or ground glass.',
    hard: [
      'spikes are a millimetre thin, vessels look like them and like nodules',
      'malignancy is no single sign: size, spikes, lobes and calcification together, and a part that no sign tells',
      'readers differ by half a point, each with a habit of their own',
    ],
    truth: [
      'ratings: eight attributes on the scales of LIDC-IDRI, and malignancy 1-5 (the target: leave it out of the attributes)',
      'attributes.malignancy: benign, unsure or malignant by the mean of the readers (2.5 and 3.5)',
      'labels of the signs, a mask and a box of the nodule',
    ],
    systems: ['CLIP-Lung'],
  },
})
