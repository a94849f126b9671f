/** @file Electrocardiograms as DICOM files: Twelve-lead ECG Waveform Storage (PS3.3 A.34.3), one group of leads. */

import { type DicomStudy, dicomFile, element, patientElements, sequence, studyElements, uidOf } from './dicom-file.ts'

const twelveLeads = '1.2.840.10008.5.1.4.1.1.9.1.1'
/** Units of the converter a millivolt: a stored number is a microvolt. */
const gain = 1000

/** A code of a coding scheme, with its meaning. */
const code = (value: string, scheme: string, meaning: string): Buffer[] => [
  element(0x0008, 0x0100, 'SH', value),
  element(0x0008, 0x0102, 'SH', scheme),
  element(0x0008, 0x0104, 'LO', meaning),
]

/** The bytes of the file; leads must be equally long, samples out of the 16-bit range are cut. `rate` in samples a second. */
export function encodeDicomEcg(
  study: DicomStudy,
  rate: number,
  leads: readonly { name: string; millivolts: Float32Array }[],
): Buffer {
  const length = leads[0]?.millivolts.length ?? 0
  const samples = Buffer.alloc(2 * length * leads.length)
  leads.forEach(({ millivolts }, k) => {
    for (let i = 0; i < length; i++) {
      const value = Math.max(-32767, Math.min(32767, Math.round((millivolts[i] as number) * gain)))
      samples.writeInt16LE(value, 2 * (i * leads.length + k))
    }
  })
  const channels = leads.map(({ name }) => [
    sequence(0x003a, 0x0208, [code(name, 'VESALIUS', `Lead ${name}`)]),
    element(0x003a, 0x0210, 'DS', '1'),
    sequence(0x003a, 0x0211, [code('uV', 'UCUM', 'microvolt')]),
    element(0x003a, 0x0212, 'DS', '1'),
    element(0x003a, 0x0213, 'DS', '0'),
    element(0x003a, 0x0215, 'DS', '0'),
    element(0x003a, 0x021a, 'US', 16),
  ])
  const group = [
    element(0x003a, 0x0004, 'CS', 'ORIGINAL'),
    element(0x003a, 0x0005, 'US', leads.length),
    element(0x003a, 0x0010, 'UL', length),
    element(0x003a, 0x001a, 'DS', String(rate)),
    sequence(0x003a, 0x0200, channels),
    element(0x5400, 0x1004, 'US', 16),
    element(0x5400, 0x1006, 'CS', 'SS'),
    element(0x5400, 0x1010, 'OW', samples),
  ]
  const instance = uidOf(`${study.set}/${study.studyId}/ecg`)
  return dicomFile(twelveLeads, instance, [
    element(0x0008, 0x0060, 'CS', 'ECG'),
    element(0x0008, 0x103e, 'LO', 'Phantom, not a person'),
    ...patientElements(study),
    ...studyElements(study),
    element(0x0020, 0x0013, 'IS', '1'),
    sequence(0x5400, 0x0100, [group]),
  ])
}
