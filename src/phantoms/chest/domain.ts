/** @file The chest X-ray phantom as a domain: how one study is made and written. */

import { encodeDicom, twelveBits } from '../dicom-write.ts'
import { type MadeStudy, phantomDomain } from '../domain.ts'
import { encodePng, quantise } from '../encode.ts'
import type { Terms } from '../grammar.ts'
import { annotate } from './annotate.ts'
import { voices } from './describe.ts'
import { dialsSchema } from './dials.ts'
import { chestEffects } from './effects.ts'
import { type FindingName, findings, smallFindings } from './findings.ts'
import { type Picture, render, type View, viewsOf } from './render.ts'
import { sampleScene } from './sample.ts'
import type { Scene } from './scene.ts'
import { spanishDevices, spanishTerms } from './spanish-words.ts'
import { imagePath, maskPath, studyId, studyOfScene } from './study.ts'
import { deviceTerms, terms } from './vocabulary.ts'

export const chestXray = phantomDomain({
  id: 'chest-xray',
  name: 'Chest X-ray',
  findings,
  smallFindings,
  dials: dialsSchema,
  voices,
  size: { least: 48, most: 1024, default: 96 },
  dicom: true,
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleScene(options.seed, index, { dials, split })
    const style = voices.find((voice) => voice === options.voice) ?? 'report'
    const study = studyOfScene(scene, {
      dials,
      size,
      masks: options.masks,
      extension: options.dicom ? 'dcm' : 'png',
      voice: { heldOutSynonyms: options.heldOutSynonyms, style },
    })
    const files: { path: string; bytes: Uint8Array }[] = []
    if (options.pictures === false) return { study, files }
    for (const view of viewsOf(scene)) {
      const picture = render(scene, size, { view, contrast: dials.contrast, noise: dials.noise })
      const bytes = options.dicom
        ? dicomOf(scene, view, picture, `vesalius/${scene.domain}/${options.seed}/${size}`)
        : await encodePng(quantise(picture.pixels, options.bits), size, size)
      files.push({ path: imagePath(scene, view, options.dicom ? 'dcm' : 'png'), bytes })
    }
    if (options.masks) {
      for (const mask of annotate(scene, size).masks) {
        files.push({ path: maskPath(scene, mask), bytes: await encodePng(mask.pixels, size, size) })
      }
    }
    return { study, files } satisfies MadeStudy
  },
  words: Object.fromEntries(findings.map((name) => [name, namesOf(name)])),
  effects: chestEffects,
  card: {
    scene:
      'Radiographs of the chest, PA and on request lateral: attenuation of lungs, heart, vessels, bones and devices summed along the ray, then exposure, blur and photon noise. Patients have one to four studies in which findings come, move and go.',
    hard: [
      'small findings (nodule, rib fracture, plaque, thin pneumothorax line) in a large picture',
      'pose, inspiration, habitus, exposure and collimation that vary more than most findings',
      'normal reports that are equal word for word; denials, doubt and silence',
      'names held out of training, or a finding that is described there by its signs only',
      'change between studies under new pose, inspiration and exposure',
      'a hiatal hernia that the PA view hardly shows',
    ],
    truth: [
      'labels in the report and in the picture',
      'boxes and masks of findings in every view, sentences and phrases linked to boxes',
      'severity, side, zone, size and count of every finding as attributes',
      'course of findings since the study before',
      'entities and relations of the report',
      'fixations of a reader',
      'closed and open questions: presence, side, location, count, comparison, view, change',
    ],
    systems: ['all of Table 2', 'chest systems of Tables 3-5'],
  },
})

/** Every name of a finding, in both languages. */
function namesOf(name: FindingName): Terms[] {
  const devices = name === 'Support Devices' ? [...Object.values(deviceTerms), ...Object.values(spanishDevices)] : []
  return [terms[name], spanishTerms[name], ...devices]
}

/** A picture as a DICOM file of 12 bits; polarity as the scene says. */
function dicomOf(scene: Scene, view: View, { pixels, width, height, spacing }: Picture, set: string): Uint8Array {
  const { monochrome1 } = scene.acquisition
  const values = twelveBits(pixels)
  return encodeDicom({
    pixels: monochrome1 ? values.map((value) => 4095 - value) : values,
    modality: 'DX',
    body: 'CHEST',
    rows: height,
    columns: width,
    spacing,
    patient: scene.patient,
    studyId: studyId(scene.index),
    set,
    sex: scene.sex,
    age: scene.age,
    view: view === 'PA' ? 'PA' : 'LL',
    monochrome1,
  })
}
