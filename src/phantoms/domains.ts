/** @file The phantom domains that exist: what each can show, and how one study of it is made. */

import { VesaliusError } from '../core/errors.ts'
import type { Split, Study } from '../data/study.ts'
import { annotate } from './chest/annotate.ts'
import { type DialsInput, dialsOf } from './chest/dials.ts'
import { findings, smallFindings } from './chest/findings.ts'
import { render } from './chest/render.ts'
import { sampleScene } from './chest/sample.ts'
import { kebab, studyId, studyOfScene } from './chest/study.ts'
import { encodeDicom } from './dicom-write.ts'
import { type Bits, encodePng, quantise } from './encode.ts'

/** What a domain offers. */
export interface Domain {
  id: string
  name: string
  /** Label keys. */
  findings: readonly string[]
  /** Those that a linear model on coarse pixels cannot see. */
  smallFindings: readonly string[]
}

const domains: readonly Domain[] = [{ id: 'chest-xray', name: 'Chest X-ray (PA)', findings, smallFindings }]

/** All phantom domains. */
export function listDomains(): readonly Domain[] {
  return domains
}

/** The domain with this id; an unknown id is an error that lists the known ones. */
export function domainOf(id: string): Domain {
  const domain = domains.find((candidate) => candidate.id === id)
  if (domain) return domain
  throw new VesaliusError('UNKNOWN_NAME', `There is no phantom domain "${id}".`, {
    where: 'domain',
    hint: `Use one of: ${domains.map((candidate) => candidate.id).join(', ')}.`,
  })
}

/** How studies are made and written; the same in every worker. */
export interface MakeOptions {
  seed: number
  size: number
  bits: Bits
  masks: boolean
  dicom: boolean
  dials: DialsInput
  heldOutSynonyms: boolean
}

/** One study: its record and the files that it names. */
export interface MadeStudy {
  study: Study
  files: { path: string; bytes: Buffer }[]
}

/** Makes study `index`: record and file bytes, a pure function of the arguments. */
export async function makeStudy(index: number, split: Split, options: MakeOptions): Promise<MadeStudy> {
  const dials = dialsOf(options.dials)
  const scene = sampleScene(options.seed, index, { dials, split })
  const { size } = options
  const picture = render(scene, size, { contrast: dials.contrast, noise: dials.noise })
  const study = studyOfScene(scene, {
    size,
    masks: options.masks,
    extension: options.dicom ? 'dcm' : 'png',
    voice: { heldOutSynonyms: options.heldOutSynonyms },
  })
  const files: MadeStudy['files'] = []
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
  return { study, files }
}
