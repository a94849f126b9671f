/** @file WFDB records (PhysioNet's header(5) and signal(5)): a text header, samples in files beside it. */

import { dirname, join } from 'node:path'
import { readBytes } from '../../core/files.ts'
import { type Channel, damagedSignal, type Signal, sampleLimit, unsupportedSignal } from './signal.ts'

interface SignalLine {
  file: string
  format: number
  offset: number
  gain: number
  baseline: number
  unit: string
  name: string
  initial: number
}

/** `file format[xframe][:skew][+offset] gain[(baseline)][/units] resolution zero initial checksum block description`. */
function signalLine(line: string, index: number, where: string): SignalLine {
  const [file, format, gain = '', , zero = '0', initial = zero, , , ...description] = line.trim().split(/\s+/)
  const form = /^(\d+)(?:x(\d+))?(?::\d+)?(?:\+(\d+))?$/.exec(format ?? '')
  if (file === undefined || form === null) throw damagedSignal(where, `the line of signal ${index + 1} cannot be read`)
  if (Number(form[2] ?? 1) !== 1) throw unsupportedSignal(where, 'has several samples a frame, which is not read')
  if (!/^[\w][\w.-]*$/.test(file)) throw unsupportedSignal(where, 'names a data file outside its own folder')
  const scale = /^(-?[\d.eE+-]+)?(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(gain)
  // 200 units a millivolt is what the format takes for an unknown gain.
  const factor = Number(scale?.[1] ?? 0) || 200
  return {
    file,
    format: Number(form[1]),
    offset: Number(form[3] ?? 0),
    gain: factor,
    baseline: Number(scale?.[2] ?? zero),
    unit: scale?.[3] ?? 'mV',
    name: description.join(' ') || `signal ${index + 1}`,
    initial: Number(initial),
  }
}

/** Stored numbers of one file, all its signals by turns; the lowest number of a format stands for none. */
function stored(data: Uint8Array, format: number, count: number, where: string): Int32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const out = new Int32Array(count)
  const need = (bytes: number): void => {
    if (data.length < bytes)
      throw damagedSignal(where, `${count} samples take ${bytes} bytes, and ${data.length} are there`)
  }
  const sign = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits)
  if (format === 16 || format === 61) {
    need(2 * count)
    for (let i = 0; i < count; i++) out[i] = view.getInt16(2 * i, format === 16)
  } else if (format === 32) {
    need(4 * count)
    for (let i = 0; i < count; i++) out[i] = view.getInt32(4 * i, true)
  } else if (format === 24) {
    need(3 * count)
    for (let i = 0; i < count; i++) out[i] = sign(data[3 * i]! | (data[3 * i + 1]! << 8) | (data[3 * i + 2]! << 16), 24)
  } else if (format === 80) {
    need(count)
    for (let i = 0; i < count; i++) out[i] = data[i]! - 128
  } else if (format === 212) {
    // Two samples of 12 bits in three bytes.
    need(Math.ceil((3 * count) / 2))
    for (let i = 0; i < count; i++) {
      const at = 3 * (i >> 1)
      const middle = data[at + 1]!
      out[i] = sign(i % 2 === 0 ? data[at]! | ((middle & 15) << 8) : data[at + 2]! | ((middle >> 4) << 8), 12)
    }
  } else throw unsupportedSignal(where, `has the WFDB format ${format}, which is not read`)
  return out
}

const lowest: Readonly<Record<number, number>> = {
  16: -32768,
  61: -32768,
  32: -2147483648,
  24: -8388608,
  80: -128,
  212: -2048,
}

/** The header and data of a record; `read` gives the bytes of a file beside the header. */
export async function decodeWfdb(
  header: string,
  where: string,
  read: (name: string) => Promise<Uint8Array>,
): Promise<Signal> {
  const lines = header.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const [name = '', counts, rateText = '250', lengthText = '0'] = (lines[0] ?? '').trim().split(/\s+/)
  if (name.includes('/')) throw unsupportedSignal(where, 'is a record of several segments, which is not read')
  const count = Number(counts)
  const rate = Number.parseFloat(rateText)
  if (!Number.isInteger(count) || count < 1 || !(rate > 0)) throw damagedSignal(where, 'its first line cannot be read')
  const specifications = lines.slice(1, 1 + count).map((line, i) => signalLine(line, i, where))
  if (specifications.length < count)
    throw damagedSignal(where, `it describes ${specifications.length} of ${count} signals`)
  const length = Number(lengthText)
  if (!Number.isInteger(length) || length < 1) throw unsupportedSignal(where, 'does not say how many samples it has')
  if (length * count > sampleLimit) throw unsupportedSignal(where, `has ${count} x ${length} samples`)

  const channels = new Array<Channel>(count)
  for (const file of new Set(specifications.map((each) => each.file))) {
    const members = specifications.flatMap((each, i) => (each.file === file ? [{ ...each, index: i }] : []))
    const { format, offset } = members[0]!
    if (members.some((each) => each.format !== format)) throw damagedSignal(where, `${file} has two formats`)
    const values = stored((await read(file)).subarray(offset), format, length * members.length, where)
    members.forEach(({ gain, baseline, unit, name: label, index }, place) => {
      const samples = new Float32Array(length)
      for (let i = 0; i < length; i++) {
        const value = values[i * members.length + place]!
        samples[i] = value === lowest[format] ? Number.NaN : (value - baseline) / gain
      }
      channels[index] = { name: label, unit, samples }
    })
  }
  return { rate, channels, provenance: { format: 'wfdb', steps: ['stored values less baseline, divided by gain'] } }
}

/** Reads a WFDB record by the path of its header (.hea). Throws FILE_DAMAGED or FORMAT_UNSUPPORTED. */
export async function readWfdb(path: string): Promise<Signal> {
  const header = Buffer.from(await readBytes(path)).toString('latin1')
  return decodeWfdb(header, path, (name) => readBytes(join(dirname(path), name)))
}
