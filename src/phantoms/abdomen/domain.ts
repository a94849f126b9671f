/** @file The abdominal CT phantom: volumes with masks of the labelled classes, words, declaration. */

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
import { encodePng } from '../encode.ts'
import { encodeNifti } from '../encode-nifti.ts'
import type { Place } from '../patients.ts'
import { kebab, studyId } from '../person.ts'
import {
  type AbdomenAnatomy,
  type AbdomenDials,
  type AbdomenFinding,
  type AbdomenScene,
  type AbdomenShape,
  abdomenDials,
  abdomenPlanner,
  abdomenSpecs,
  arrival,
  labelSets,
  type Organ,
} from './scene.ts'
import type { Grid } from './solids.ts'
import { classMask, gridOf, hounsfield, sliceGrid } from './volume.ts'

export const abdomenWords: Dictation<AbdomenFinding, AbdomenAnatomy, AbdomenShape> = {
  specs: abdomenSpecs,
  kind: 'CT of the abdomen',
  examination: () => 'CT of the abdomen',
  wording({ name, shape }, _scene, stream) {
    const size = stream.chance(0.7) ? `${Math.round(shape.size * 2)} mm` : ''
    const cyst = name.endsWith('Cyst')
    const density = cyst ? '' : stream.chance(0.5) ? 'hypodense' : ''
    const place = name.startsWith('Kidney') ? `${shape.part} of the ${shape.side} kidney` : shape.part
    return { before: `${size} ${density}`, place }
  },
  facts({ shape: { side, part, size } }) {
    return {
      mm: Math.round(size * 2),
      extent: size,
      ...(side === 'none' ? {} : { side }),
      ...(part === null ? {} : { place: part.replace(/^in the /, '') }),
    }
  },
  short: { 'of the liver': 'of liver', 'left kidney': 'L kidney', 'right kidney': 'R kidney' },
  complaints: [
    ['abdominal pain', 0.5],
    ['weight loss', 0.2],
    ['a staging examination', 0.3],
  ],
  comparison: 'Earlier CT of the abdomen.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['No liver tumour.', ['Liver Tumour']],
        ['No pancreatic or renal tumour.', ['Pancreas Tumour', 'Kidney Tumour']],
        ['The spleen is normal in size.', []],
      ],
      impression: 'Normal CT of the abdomen.',
    },
    {
      weight: 0.4,
      sentences: [
        ['Liver, pancreas and kidneys are unremarkable.', ['Liver Tumour', 'Pancreas Tumour', 'Kidney Tumour']],
      ],
      impression: 'No focal abnormality.',
    },
  ],
  normal: [
    ['Normal CT of the abdomen.', 0.6],
    ['No focal abnormality.', 0.4],
  ],
  advice: { 'Liver Tumour': ['Biopsy is to be discussed.'], 'Pancreas Tumour': ['Surgical review is advised.'] },
}

/** Grey in [0, 1] of Hounsfield units in the window of soft tissue. */
const windowed = (hu: Int16Array): Float32Array => Float32Array.from(hu, (v) => (v + 135) / 350)

/** Height of the slice that shows the most of what was found, or the liver and kidneys. */
function sliceHeight(scene: AbdomenScene, size: number): number {
  const grid = gridOf(scene, size)
  const whole = grid.shape[0] * grid.shape[1]
  const names = scene.findings.map(({ name }) => name)
  const z = (k: number): number => grid.origin[2] + k * grid.spacing[2]
  if (names.length === 0) return 8 + scene.anatomy.lift
  const counts = new Float64Array(grid.shape[2])
  for (const name of names)
    classMask(scene, grid, name).forEach((value, i) => {
      if (value > 0) counts[Math.floor(i / whole)] = (counts[Math.floor(i / whole)] as number) + value
    })
  return z(counts.indexOf(Math.max(...counts)))
}

async function makeAbdomen(place: Place, options: MakeOptions<AbdomenDials>): Promise<MadeStudy> {
  const { seed, size, dials, masks: wanted, bits, pictures = true } = options
  const scene = planScene(abdomenPlanner, seed, place, dials)
  const id = studyId(scene.index)
  const flat = dials.form === 'slice'
  const grid = flat ? sliceGrid(scene, size, sliceHeight(scene, 48)) : gridOf(scene, size)
  const { shape, spacing } = grid
  const ending = flat ? 'png' : 'nii.gz'
  const path = `images/${id}.${ending}`
  const files: { path: string; bytes: Uint8Array }[] = []
  if (pictures) {
    const values = hounsfield(scene, grid, { contrast: dials.contrast })
    const bytes = flat
      ? await encodePng(quantised(values, bits), size, size)
      : encodeNifti({ shape, spacing, voxels: values, description: 'Phantom, not a person' })
    files.push({ path, bytes })
  }
  const masks: Study['masks'] = []
  const boxes: PlacedBox[] = []
  scene.findings.forEach(({ name }, finding) => {
    const mask = classMask(scene, grid, name)
    const box = solidBox(mask, shape)
    if (box) boxes.push({ image: 0, finding, label: name, box: flat ? [box[0], box[1], box[3], box[4]] : box })
  })
  if (wanted) {
    for (const label of labelSets[scene.anatomy.dataset]) {
      const mask = classMask(scene, grid, label)
      const file = `masks/${id}-${kebab(label)}.${ending}`
      masks.push({ image: 0, label, path: file })
      files.push({ path: file, bytes: await encodeMask(mask, grid, flat) })
    }
  }
  const mm = spacing.map((v) => Math.round(v * 1e4) / 1e4)
  const study = recordScene(abdomenPlanner, abdomenWords, scene, options, boxes, {
    images: [{ path, view: 'axial', modality: 'CT', spacing: flat ? mm.slice(0, 2) : mm }],
    masks,
    attributes: { dataset: scene.anatomy.dataset, step: stepOf(scene.anatomy.dataset), cue: scene.tag.boxed },
  })
  return flat ? { study, files } : { study, files, preview: () => previewOf(scene, size) }
}

/** Window of soft tissue in 8 bits; 16 bits hold more of the scale. */
function quantised(hu: Int16Array, bits: 8 | 16): Uint8Array | Uint16Array {
  const grey = windowed(hu)
  return bits === 8
    ? Uint8Array.from(grey, (v) => Math.round(255 * Math.min(1, Math.max(0, v))))
    : Uint16Array.from(grey, (v) => Math.round(65535 * Math.min(1, Math.max(0, v))))
}

function encodeMask(mask: Uint8Array, { shape, spacing }: Grid, flat: boolean): Promise<Buffer> | Buffer {
  const full = mask.map((v) => v * (flat ? 255 : 1))
  return flat ? encodePng(full, shape[0], shape[1]) : encodeNifti({ shape, spacing, voxels: full })
}

/** The first step of continual learning at which a class of the data set arrives. */
function stepOf(dataset: AbdomenAnatomy['dataset']): number {
  const classes: readonly (Organ | AbdomenFinding)[] = labelSets[dataset]
  return arrival.findIndex((step) => step.some((label) => classes.includes(label)))
}

/** Axial slices from the dome to below the kidneys. */
function previewOf(scene: AbdomenScene, size: number): Promise<Buffer> {
  const heights = [95, 60, 30, 5, -25, -60]
  const z = scene.findings.length > 0 ? sliceHeight(scene, 48) : undefined
  if (z !== undefined) heights.splice(2, 1, z)
  const tiles = [heights[0], heights[1], heights[2], heights[3]].map((at) =>
    windowed(hounsfield(scene, sliceGrid(scene, size, at as number), { contrast: 1 })),
  )
  return mosaic(tiles, size, 2)
}

export const abdominalCt = phantomDomain({
  id: 'abdominal-ct',
  name: 'Abdominal CT',
  ...fieldsOf(abdomenSpecs),
  dials: abdomenDials,
  voices: ['report', 'caption'],
  size: { least: 32, most: 256, default: 64 },
  make: makeAbdomen,
  effects: {
    ...commonEffects({ ...abdomenPlanner, cue: 'Liver Tumour', flat: { form: 'slice' } }),
    form: formEffect('slice', 'volume'),
    labelled: {
      values: ['spleen', 'kidney', 'organs', 'all'],
      what: 'annotated classes',
      measure: meanOf((study) => labelSets[study.attributes.dataset as keyof typeof labelSets].length),
      dials: { thickness: 10 },
      studies: 2,
    },
    thickness: {
      values: [2.5, 5, 10],
      what: 'mm from slice to slice',
      measure: meanOf((study) => study.images[0]?.spacing?.[2] ?? 0),
      studies: 2,
    },
  },
  card: {
    scene:
      'Liver, spleen, kidneys, pancreas, stomach, gallbladder and great vessels as deformed solids in a trunk, in Hounsfield units.',
    hard: [
      'tumours and cysts of one to four centimetres, a few dozen Hounsfield units from their organ',
      'thick slices: 5 mm along the body, finer across',
      'each "data set" labels a subset of the classes; what is not labelled is not background',
    ],
    truth: [
      'masks of nine organs and six kinds of lesions; organs contain their lesions, so masks overlap',
      'attributes.dataset: which classes have masks; an annotated class that is absent has an empty mask',
      'the order in which classes arrive for continual learning (scene.ts, arrival; attributes.step)',
    ],
    systems: ['Universal Model', 'DoDNet', 'Zhang 2023h', 'Anand'],
  },
})
