/** @file The door for signals: DICOM waveforms and WFDB records. */

import { readBytes } from '../../core/files.ts'
import { decodeDicomSignals } from './dicom-waveform.ts'
import type { Signal } from './signal.ts'
import { readWfdb } from './wfdb.ts'

/**
 * Reads the signals of a file: each multiplex group of a DICOM file, or the channels of each rate of a WFDB record by its header (.hea).
 *
 * @example
 * for (const { rate, channels } of await readSignals('ecg.dcm')) console.log(rate, channels.map(({ name }) => name))
 */
export async function readSignals(path: string): Promise<Signal[]> {
  if (/\.hea$/i.test(path)) return readWfdb(path)
  return decodeDicomSignals(await readBytes(path), path)
}
