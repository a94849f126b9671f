/** @file Signals such as electrocardiograms: channels of samples in physical units. */

import { VesaliusError } from '../../core/errors.ts'

export interface Channel {
  /** As the file names it: lead I, V1 ... */
  name: string
  /** Of the samples: mV, uV, mmHg ... */
  unit: string
  /** Physical values; NaN where the recorder had none. */
  samples: Float32Array
}

/** Channels that were sampled together. */
export interface Signal {
  /** Samples a second. */
  rate: number
  channels: Channel[]
  provenance: { format: 'dicom' | 'wfdb'; steps: string[] }
}

/** More samples than are read: a day of twelve leads at 360 Hz is 373 million. */
export const sampleLimit = 512 * 1024 * 1024

export function damagedSignal(where: string, problem: string): VesaliusError {
  return new VesaliusError('FILE_DAMAGED', `${where} is a damaged recording: ${problem}.`, {
    where,
    hint: 'Copy or export the file again.',
  })
}

export function unsupportedSignal(where: string, problem: string): VesaliusError {
  return new VesaliusError('FORMAT_UNSUPPORTED', `${where} ${problem}.`, {
    where,
    hint: 'Convert it to WFDB format 16 or 212, or to DICOM with 16-bit samples.',
  })
}
