/** @file Waveforms of DICOM (PS3.3 C.10.9): one signal a multiplex group. */

import { bytesOf, codeOf, decimalsOf, itemOf, itemsOf, textOf, unsigned32Of, unsignedOf } from '../dicom/fields.ts'
import { readHeader } from '../dicom/header.ts'
import type { DataSet } from '../dicom/parse.ts'
import { type Channel, damagedSignal, type Signal, sampleLimit, unsupportedSignal } from './signal.ts'

/** How samples are stored, by Waveform Sample Interpretation. */
const interpretations: Readonly<
  Record<string, { bits: number; read: (view: DataView, at: number, little: boolean) => number }>
> = {
  SB: { bits: 8, read: (view, at) => view.getInt8(at) },
  UB: { bits: 8, read: (view, at) => view.getUint8(at) },
  SS: { bits: 16, read: (view, at, little) => view.getInt16(at, little) },
  US: { bits: 16, read: (view, at, little) => view.getUint16(at, little) },
  SL: { bits: 32, read: (view, at, little) => view.getInt32(at, little) },
  UL: { bits: 32, read: (view, at, little) => view.getUint32(at, little) },
}

/** Only what looks like the name of a lead or a unit is passed on. */
function wordOf(dataSet: DataSet | undefined, tag: number): string | undefined {
  const text = textOf(dataSet, tag)?.trim()
  return text !== undefined && /^[\w %/()+.-]{1,64}$/.test(text) ? text : undefined
}

function signalOf(group: DataSet, where: string): Signal {
  const count = unsignedOf(group, 0x003a0005) ?? 0
  const samples = unsigned32Of(group, 0x003a0010) ?? 0
  const rate = decimalsOf(group, 0x003a001a)[0] ?? 0
  const kind = interpretations[codeOf(group, 0x54001006) ?? '']
  const data = bytesOf(group, 0x54001010)
  if (count < 1 || samples < 1 || !(rate > 0)) throw damagedSignal(where, 'a waveform has no channels, samples or rate')
  if (kind === undefined || unsignedOf(group, 0x54001004) !== kind.bits)
    throw unsupportedSignal(where, `has waveform samples of type ${codeOf(group, 0x54001006)}, which is not read`)
  if (count * samples > sampleLimit) throw unsupportedSignal(where, `has ${count} x ${samples} samples`)
  const size = kind.bits / 8
  if (data === undefined || data.length < count * samples * size)
    throw damagedSignal(where, `${count} x ${samples} samples take more bytes than are there`)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const padding = group.elements.has(0x5400100a) ? decodePadding(group, kind) : undefined
  const definitions = itemsOf(group, 0x003a0200)
  const channels = Array.from({ length: count }, (_, c): Channel => {
    const definition = definitions[c]
    const sensitivity = decimalsOf(definition, 0x003a0210)[0] ?? 1
    const correction = decimalsOf(definition, 0x003a0212)[0] ?? 1
    const baseline = decimalsOf(definition, 0x003a0213)[0] ?? 0
    const values = new Float32Array(samples)
    for (let i = 0; i < samples; i++) {
      const stored = kind.read(view, (i * count + c) * size, group.littleEndian)
      values[i] = stored === padding ? Number.NaN : stored * sensitivity * correction + baseline
    }
    const source = itemOf(definition, 0x003a0208)
    return {
      name: wordOf(source, 0x00080104) ?? wordOf(definition, 0x003a0203) ?? `channel ${c + 1}`,
      unit: wordOf(itemOf(definition, 0x003a0211), 0x00080100) ?? '1',
      samples: values,
    }
  })
  return { rate, channels, provenance: { format: 'dicom', steps: ['stored values times sensitivity plus baseline'] } }
}

/** Waveform Padding Value (5400,100A), in the type of the samples. */
function decodePadding(
  group: DataSet,
  { bits, read }: { bits: number; read: (view: DataView, at: number, little: boolean) => number },
) {
  const bytes = bytesOf(group, 0x5400100a)
  if (bytes === undefined || bytes.length < bits / 8) return undefined
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, group.littleEndian)
}

/** The signals of a DICOM file. Throws FORMAT_UNSUPPORTED when it holds none, FILE_DAMAGED when samples are missing. */
export function decodeDicomSignals(bytes: Uint8Array, where: string): Signal[] {
  const { dataSet } = readHeader(bytes, where)
  const groups = itemsOf(dataSet, 0x54000100)
  if (groups.length === 0) throw unsupportedSignal(where, 'is a DICOM file without waveforms (5400,0100)')
  return groups.map((group) => signalOf(group, where))
}
