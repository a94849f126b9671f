/** @file One chest study as a record of the data folder, from its scene. */

import type { Split, Study } from '../../data/study.ts'
import { visitOf } from '../patients.ts'
import { annotate } from './annotate.ts'
import { describe, type Voice } from './describe.ts'
import type { DialsInput } from './dials.ts'
import { findings } from './findings.ts'
import { sampleScene } from './sample.ts'
import type { Scene } from './scene.ts'

/** Id of a study. Says nothing but its place. */
export function studyId(index: number): string {
  return `s${String(index).padStart(6, '0')}`
}

/** What the record of a study depends on besides (seed, index). */
export interface StudyOptions {
  dials?: DialsInput
  split?: Split
  /** Side of the picture in pixels; boxes and spacing refer to it. Default 96. */
  size?: number
  voice?: Voice
  /** Ending of the image file. Default png. */
  extension?: string
  masks?: boolean
}

/** The record of study `index` of the set `seed`, without writing anything. */
export function studyOf(seed: number, index: number, options: StudyOptions = {}): Study {
  const scene = sampleScene(seed, index, { dials: options.dials, split: options.split })
  return studyOfScene(scene, options)
}

/** The record of a scene. */
export function studyOfScene(scene: Scene, options: StudyOptions = {}): Study {
  const size = options.size ?? 96
  const id = studyId(scene.index)
  const { report, sentences, labels } = describe(scene, options.voice)
  const { boxes, masks } = annotate(scene, size, { masks: options.masks ?? false })
  const truth: Study['labels'] = {}
  for (const name of findings) truth[name] = scene.findings.some((finding) => finding.name === name) ? 1 : 0
  const first = visitOf(scene.seed, scene.index).first
  const spacing = scene.acquisition.field / size
  return {
    id,
    patient: scene.patient,
    split: scene.split,
    domain: scene.domain,
    images: [
      {
        path: `images/${id}.${options.extension ?? 'png'}`,
        view: scene.acquisition.view,
        modality: 'DX',
        spacing: [round(spacing), round(spacing)],
      },
    ],
    report,
    captions: [],
    labels,
    boxes: boxes.map(({ finding, label, box }) => {
      const said = sentences.find((s) => s.finding === finding && s.section === 'findings')
      return { image: 0, label, ...(said ? { phrase: said.text } : {}), box }
    }),
    masks: masks.map(({ label }) => ({ image: 0, label, path: `masks/${id}-${kebab(label)}.png` })),
    points: [],
    questions: [],
    priors: Array.from({ length: scene.index - first }, (_, k) => studyId(first + k)),
    attributes: { age: scene.age, sex: scene.sex },
    signals: [],
    frames: [],
    changes: {},
    fixations: [],
    ratings: [],
    truth: {
      labels: truth,
      sentences: sentences.map(({ text, section, name, polarity, finding }) => ({
        text,
        section,
        ...(name === null ? {} : { finding: name }),
        ...(polarity === null ? {} : { polarity }),
        boxes: finding === null ? [] : boxes.flatMap((box, i) => (box.finding === finding ? [i] : [])),
      })),
    },
  }
}

/** "Right Lung" -> "right-lung". */
export function kebab(label: string): string {
  return label.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
