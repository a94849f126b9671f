/** @file Endoscopy as a domain. */

import type { Study } from '../../data/study.ts'
import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects, togetherEffect } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanOf } from '../effects.ts'
import { boxOf, maskOf, type OwnedBox, toPixels } from '../outline.ts'
import { presence } from '../person.ts'
import { storyOf } from '../statements.ts'
import { lesionOutlines, renderEndoscopy } from './render.ts'
import { endoscopyDials, type Lesion, type LesionName, lesionNames, placeName, sampleEndoscopy } from './scene.ts'
import { captionEndoscopy, describeEndoscopy, endoscopyWording, endoscopyWords } from './words.ts'

export const endoscopy = phantomDomain({
  id: 'endoscopy',
  name: 'Endoscopy',
  findings: lesionNames,
  smallFindings: ['Angioectasia', 'Diverticulum', 'Polyp'],
  dials: endoscopyDials,
  voices: ['report', 'caption'],
  words: endoscopyWords,
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleEndoscopy(options.seed, index, dials, split)
    const boxes: OwnedBox[] = []
    const masks = new Map<string, number[][]>()
    scene.findings.forEach((lesion, finding) => {
      for (const spot of lesion.spots) {
        const outlines = lesionOutlines(lesion, spot).map((points) => toPixels(points, size))
        masks.set(lesion.name, [...(masks.get(lesion.name) ?? []), ...outlines])
        const box = boxOf(outlines, size)
        if (box) boxes.push({ finding, box: { image: 0, label: lesion.name, box } })
      }
    })
    const [polyp] = scene.findings.filter(({ name }) => name === 'Polyp')
    const [first] = polyp?.spots ?? []
    const questions: Study['questions'] = polyp
      ? [{ question: 'Which colour is the polyp?', answer: polyp.tint, kind: 'open', type: 'colour' }]
      : []
    const story = storyOf<LesionName, Lesion>(
      scene,
      endoscopyWording,
      (before) => sampleEndoscopy(options.seed, before, dials, split).findings,
    )
    return assemble(
      {
        domain: 'endoscopy',
        person: scene,
        picture: () => renderEndoscopy(scene, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences:
          options.voice === 'caption'
            ? captionEndoscopy(scene, options)
            : describeEndoscopy(scene, options, story.changes),
        particulars: { ...story, examination: 'mucosa', names: lesionNames, words: endoscopyWords, questions },
        boxes,
        masks: [...masks].map(([label, outlines]) => [label, maskOf(outlines, size)] as const),
        image: { modality: 'ES' },
        attributes: {
          cue: scene.camera.inset,
          polyps: polyp?.spots.length ?? 0,
          ...(polyp && first
            ? {
                size: polyp.size,
                sizeMm: polyp.sizeMm,
                colour: polyp.tint,
                shape: polyp.shape,
                place: placeName(first),
              }
            : {}),
        },
        truth: presence(
          lesionNames,
          scene.findings.map(({ name }) => name),
        ),
      },
      options,
    )
  },
  effects: {
    ...pictureEffects({ normals: 0 }),
    ...findingEffects(lesionNames),
    ...togetherEffect('Ulcer', 'Bleeding'),
    ...shortcutEffects('Polyp', 'Ulcer'),
    camouflage: {
      values: [0, 0.4, 1],
      what: 'polyps of the colour of the mucosa a study with polyp',
      measure: meanOf(({ attributes }) => (attributes.colour === 'pink' ? 1 : 0)),
      dials: { normals: 0 },
    },
  },
  card: {
    scene:
      'The inside of the colon: folds around a lumen under a lamp at the tip, wet glare, bubbles and residue; polyps of four shapes and three colours, ulcers, bleeding, diverticula, angioectasia.',
    hard: [
      'polyps of the colour of the mucosa show only by light and shade, as folds do',
      'several classes in a picture: a class name must choose the mask',
      'glare, bubbles and residue that look like lesions at first sight',
    ],
    truth: [
      'labels, boxes and masks of lesions',
      'number, size, colour, shape and place of polyps as attributes and words',
    ],
    systems: ['MedVLSM', 'Guo', 'AnomalyCLIP'],
  },
})
