/** @file The chest X-ray phantom as a domain: how one study is made and written. */

import { encodeDicom } from '../dicom-write.ts'
import { type MadeStudy, phantomDomain } from '../domain.ts'
import { encodePng, quantise } from '../encode.ts'
import { annotate } from './annotate.ts'
import { dialsSchema } from './dials.ts'
import { findings, smallFindings } from './findings.ts'
import { render } from './render.ts'
import { sampleScene } from './sample.ts'
import { kebab, studyId, studyOfScene } from './study.ts'

export const chestXray = phantomDomain({
  id: 'chest-xray',
  name: 'Chest X-ray',
  findings,
  smallFindings,
  dials: dialsSchema,
  voices: ['report'],
  size: { least: 48, most: 1024, default: 96 },
  async make({ index, split }, options) {
    const { dials, size } = options
    const scene = sampleScene(options.seed, index, { dials, split })
    const picture = render(scene, size, { contrast: dials.contrast, noise: dials.noise })
    const study = studyOfScene(scene, {
      size,
      masks: options.masks,
      extension: options.dicom ? 'dcm' : 'png',
      voice: { heldOutSynonyms: options.heldOutSynonyms },
    })
    const files: { path: string; bytes: Uint8Array }[] = []
    const path = study.images[0]?.path as string
    if (options.dicom) {
      const { monochrome1 } = scene.acquisition
      const pixels = Uint16Array.from(picture.pixels, (v) => {
        const value = Math.round(Math.min(1, Math.max(0, v)) * 4095)
        return monochrome1 ? 4095 - value : value
      })
      const bytes = encodeDicom({
        pixels,
        rows: size,
        columns: size,
        spacing: picture.spacing,
        patient: scene.patient,
        studyId: studyId(index),
        set: `vesalius/${scene.domain}/${options.seed}/${size}`,
        sex: scene.sex,
        age: scene.age,
        view: scene.acquisition.view,
        monochrome1,
        windowCentre: 2048,
        windowWidth: 4096,
      })
      files.push({ path, bytes })
    } else {
      files.push({ path, bytes: await encodePng(quantise(picture.pixels, options.bits), size, size) })
    }
    if (options.masks) {
      for (const mask of annotate(scene, size).masks) {
        const bytes = await encodePng(mask.pixels, size, size)
        files.push({ path: `masks/${studyId(index)}-${kebab(mask.label)}.png`, bytes })
      }
    }
    return { study, files } satisfies MadeStudy
  },
  card: {
    scene:
      'A PA radiograph of the chest: attenuation of lungs, heart, vessels, bones and devices summed along the ray, then exposure, blur and photon noise.',
    hard: [
      'small findings (nodule, rib fracture, plaque, thin pneumothorax line) in a large picture',
      'pose, inspiration, habitus, exposure and collimation that vary more than most findings',
      'normal reports that are equal word for word; denials, doubt and silence',
    ],
    truth: ['labels in the report and in the picture', 'boxes and masks of findings', 'sentences linked to boxes'],
    systems: ['all of Table 2', 'chest systems of Tables 3-5'],
  },
})
