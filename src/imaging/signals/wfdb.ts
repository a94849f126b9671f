/**
 * @file WFDB records (PhysioNet's header(5) and signal(5)): a text header, samples in files beside it; or a header that lists
 * segments, records of their own that follow each other.
 */

import { dirname, join } from 'node:path'
import { readBytes } from '../../core/files.ts'
import { type Channel, damagedSignal, type Signal, sampleLimit, unsupportedSignal } from './signal.ts'
import { samplesIn, storedSamples } from './wfdb-formats.ts'

/** A signal as the header describes it. */
interface SignalLine {
  file: string
  format: number
  /** Samples in each frame of the record. */
  each: number
  /** Frames that it lags behind the others in the file. */
  skew: number
  offset: number
  gain: number
  baseline: number
  unit: string
  name: string
  initial: number
}

/** Gives the bytes of a file beside the header. */
type Read = (name: string) => Promise<Uint8Array>

const lines = (header: string): string[] =>
  header.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))

/** Frames that a header speaks of, as a number; undefined where it does not say. */
function lengthOf(text: string | undefined, where: string): number | undefined {
  if (text === undefined || text === '0') return undefined
  if (!/^\d+$/.test(text)) throw damagedSignal(where, 'its first line cannot be read')
  return Number(text)
}

/** `file format[xframe][:skew][+offset] gain[(baseline)][/units] resolution zero initial checksum block description`. */
function signalLine(line: string, index: number, where: string): SignalLine {
  const [file, format, gain = '', , zero = '0', initial = zero, , , ...description] = line.trim().split(/\s+/)
  const form = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/.exec(format ?? '')
  if (file === undefined || form === null) throw damagedSignal(where, `the line of signal ${index + 1} cannot be read`)
  if (file !== '~' && !/^[\w][\w.-]*$/.test(file))
    throw unsupportedSignal(where, 'names a data file outside its own folder')
  const scale = /^(-?[\d.eE+-]+)?(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(gain)
  // 200 units a millivolt is what the format takes for an unknown gain.
  const factor = Number(scale?.[1] ?? 0) || 200
  return {
    file,
    format: Number(form[1]),
    each: Number(form[2] ?? 1) || 1,
    skew: Number(form[3] ?? 0),
    offset: Number(form[4] ?? 0),
    gain: factor,
    baseline: Number(scale?.[2] ?? zero),
    unit: scale?.[3] ?? 'mV',
    name: description.join(' ') || `signal ${index + 1}`,
    initial: Number(initial),
  }
}

/** A channel, and how many of its samples a frame holds. */
interface Timed extends Channel {
  each: number
}

/** A record, or a segment of one. */
interface Recording {
  /** Frames a second. */
  rate: number
  frames: number
  channels: Timed[]
}

/** Samples in gaps, which a few words of a header can ask for. */
const gapLimit = 64 * 1024 * 1024

function checkSize(samples: number, where: string): void {
  if (samples > sampleLimit) throw unsupportedSignal(where, `has ${samples} samples, more than are read at once`)
}

/** A record of one segment. */
async function readRecording(header: string, where: string, read: Read): Promise<Recording> {
  const [first = '', ...rest] = lines(header)
  const [, counts, rateText = '250', lengthText] = first.trim().split(/\s+/)
  const count = Number(counts)
  const rate = Number.parseFloat(rateText)
  if (!Number.isInteger(count) || count < 1 || !(rate > 0)) throw damagedSignal(where, 'its first line cannot be read')
  const specifications = rest.slice(0, count).map((line, i) => signalLine(line, i, where))
  if (specifications.length < count)
    throw damagedSignal(where, `it describes ${specifications.length} of ${count} signals`)

  let frames = lengthOf(lengthText, where)
  const wide = specifications.reduce((sum, { each }) => sum + each, 0)
  checkSize((frames ?? 0) * wide, where)
  const channels = new Array<Timed>(count)
  for (const file of new Set(specifications.map((signal) => signal.file))) {
    if (file === '~')
      throw unsupportedSignal(where, 'has signals without samples; read the record that it is a part of')
    const members = specifications.flatMap((signal, index) => (signal.file === file ? [{ ...signal, index }] : []))
    const { format, offset } = members[0]!
    if (members.some((signal) => signal.format !== format)) throw damagedSignal(where, `${file} has two formats`)
    const data = (await read(file)).subarray(offset)
    const width = members.reduce((sum, { each }) => sum + each, 0)
    frames ??= Math.floor(samplesIn(data.length, format, where) / width)
    if (frames < 1) throw damagedSignal(where, `${file} holds no samples`)
    const values = storedSamples(data, format, frames * width, where)
    let place = 0
    for (const signal of members) {
      channels[signal.index] = channelOf(signal, { values, frames, width, place })
      place += signal.each
    }
  }
  return { rate, frames: frames as number, channels }
}

/** One signal out of the frames of its file, `place` samples into each frame, in physical units. */
function channelOf(
  { format, each, skew, gain, baseline, unit, name, initial }: SignalLine,
  { values, frames, width, place }: { values: Float64Array; frames: number; width: number; place: number },
): Timed {
  const all = new Float64Array(frames * each)
  let sum = initial
  for (let i = 0; i < all.length; i++) {
    const value = values[Math.floor(i / each) * width + place + (i % each)] as number
    sum += value
    all[i] = format === 8 ? sum : value
  }
  const samples = new Float32Array(all.length).fill(Number.NaN)
  for (let i = 0; i + skew * each < all.length; i++) samples[i] = ((all[i + skew * each] as number) - baseline) / gain
  return { name, unit, samples, each }
}

/**
 * A record of several segments. The first one has no samples where the layout varies: it names all signals, and a segment
 * has some of them. `~` is a gap. What a segment does not have is NaN.
 */
async function readSegments(header: string, where: string, read: Read): Promise<Recording> {
  const [first = '', ...rest] = lines(header)
  const [name = '', , rateText = '250', lengthText] = first.trim().split(/\s+/)
  const rate = Number.parseFloat(rateText)
  const count = Number(name.slice(name.indexOf('/') + 1))
  const listed = rest.slice(0, count).map((line) => {
    const [segment = '', frames] = line.trim().split(/\s+/)
    if (segment !== '~' && !/^[\w][\w-]*$/.test(segment))
      throw unsupportedSignal(where, 'names a segment outside its own folder')
    if (!/^\d+$/.test(frames ?? '')) throw damagedSignal(where, `the line of segment ${segment} cannot be read`)
    return { segment, frames: Number(frames) }
  })
  if (!(rate > 0) || !Number.isInteger(count) || count < 1 || listed.length < count)
    throw damagedSignal(where, `it lists ${listed.length} of ${name.slice(name.indexOf('/') + 1)} segments`)
  const frames = listed.reduce((sum, segment) => sum + segment.frames, 0)
  const stated = lengthOf(lengthText, where)
  if (stated !== undefined && stated !== frames)
    throw damagedSignal(where, `its segments have ${frames} frames together, and it speaks of ${stated}`)

  const gaps = listed.reduce((sum, segment) => sum + (segment.segment === '~' ? segment.frames : 0), 0)
  const channels = new Map<string, Timed>()
  const declare = ({ name, unit, each }: Pick<Timed, 'name' | 'unit' | 'each'>): Timed => {
    const known = channels.get(name)
    if (known !== undefined && (known.unit !== unit || known.each !== each))
      throw unsupportedSignal(where, `has segments whose signals "${name}" have other units or rates`)
    checkSize((channels.size + 1) * frames * each, where)
    if ((channels.size + 1) * gaps * each > gapLimit) throw unsupportedSignal(where, `has gaps of ${gaps} frames`)
    const channel = known ?? { name, unit, each, samples: new Float32Array(frames * each).fill(Number.NaN) }
    channels.set(name, channel)
    return channel
  }
  const text = async (segment: string): Promise<string> => Buffer.from(await read(`${segment}.hea`)).toString('latin1')
  let from = 0
  for (const [i, { segment, frames: length }] of listed.entries()) {
    if (segment !== '~' && i === 0 && length === 0) {
      for (const [k, line] of lines(await text(segment))
        .slice(1)
        .entries())
        declare(signalLine(line, k, where))
    } else if (segment !== '~') {
      const part = await readRecording(await text(segment), `${where} (segment ${segment})`, read)
      if (part.frames !== length || part.rate !== rate)
        throw damagedSignal(where, `segment ${segment} has ${part.frames} frames at ${part.rate} a second`)
      for (const channel of part.channels) declare(channel).samples.set(channel.samples, from * channel.each)
    }
    from += length
  }
  if (channels.size === 0) throw damagedSignal(where, 'its segments hold no signal')
  return { rate, frames, channels: [...channels.values()] }
}

/** The header and data of a record, channels of one rate together; `read` gives the bytes of a file beside the header. */
export async function decodeWfdb(header: string, where: string, read: Read): Promise<Signal[]> {
  const segmented = /^\s*[\w-]+\/\d+/.test(lines(header)[0] ?? '')
  const { rate, channels } = await (segmented ? readSegments : readRecording)(header, where, read)
  const steps = ['stored values less baseline, divided by gain']
  return [...new Set(channels.map(({ each }) => each))].map((each) => ({
    rate: rate * each,
    channels: channels.flatMap((channel) =>
      channel.each === each ? [{ name: channel.name, unit: channel.unit, samples: channel.samples }] : [],
    ),
    provenance: { format: 'wfdb', steps },
  }))
}

/** Reads a WFDB record by the path of its header (.hea). Throws FILE_DAMAGED or FORMAT_UNSUPPORTED. */
export async function readWfdb(path: string): Promise<Signal[]> {
  const header = Buffer.from(await readBytes(path)).toString('latin1')
  return decodeWfdb(header, path, (name) => readBytes(join(dirname(path), name)))
}
