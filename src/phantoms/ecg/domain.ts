/** @file The ECG phantom: WFDB records, statements, a picture of the twelve leads, declaration. */

import sharp from 'sharp'
import type { Dictation } from '../common/dictate.ts'
import { fieldsOf } from '../common/picture-domain.ts'
import { planScene } from '../common/plan.ts'
import { recordScene } from '../common/record.ts'
import { commonEffects } from '../dial-effects.ts'
import { encodeDicomEcg } from '../dicom-ecg.ts'
import { type DialEffect, type MadeStudy, type MakeOptions, phantomDomain } from '../domain.ts'
import { meanOf } from '../effects.ts'
import { encodeWfdb } from '../encode-wfdb.ts'
import type { Place } from '../patients.ts'
import { studyId } from '../person.ts'
import {
  type EcgAnatomy,
  type EcgDials,
  type EcgFinding,
  type EcgScene,
  type EcgShape,
  ecgDials,
  ecgPlanner,
  ecgSpecs,
  superclassOf,
} from './scene.ts'
import { leads, signalsOf } from './signal.ts'

export const ecgWords: Dictation<EcgFinding, EcgAnatomy, EcgShape> = {
  specs: ecgSpecs,
  kind: 'ECG',
  examination: () => 'Twelve-lead ECG',
  wording({ name }, { anatomy }, stream) {
    if (name === 'First Degree AV Block' && stream.chance(0.4)) return { after: `of ${Math.round(anatomy.pr)} ms` }
    const rated = name === 'Atrial Fibrillation' || name === 'Sinus Bradycardia' || name === 'Sinus Tachycardia'
    if (rated && stream.chance(0.5)) return { after: `at ${Math.round(anatomy.rate)} beats a minute` }
    return {}
  },
  facts({ name, shape: { amount } }, { anatomy }) {
    if (name === 'First Degree AV Block') return { kind: `${Math.round(anatomy.pr)} ms`, extent: anatomy.pr }
    if (/^(?:Atrial|Sinus)/.test(name)) return { kind: `${Math.round(anatomy.rate)} beats a minute` }
    return { extent: amount }
  },
  short: { 'beats a minute': 'bpm' },
  remarks(scene, stream) {
    const rhythm = ['Atrial Fibrillation', 'Sinus Bradycardia', 'Sinus Tachycardia']
    const sinus =
      !scene.findings.some(({ name }) => rhythm.includes(name)) &&
      !scene.mentions.some(({ name, polarity }) => rhythm.includes(name) && polarity !== 0)
    const out: { section: 'findings'; text: string }[] = []
    if (sinus && stream.chance(0.8))
      out.push({
        section: 'findings',
        text: stream.chance(0.5) ? `Sinus rhythm, ${Math.round(scene.anatomy.rate)} beats a minute.` : 'Sinus rhythm.',
      })
    return out
  },
  complaints: [
    ['chest discomfort', 0.4],
    ['a preoperative check', 0.4],
    ['a routine examination', 0.2],
  ],
  comparison: 'Earlier ECG.',
  boilerplates: [
    {
      weight: 0.6,
      sentences: [
        ['Sinus rhythm.', []],
        ['No sign of infarction or st depression.', ['Anterior Infarction', 'Inferior Infarction', 'ST Depression']],
      ],
      impression: 'Normal ECG.',
    },
    {
      weight: 0.4,
      sentences: [
        ['Regular sinus rhythm.', []],
        ['ST segments are normal, no Q waves.', ['ST Depression', 'Anterior Infarction', 'Inferior Infarction']],
      ],
      impression: 'ECG within normal limits.',
    },
  ],
  normal: [
    ['Normal ECG.', 0.7],
    ['ECG within normal limits.', 0.3],
  ],
  advice: {
    'Anterior Infarction': ['Cardiological review is advised.'],
    'Inferior Infarction': ['Cardiological review is advised.'],
  },
}

/** The superclass of PTB-XL; what belongs to no class but normal is NORM only without any finding. */
function superclasses(scene: EcgScene): string {
  const found = new Set(
    scene.findings.filter(({ strength }) => strength >= 0.5).flatMap(({ name }) => superclassOf[name] ?? []),
  )
  return found.size > 0 ? [...found].sort().join(' ') : scene.findings.length === 0 ? 'NORM' : 'OTHER'
}

async function makeEcg(place: Place, options: MakeOptions<EcgDials>): Promise<MadeStudy> {
  const { seed, size, dials, pictures = true } = options
  const scene = planScene(ecgPlanner, seed, place, dials)
  const id = studyId(scene.index)
  const path = `signals/${id}.${options.dicom ? 'dcm' : 'hea'}`
  const study = recordScene(ecgPlanner, ecgWords, scene, options, [], {
    images: [],
    signals: [{ path, kind: 'ecg', rate: dials.rate }],
    attributes: {
      heartRate: Math.round(scene.anatomy.rate),
      axis: Math.round(scene.anatomy.axis),
      superclass: superclasses(scene),
      cue: scene.tag.boxed,
    },
  })
  if (!pictures) return { study, files: [] }
  const signals = signalsOf(scene, dials.rate, dials.seconds, { contrast: dials.contrast, noise: dials.noise })
  const preview = () => paper(scene, dials, Math.max(240, size))
  if (options.dicom) {
    const { patient, sex, age } = scene
    const about = { patient, sex, age, studyId: id, set: `vesalius/ecg/${seed}` }
    return { study, files: [{ path, bytes: encodeDicomEcg(about, dials.rate, signals) }], preview }
  }
  const { header, samples } = encodeWfdb({
    name: id,
    rate: dials.rate,
    leads: signals,
    comments: ['Phantom, not a person'],
  })
  const files = [
    { path, bytes: header },
    { path: `signals/${id}.dat`, bytes: samples },
  ]
  return { study, files, preview }
}

/** The twelve leads on paper, three rows of four, 2.5 s each, and a strip of lead II below. */
function paper(scene: EcgScene, dials: EcgDials, size: number): Promise<Buffer> {
  const rate = 250
  const signals = signalsOf(scene, rate, 10, { contrast: dials.contrast, noise: dials.noise })
  const [width, height] = [400, 400]
  const row = height / 4
  const curve = (k: number, from: number, to: number, x0: number, y0: number): string => {
    const lead = signals[k] as (typeof signals)[number]
    const points: string[] = []
    const scale = width / 10
    for (let i = Math.floor(from * rate); i < to * rate; i++) {
      const v = Math.max(-1.5, Math.min(1.7, lead.millivolts[i] as number))
      points.push(`${(x0 + (i / rate - from) * scale).toFixed(1)},${(y0 - v * 28).toFixed(1)}`)
    }
    return `<polyline points="${points.join(' ')}"/><text x="${x0 + 3}" y="${y0 - 36}">${lead.name}</text>`
  }
  const parts: string[] = []
  for (let k = 0; k < leads.length; k++) {
    const column = Math.floor(k / 3)
    parts.push(curve(k, column * 2.5, column * 2.5 + 2.5, (column * width) / 4, (k % 3) * row + row * 0.58))
  }
  parts.push(curve(1, 0, 10, 0, 3 * row + row * 0.58))
  const lines = Array.from({ length: 51 }, (_, i) => i * 8).map(
    (at) =>
      `<path d="M${at} 0V${height}M0 ${at}H${width}" stroke="#f3b8b8" stroke-width="${at % 40 === 0 ? 0.8 : 0.3}"/>`,
  )
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="#fff7f5"/>${lines.join('')}<g fill="none" stroke="#111" stroke-width="0.9">${parts.join('')}</g></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

/** Samples of the first lead, mV. */
const firstLead = ({ files }: MadeStudy): number[] => {
  const samples = Buffer.from(files[1]?.bytes ?? [])
  return Array.from({ length: samples.length / 24 }, (_, i) => samples.readInt16LE(24 * i) / 1000)
}

const averageOf = <T>(items: readonly T[], value: (item: T, i: number) => number): number =>
  items.reduce((sum, item, i) => sum + value(item, i), 0) / items.length

const grain: DialEffect = {
  values: [0, 1, 4],
  what: 'mV from sample to sample',
  measure: (made) =>
    averageOf(made, (one) => {
      const lead = firstLead(one)
      return averageOf(lead, (v, i) => Math.abs(v - (lead[i + 1] ?? v)))
    }),
  studies: 12,
}

export const ecg = phantomDomain({
  id: 'ecg',
  name: 'Electrocardiogram',
  ...fieldsOf(ecgSpecs),
  dials: ecgDials,
  voices: ['report', 'caption'],
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  make: makeEcg,
  effects: {
    ...commonEffects({ ...ecgPlanner, cue: 'ST Depression' }),
    noise: grain,
    contrast: {
      values: [0, 0.5, 1],
      what: 'mV of difference to the record without contrast',
      measure: (made, first) =>
        averageOf(made, (one, i) => {
          const plain = firstLead(first[i] as MadeStudy)
          return averageOf(firstLead(one), (v, k) => Math.abs(v - (plain[k] as number)))
        }),
      dials: { normals: 0, noise: 0 },
      studies: 20,
    },
    nuisance: {
      values: [0, 1, 2],
      what: 'mV of drift',
      measure: (made) =>
        averageOf(made, (one) => {
          const lead = firstLead(one)
          // Means of a second each: slower than the heart.
          const seconds = Array.from({ length: 10 }, (_, k) => averageOf(lead.slice(k * 100, k * 100 + 100), (v) => v))
          return averageOf(seconds, (v) => Math.abs(v - averageOf(seconds, (w) => w)))
        }),
      dials: { normals: 1 },
      studies: 30,
    },
    rate: {
      values: [100, 500],
      what: 'samples a second',
      measure: meanOf((study) => study.signals[0]?.rate ?? 0),
      studies: 2,
    },
    seconds: {
      values: [4, 10, 20],
      what: 'samples a lead',
      measure: (made) => firstLead(made[0] as MadeStudy).length,
      studies: 1,
    },
  },
  card: {
    scene:
      'Twelve leads of ten seconds: beats of a rhythm, waves as a turning dipole projected onto the axes of the leads.',
    hard: [
      'some signs are in time (rhythm, intervals), some in shape, some in the pattern over the leads',
      'heart rate, axis, voltage, drift, mains and muscle noise vary; a lead is flat now and then',
      'an infarct and a block change the same complexes; a left block hides the rest',
    ],
    truth: [
      'signals: a WFDB header with its samples (100 or 500 a second); no images',
      'labels of twelve statements; attributes: heartRate, axis, superclass of PTB-XL',
    ],
    systems: ['ETP'],
  },
})
