/** @file How our reading of a DICOM file compares with the reference's: the facts behind a test and the table in the docs. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { VesaliusError } from '../../src/core/errors.ts'
import { readHeader } from '../../src/imaging/dicom/header.ts'
import { readLayout } from '../../src/imaging/dicom/layout.ts'
import { readSamples } from '../../src/imaging/dicom/samples.ts'
import { transferSyntaxes } from '../../src/imaging/dicom/syntaxes.ts'
import { corpusPath } from './corpus.ts'

interface ExpectedValues {
  sha256: string
  low: number
  high: number
  mean: number
  every: number[]
}

/** One file as the reference sees it (tools/reference/dicom_pixels.py). */
export interface ExpectedFile {
  name: string
  sha256: string
  syntax?: string
  /** False: no pixel data. */
  pixels?: boolean
  rows?: number
  columns?: number
  samples?: number
  frames?: number
  photometric?: string
  bits?: number
  /** What the reference says when it cannot read the file. */
  error?: string
  /** By frame: stored values of greys, RGB of colours. */
  values?: Record<string, ExpectedValues>
}

export const expectedFiles = (
  JSON.parse(readFileSync(new URL('../golden/dicom-pixels.json', import.meta.url), 'utf8')) as { files: ExpectedFile[] }
).files

export type Agreement =
  | { result: 'equal' }
  /** Lossy or converted colours: the largest and the mean difference of compared values. */
  | { result: 'close'; largest: number; mean: number }
  | { result: 'refused'; code: string; message: string }

/** Stored greys, or RGB of the stored depth as whole numbers. */
async function valuesOf(bytes: Uint8Array, name: string, frame: number): Promise<Int32Array | Float64Array> {
  const header = readHeader(bytes, name)
  const layout = readLayout(header, name)
  const stored = await readSamples(header, layout, frame, name)
  const { values, rgb } = stored
  if (layout.float) return Float64Array.from(values)
  if (layout.samples === 1 || rgb || !layout.photometric.startsWith('YBR_FULL')) return Int32Array.from(values)
  const { toColors } = await import('../../src/imaging/dicom/colors.ts')
  const top = 2 ** layout.bitsStored - 1
  return Int32Array.from(toColors(stored, layout).values, (value) => Math.round(value * top))
}

/** Compares the frames the reference has values for; without such, only tries the first frame. */
export async function agreementOf(file: ExpectedFile): Promise<Agreement> {
  const bytes = readFileSync(corpusPath(file.name))
  let largest = 0
  let sum = 0
  let count = 0
  try {
    for (const [frame, expected] of Object.entries(
      file.error === undefined && file.values !== undefined ? file.values : { 0: undefined },
    )) {
      const values = await valuesOf(bytes, file.name, Number(frame))
      if (expected === undefined) return { result: 'close', largest: Number.NaN, mean: Number.NaN }
      const hash = createHash('sha256')
        .update(Buffer.from(values.buffer, 0, values.byteLength))
        .digest('hex')
      if (hash === expected.sha256) continue
      const step = Math.max(1, Math.trunc(values.length / 24))
      expected.every.forEach((value, i) => {
        const difference = Math.abs(value - (values[i * step] ?? Number.NaN))
        largest = Math.max(largest, difference)
        sum += difference
        count++
      })
      let total = 0
      for (const value of values) total += value
      const mean = total / values.length
      largest = Math.max(largest, Math.abs(mean - expected.mean))
      if (largest === 0) largest = Number.MIN_VALUE
    }
  } catch (error) {
    if (!(error instanceof VesaliusError)) throw error
    return { result: 'refused', code: error.code, message: error.message }
  }
  return largest === 0 ? { result: 'equal' } : { result: 'close', largest, mean: sum / count }
}

/** What decodes the pixels of a transfer syntax. */
export function syntaxOf(file: ExpectedFile): { name: string; lossless: boolean } {
  const found = transferSyntaxes[file.syntax ?? '']
  return { name: found?.name ?? 'unknown', lossless: found?.lossless ?? false }
}
