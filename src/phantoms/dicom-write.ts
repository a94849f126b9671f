/**
 * @file One picture, greys or colours, as a DICOM file with the tags a reader needs (patient and study, size, bits, window,
 * polarity, spacing).
 */

import { VesaliusError } from '../core/errors.ts'
import { type DicomStudy, dicomFile, element, patientElements, studyElements, uidOf } from './dicom-file.ts'

/** What goes into the file. */
export interface DicomImage extends DicomStudy {
  /** Greys [rows * columns], 12 bits stored in 16; or colours [rows * columns * 3], 8 bits, red, green and blue of each pixel. */
  pixels: Uint16Array | Uint8Array
  rows: number
  columns: number
  /** mm; absent where nobody knows, as in a photograph. */
  spacing?: number | undefined
  /** DX, MG, PX, US, MR, CT of greys; OP, XC, ES, SM of colours. */
  modality: string
  /** What is shown, in capitals: CHEST, KNEE ... */
  body: string
  /** ViewPosition of radiographs; tells the pictures of a study apart in all others. */
  view: string
  /** Where a study has several pictures: which one, from 0. */
  place?: number
  laterality?: string
  /** True: the smallest value is shown white. */
  monochrome1?: boolean
}

/** SOP classes by modality: digital X-ray and mammography for presentation, the others as their machines store. */
const classes: Readonly<Record<string, string>> = {
  DX: '1.2.840.10008.5.1.4.1.1.1.1',
  PX: '1.2.840.10008.5.1.4.1.1.1.1',
  MG: '1.2.840.10008.5.1.4.1.1.1.2',
  US: '1.2.840.10008.5.1.4.1.1.6.1',
  MR: '1.2.840.10008.5.1.4.1.1.4',
  CT: '1.2.840.10008.5.1.4.1.1.2',
  OP: '1.2.840.10008.5.1.4.1.1.77.1.5.1',
  XC: '1.2.840.10008.5.1.4.1.1.77.1.4',
  ES: '1.2.840.10008.5.1.4.1.1.77.1.1',
  // A picture through a microscope; SM is the modality of whole slides.
  SM: '1.2.840.10008.5.1.4.1.1.77.1.2',
}
/** Modalities of radiographs, which have a ViewPosition. */
const projections = new Set(['DX', 'PX', 'MG'])
/** The bytes of a DICOM file. Throws for a modality that is none of those listed. */
export function encodeDicom(image: DicomImage): Buffer {
  const { modality, view, place = 0, pixels, set, studyId, monochrome1 = false } = image
  const sopClass = classes[modality]
  if (sopClass === undefined)
    throw new VesaliusError('RUNTIME_FAILED', `Pictures of the modality ${modality} are not written as DICOM.`)
  const colour = pixels instanceof Uint8Array
  const projection = projections.has(modality)
  // The PA picture of a study keeps its identifier whatever else is taken.
  const other = view === 'PA' ? '' : `/${view}`
  const instance = uidOf(`${set}/${studyId}/image${other}`)
  const mm = image.spacing === undefined ? undefined : `${image.spacing.toFixed(6)}\\${image.spacing.toFixed(6)}`
  const spaced = (group: number, number: number): Buffer[] =>
    mm === undefined ? [] : [element(group, number, 'DS', mm)]
  const bits = colour ? 8 : 12
  const greys = monochrome1 ? 'MONOCHROME1' : 'MONOCHROME2'
  return dicomFile(sopClass, instance, [
    element(0x0008, 0x0060, 'CS', modality),
    ...(projection ? [element(0x0008, 0x0068, 'CS', 'FOR PRESENTATION')] : []),
    element(0x0008, 0x103e, 'LO', `Phantom ${image.body.toLowerCase()}, not a person`),
    ...patientElements(image),
    element(0x0018, 0x0015, 'CS', image.body),
    ...(projection ? [...spaced(0x0018, 0x1164), element(0x0018, 0x5101, 'CS', view)] : []),
    ...studyElements(image),
    element(0x0020, 0x0013, 'IS', String(place + 1)),
    ...(image.laterality === undefined ? [] : [element(0x0020, 0x0062, 'CS', image.laterality)]),
    element(0x0028, 0x0002, 'US', colour ? 3 : 1),
    element(0x0028, 0x0004, 'CS', colour ? 'RGB' : greys),
    ...(colour ? [element(0x0028, 0x0006, 'US', 0)] : []),
    element(0x0028, 0x0010, 'US', image.rows),
    element(0x0028, 0x0011, 'US', image.columns),
    ...spaced(0x0028, 0x0030),
    element(0x0028, 0x0100, 'US', colour ? 8 : 16),
    element(0x0028, 0x0101, 'US', bits),
    element(0x0028, 0x0102, 'US', bits - 1),
    element(0x0028, 0x0103, 'US', 0),
    element(0x0028, 0x0301, 'CS', 'NO'),
    ...(colour ? [] : [element(0x0028, 0x1050, 'DS', '2048'), element(0x0028, 0x1051, 'DS', '4096')]),
    element(0x7fe0, 0x0010, colour ? 'OB' : 'OW', evenBytes(pixels)),
  ])
}

/** Pixels as bytes, with one more where their number is odd. */
function evenBytes({ buffer, byteOffset, byteLength }: Uint16Array | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  if (byteLength % 2 === 0) return bytes
  const even = new Uint8Array(byteLength + 1)
  even.set(bytes)
  return even
}

/** Greys in [0, 1] as 12-bit values. */
export function twelveBits(greys: Float32Array): Uint16Array {
  return Uint16Array.from(greys, (v) => Math.round(Math.min(1, Math.max(0, v)) * 4095))
}
