/** @file One chest study as a record of the data folder, from its scene. */

import type { Split, Study } from '../../data/study.ts'
import { truthOf } from '../grammar.ts'
import { visitOf } from '../patients.ts'
import { type Annotation, annotate, type LabelMask } from './annotate.ts'
import { describe, speakerOf, type Voice } from './describe.ts'
import { type DialsInput, dialsOf } from './dials.ts'
import { findings } from './findings.ts'
import { fixationsOf } from './gaze.ts'
import { graphOf } from './graph.ts'
import { questionsOf } from './questions.ts'
import { takenAs, type View, viewsOf } from './render.ts'
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

/** File of a view. */
export function imagePath(scene: Scene, view: View, extension = 'png'): string {
  return `images/${studyId(scene.index)}${view === 'PA' ? '' : '-lateral'}.${extension}`
}

/** File of a mask. */
export function maskPath(scene: Scene, { image, label }: Pick<LabelMask, 'image' | 'label'>): string {
  return `masks/${studyId(scene.index)}${image === 0 ? '' : '-lateral'}-${kebab(label)}.png`
}

/** The record of a scene. */
export function studyOfScene(scene: Scene, options: StudyOptions = {}): Study {
  const size = options.size ?? 96
  const { report, captions, sentences, labels } = describe(scene, options.voice)
  const { boxes, masks } = annotate(scene, size, { masks: options.masks ?? false })
  const truth: Study['labels'] = {}
  for (const name of findings) truth[name] = scene.findings.some((finding) => finding.name === name) ? 1 : 0
  const first = visitOf(scene.seed, scene.index).first
  return {
    id: studyId(scene.index),
    patient: scene.patient,
    split: scene.split,
    domain: scene.domain,
    images: viewsOf(scene).map((view) => {
      const spacing = round(takenAs(scene, view).field / size)
      return { path: imagePath(scene, view, options.extension), view, modality: 'DX', spacing: [spacing, spacing] }
    }),
    report,
    captions,
    labels,
    boxes: boxes.map(({ image, finding, label, box }) => {
      const said = sentences.find((s) => s.finding === finding && s.section === 'findings')
      return { image, label, ...(said ? { phrase: said.text } : {}), box }
    }),
    masks: masks.map(({ image, label }) => ({ image, label, path: maskPath(scene, { image, label }) })),
    points: [],
    questions: questionsOf(scene, speakerOf(options.voice?.style), changesOf(scene)),
    priors: Array.from({ length: scene.index - first }, (_, k) => studyId(first + k)),
    attributes: attributesOf(scene),
    signals: [],
    frames: [],
    changes: changesOf(scene),
    fixations: fixationsOf(scene, boxes, size, dialsOf(options.dials)),
    graph: graphOf(sentences),
    ratings: [],
    truth: { labels: truth, sentences: truthOf(sentences, findingsOf(boxes)) },
  }
}

function findingsOf(boxes: Annotation['boxes']): number[] {
  return boxes.map(({ finding }) => finding)
}

/** Age and sex, and the attributes of everything drawn, named "Mass severity". */
function attributesOf(scene: Scene): Study['attributes'] {
  const attributes: Study['attributes'] = { age: scene.age, sex: scene.sex, cue: scene.acquisition.marker.boxed }
  for (const { name, side, zone, severity, sizeMm, parts, device, reading } of scene.findings) {
    if (side !== 'none') attributes[`${name} side`] = side
    if (zone !== null) attributes[`${name} zone`] = zone
    if (sizeMm !== null) attributes[`${name} mm`] = sizeMm
    if (device !== null) attributes[`${name} kind`] = device
    if (reading !== null) attributes[`${name} reading`] = reading
    attributes[`${name} severity`] = severity
    attributes[`${name} count`] = Math.max(1, parts.length)
  }
  return attributes
}

/** The course of everything that was there before; what has gone has improved. What is new has no course. */
function changesOf(scene: Scene): Study['changes'] {
  const changes: Study['changes'] = {}
  for (const { name, change } of scene.findings) if (change !== null && change !== 'new') changes[name] = change
  for (const name of scene.resolved) changes[name] = 'improving'
  return changes
}

/** "Right Lung" -> "right-lung". */
export function kebab(label: string): string {
  return label.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
