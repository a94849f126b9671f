/** @file Dermoscopy as a domain. */

import { assemble } from '../assemble.ts'
import { findingEffects, pictureEffects, shortcutEffects } from '../dial-effects.ts'
import { phantomDomain } from '../domain.ts'
import { meanOf } from '../effects.ts'
import { boxOf, maskOf, type OwnedBox, toPixels } from '../outline.ts'
import { presence } from '../person.ts'
import { storyOf } from '../statements.ts'
import { conceptOutlines, lesionOutline, renderDermoscopy } from './render.ts'
import {
  type Concept,
  type ConceptName,
  conceptNames,
  conceptsOf,
  type DiagnosisName,
  dermoscopyDials,
  diagnosisNames,
  sampleDermoscopy,
} from './scene.ts'
import { captionDermoscopy, dermoscopyWording, dermoscopyWords, describeDermoscopy, nameOfDiagnosis } from './words.ts'

export const dermoscopy = phantomDomain({
  id: 'dermoscopy',
  name: 'Dermoscopy',
  findings: [...conceptNames, ...diagnosisNames],
  smallFindings: ['Globules', 'Milia-like Cysts', 'Arborising Vessels', 'Streaks', 'Pigment Network'],
  dials: dermoscopyDials,
  voices: ['report', 'caption'],
  words: dermoscopyWords,
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleDermoscopy(options.seed, index, dials, split)
    const outline = toPixels(lesionOutline(scene), size)
    const boxes: OwnedBox[] = []
    const lesionBox = boxOf([outline], size)
    if (lesionBox)
      boxes.push({ finding: null, box: { image: 0, label: 'Lesion', phrase: 'skin lesion', box: lesionBox } })
    scene.findings.forEach((concept, finding) => {
      const box = boxOf(
        conceptOutlines(scene, concept).map((points) => toPixels(points, size)),
        size,
      )
      if (box) boxes.push({ finding, box: { image: 0, label: concept.name, box } })
    })
    return assemble(
      {
        domain: 'dermoscopy',
        person: scene,
        picture: () => renderDermoscopy(scene, size, { contrast: dials.contrast, noise: dials.noise }),
        sentences: (options.voice === 'caption' ? captionDermoscopy : describeDermoscopy)(scene, options),
        boxes,
        masks: [['Lesion', maskOf([outline], size)]],
        image: { modality: 'XC' },
        attributes: { diagnosis: scene.diagnosis, diameterMm: scene.diameterMm, cue: scene.camera.ink },
        particulars: {
          ...storyOf<ConceptName, Concept>(scene, dermoscopyWording),
          examination: null,
          names: conceptNames,
          words: dermoscopyWords,
          questions: [
            {
              question: 'What is the diagnosis?',
              answer: nameOfDiagnosis(scene.diagnosis),
              kind: 'open',
              type: 'diagnosis',
            },
            {
              question: 'How many millimetres does the lesion measure?',
              answer: String(scene.diameterMm),
              kind: 'open',
              type: 'size',
            },
          ],
        },
        truth: {
          ...presence(
            conceptNames,
            scene.findings.map(({ name }) => name),
          ),
          ...presence(diagnosisNames, [scene.diagnosis]),
        },
      },
      options,
    )
  },
  effects: {
    ...pictureEffects({ normals: 0 }),
    ...findingEffects(conceptNames),
    ...shortcutEffects('Blue-White Veil', 'Streaks'),
    overlap: {
      values: [0, 0.4, 1],
      what: 'concepts a study that are not typical of its diagnosis',
      measure: meanOf(({ truth, attributes }) => {
        const own = conceptsOf[attributes.diagnosis as DiagnosisName]
        return conceptNames.filter((name) => truth?.labels[name] === 1 && own[name] === undefined).length
      }),
      dials: { normals: 0, uncertaintyRate: 0 },
    },
  },
  card: {
    scene:
      'A skin lesion under the dermatoscope: outline, pigment and fifteen concepts that speak for one of seven diagnoses, on skin of any tone with hairs, gel bubbles, ruler and dark corners.',
    hard: [
      'the diagnosis follows from several concepts, none of which decides alone',
      'regular and irregular network differ in the evenness of their meshes only',
      'marker ink and ruler as shortcuts',
    ],
    truth: [
      'labels of concepts and diagnosis in words and picture',
      'boxes of lesion and concepts, mask of the lesion',
      'sentences linked to boxes',
    ],
    systems: ['MONET', 'Kim 2023b', 'Yan 2023', 'Guo', 'AnomalyCLIP', 'MedVLSM'],
  },
})
