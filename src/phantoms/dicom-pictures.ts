/** @file Pictures of phantoms as DICOM files: what was examined, and of whom. */

import { type Canvas, interleaved } from './colour.ts'
import { encodeDicom, twelveBits } from './dicom-write.ts'
import { type Person, studyId } from './person.ts'

/** What is shown, by domain, as BodyPartExamined says it. */
const bodies: Readonly<Record<string, string>> = {
  'blood-smear': 'BLOOD',
  'brain-mri': 'BRAIN',
  'dental-crowns': 'JAW',
  'dental-panorama': 'JAW',
  dermoscopy: 'SKIN',
  endoscopy: 'COLON',
  fundus: 'EYE',
  histology: 'TISSUE',
  knee: 'KNEE',
  mammogram: 'BREAST',
  placenta: 'PLACENTA',
  'ultrasound-breast': 'BREAST',
}

/** A picture with what its file must say. */
export interface DicomPicture {
  domain: string
  person: Pick<Person, 'seed' | 'index' | 'patient' | 'age' | 'sex'>
  /** Greys in [0, 1], row by row, or a canvas in colours. */
  picture: Float32Array | Canvas
  /** Side in pixels. */
  size: number
  modality: string
  view?: string | undefined
  /** Which picture of the study, from 0. */
  place?: number
  /** mm. */
  spacing?: number | undefined
  side?: unknown
}

/** The bytes of its file. */
export function dicomOf({ domain, person, picture, size, modality, view = 'ONE', place, spacing, side }: DicomPicture) {
  const { seed, index, patient, age, sex } = person
  return encodeDicom({
    pixels: picture instanceof Float32Array ? twelveBits(picture) : interleaved(picture),
    rows: size,
    columns: size,
    spacing,
    modality,
    body: bodies[domain] ?? 'UNKNOWN',
    patient,
    studyId: studyId(index),
    set: `vesalius/${domain}/${seed}/${size}`,
    sex,
    age,
    view: view.toUpperCase(),
    ...(place === undefined ? {} : { place }),
    ...(side === 'left' || side === 'right' ? { laterality: side === 'left' ? 'L' : 'R' } : {}),
  })
}
