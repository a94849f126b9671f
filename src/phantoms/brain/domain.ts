/** @file The brain MRI phantom: one report section a sequence, slices or volumes, declaration. */

import { VesaliusError } from '../../core/errors.ts'
import { detectorFrom, poseFrom } from '../common/acquisition.ts'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf, makePictures, type PictureDomain } from '../common/picture-domain.ts'
import { commonEffects, formEffect } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { affirm } from '../grammar.ts'
import { brainOf, brainOutlines, drawBrain } from './render.ts'
import {
  type BrainAnatomy,
  type BrainDials,
  type BrainFinding,
  type BrainScene,
  type BrainShape,
  brainDials,
  brainPlanner,
  brainSpecs,
  type Sequence,
  sequences,
  signalOf,
} from './scene.ts'
import { makeBrainVolumes } from './volume.ts'

const placeOf = ({ side, lobe }: BrainShape): string | null => (lobe === null ? null : `in the ${side} ${lobe}`)

/** What a sequence shows of white matter at an age. */
const forms: Partial<Record<BrainFinding, readonly string[]>> = {
  Tumour: ['mass-like', 'heterogeneous'],
  'Acute Infarct': ['patchy', 'wedge-shaped'],
  'Chronic Infarct': ['sharply bounded'],
  Haemorrhage: ['rounded', 'focal'],
  'White Matter Lesions': ['multiple punctate', 'scattered'],
}

export const brainWords: Dictation<BrainFinding, BrainAnatomy, BrainShape> = {
  specs: brainSpecs,
  kind: 'MRI of the brain',
  examination: ({ anatomy }) =>
    anatomy.weeks === null ? 'MRI of the brain' : `MRI of the brain at ${anatomy.weeks} weeks`,
  wording({ name, shape }, _scene, stream) {
    const local = shape.lobe !== null
    const before = local && stream.chance(0.5) ? `${Math.round(shape.size * 2)} mm` : ''
    const after = name === 'Tumour' && stream.chance(0.6) ? 'with surrounding oedema' : ''
    return { before: local ? before : '', after, place: placeOf(shape) }
  },
  facts({ shape: { side, lobe, size } }) {
    const local = lobe !== null
    return {
      ...(side === 'none' ? {} : { side }),
      ...(local ? { place: lobe, mm: Math.round(size * 2), extent: size } : {}),
    }
  },
  short: { 'in the right': 'in the R', 'in the left': 'in the L' },
  affirmations({ name, shape }, noun, _scene, stream) {
    const place = placeOf(shape)
    const said = sequences.flatMap((sequence) => {
      const signal = signalOf(name, shape, sequence)
      if (signal === null || stream.chance(0.15)) return []
      const form = stream.pick(forms[name] ?? [''])
      const where = place ?? 'in the white matter'
      const foci = name === 'White Matter Lesions' ? 'foci' : 'area'
      return [`${sequence}: ${stream.chance(0.7) ? form : ''} ${signal} ${foci} ${where}.`.replaceAll(/\s+/g, ' ')]
    })
    const summary = affirm(
      { noun, place, mass: place === null, many: name === 'White Matter Lesions' && !noun.includes('disease') },
      stream,
    )
    return stream.chance(0.6) || said.length === 0 ? [...said, summary] : said
  },
  order(text) {
    const at = sequences.findIndex((sequence) => text.startsWith(`${sequence}:`))
    return at < 0 ? sequences.length : at
  },
  remarks(scene, stream) {
    if (scene.findings.length > 0 || scene.mentions.some(({ polarity }) => polarity !== 0)) return []
    const quiet = sequences.filter(() => stream.chance(0.4))
    return quiet.map((sequence) => ({ section: 'findings', text: `${sequence}: normal signal.` }))
  },
  person({ anatomy, age, sex }, stream) {
    const child = sex === 'F' ? 'girl' : 'boy'
    if (anatomy.weeks !== null) {
      const months = Math.round(anatomy.weeks / 4.345)
      return stream.chance(0.6) ? `${anatomy.weeks} week old ${child}` : `${months} month old ${child}`
    }
    return `${age} year old ${sex === 'F' ? 'woman' : 'man'}`
  },
  complaints: [
    ['headache', 0.5],
    ['dizziness', 0.3],
    ['a follow-up examination', 0.2],
  ],
  comparison: 'Earlier MRI of the brain.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['There is no restricted diffusion.', ['Acute Infarct']],
        ['No haemorrhage or tumour.', ['Haemorrhage', 'Tumour']],
        ['Midline structures are normal.', []],
      ],
      impression: 'Normal MRI of the brain.',
    },
    {
      weight: 0.4,
      sentences: [['No acute infarct, haemorrhage or tumour.', ['Acute Infarct', 'Haemorrhage', 'Tumour']]],
      impression: 'No intracranial abnormality.',
    },
  ],
  normal: [
    ['Normal MRI of the brain.', 0.6],
    ['No intracranial abnormality.', 0.4],
  ],
  advice: {
    Tumour: ['Contrast-enhanced imaging is advised.'],
    'Acute Infarct': ['Urgent neurological review is advised.'],
  },
}

export const brainPictures: PictureDomain<BrainFinding, BrainAnatomy, BrainShape, BrainDials> = {
  planner: brainPlanner,
  words: brainWords,
  views: () => sequences.map((name) => ({ name, modality: 'MR', id: name.toLowerCase() })),
  pose: ({ anatomy }) => poseFrom(anatomy.acquisition, 222),
  draw: (scene, canvas, view, how) => drawBrain(scene, canvas, view.name as Sequence, how),
  outlines(scene, index, view) {
    const { name, shape } = scene.findings[index] as BrainScene['findings'][number]
    const everywhere = shape.lobe === null && name !== 'White Matter Lesions'
    // A tumour is outlined in all sequences, anything else where it differs from its surroundings.
    const seen = everywhere || name === 'Tumour' || signalOf(name, shape, view.name as Sequence) !== null
    return seen ? brainOutlines(scene, index) : []
  },
  organs: (scene) => [{ label: 'Brain', shapes: [brainOf(scene)] }],
  margin: 2.5,
  displacing: new Set<BrainFinding>(['Tumour', 'Atrophy', 'Hydrocephalus', 'Delayed Myelination']),
  detector({ anatomy }, view) {
    const detector = detectorFrom(anatomy.acquisition)
    // Diffusion is measured on a coarse grid.
    return view.name === 'DWI' ? { ...detector, blur: 1.5, noise: detector.noise * 1.2 } : detector
  },
  tag: true,
  attributes: ({ anatomy }) => ({
    ...(anatomy.weeks === null ? {} : { ageWeeks: anatomy.weeks }),
    level: Math.round(anatomy.level * 100) / 100,
  }),
}

const makeSlices = makePictures(brainPictures)

export const brainMri = phantomDomain({
  id: 'brain-mri',
  name: 'Brain MRI',
  ...fieldsOf(brainSpecs),
  dials: brainDials,
  voices: ['report', 'caption'],
  size: { least: 48, most: 512, default: 96 },
  dicom: true,
  async make(place, options) {
    if (options.dials.form === 'slice') return makeSlices(place, options)
    if (options.dicom) {
      const hint = 'Leave --dicom out, or take slices: --dial form=slice.'
      throw new VesaliusError('USAGE', 'Volumes of the brain are written as NIfTI.', { where: 'dicom', hint })
    }
    return makeBrainVolumes(brainPictures, place, options)
  },
  effects: {
    ...commonEffects({ ...brainPlanner, cue: 'Acute Infarct' }),
    form: formEffect('slice', 'volume'),
    infants: {
      values: [0, 0.3, 1],
      what: 'share of infants',
      measure: (made) => made.filter(({ study }) => study.attributes.ageWeeks !== undefined).length / made.length,
      studies: 24,
    },
  },
  card: {
    scene:
      'An axial slice through skull, cortex with sulci, white matter, deep nuclei and ventricles, as DWI, T1, T2 and FLAIR.',
    hard: [
      'a finding shows in some sequences only: an early infarct in DWI alone, white matter lesions in T2 and FLAIR',
      'in infants grey and white change places during the first year; late myelination is normal at a younger age',
      'wide ventricles and sulci come with age as well as with disease',
    ],
    truth: [
      'four images in the order DWI, T1, T2, FLAIR; boxes only where the sequence shows the finding',
      'findings text in sections "DWI: ...", then conclusions; labels of the report and of the picture',
      'attributes: age in years, ageWeeks of infants, level of the slice',
    ],
    systems: ['UniBrain', 'metadata in prompts', 'alignment beyond image-text'],
  },
})
