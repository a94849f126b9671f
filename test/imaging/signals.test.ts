import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeDicomSignals } from '../../src/imaging/signals/dicom-waveform.ts'
import { readSignals } from '../../src/imaging/signals/read.ts'
import type { Signal } from '../../src/imaging/signals/signal.ts'
import { decodeWfdb } from '../../src/imaging/signals/wfdb.ts'
import { corpusFolder, corpusPath } from './corpus.ts'
import { dicomFile } from './dicom-fixture.ts'

interface Recorded {
  header: string
  /** Bytes of the files beside the header, hexadecimal. */
  files: Record<string, string>
  /** By signal; null for none. */
  values: (number | null)[][]
}

/** Samples that are not what they should be. */
const wrongOf = (samples: Float32Array, values: readonly (number | null)[]): (number | null)[] =>
  values.length !== samples.length
    ? [samples.length]
    : values.filter((value, i) =>
        value === null
          ? !Number.isNaN(samples[i]!)
          : !(Math.abs(samples[i]! - value) <= 2e-6 * Math.max(1, Math.abs(value))),
      )

const golden = JSON.parse(readFileSync(new URL('../golden/signals.json', import.meta.url), 'utf8')) as {
  wfdb: Record<string, { header: string; data: string; values: (number | null)[][] }>
  timed: Record<string, Recorded>
  segmented: Record<string, Recorded>
  dicom: { name: string; groups: { rate: number; names: string[]; samples: number; every: number[][] }[] }
}

describe('WFDB records', () => {
  it.each(Object.entries(golden.wfdb))('format %s equals wfdb', async (_, { header, data, values }) => {
    const read = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(data, 'hex'))
    const [signal, ...more] = (await decodeWfdb(header, 'r.hea', read)) as [Signal, ...Signal[]]
    expect(more).toEqual([])
    expect(signal.rate).toBe(360)
    expect(signal.channels.map(({ name, unit }) => `${name} [${unit}]`)).toEqual([
      'I [mV]',
      'lead V1 [uV]',
      'ABP [mmHg]',
    ])
    signal.channels.forEach(({ samples }, c) => {
      expect(wrongOf(samples, values[c]!)).toEqual([])
    })
    const cut = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(data, 'hex').subarray(0, 20))
    await expect(decodeWfdb(header, 'r.hea', cut)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  })

  const beside =
    (files: Recorded['files']) =>
    (name: string): Promise<Uint8Array> =>
      Promise.resolve(Buffer.from(files[name] ?? '', 'hex'))

  it.each(Object.entries(golden.timed))(
    'signals of several rates, one of them late, equal wfdb: %s',
    async (_, { header, files, values }) => {
      const signals = await decodeWfdb(header, 'r.hea', beside(files))
      expect(signals.map(({ rate, channels }) => [rate, ...channels.map(({ name }) => name)])).toEqual([
        [500, 'ECG'],
        [125, 'ABP', 'PLETH'],
      ])
      const channels = signals.flatMap((signal) => signal.channels)
      expect(channels.map(({ samples }, c) => wrongOf(samples, values[c]!))).toEqual([[], [], []])
    },
  )

  it.each(Object.entries(golden.segmented))('segments, %s, equal wfdb', async (_, { header, files, values }) => {
    const [signal] = (await decodeWfdb(header, 'm.hea', beside(files))) as [Signal]
    expect(signal.channels.map(({ name, unit }) => `${name} [${unit}]`)).toEqual(['I [mV]', 'II [mV]', 'ABP [mmHg]'])
    expect(signal.channels.map(({ samples }, c) => wrongOf(samples, values[c]!))).toEqual([[], [], []])
  })

  it.each([
    ['m/2 3 250 13\na 7\nb 5\n', 'FILE_DAMAGED', '12 frames together, and it speaks of 13'],
    ['m/3 3 250 12\na 7\nb 5\n', 'FILE_DAMAGED', 'lists 2 of 3 segments'],
    ['m/2 3 250 12\na 6\nb 6\n', 'FILE_DAMAGED', 'segment a has 7 frames'],
    ['m/2 3 360 12\na 7\nb 5\n', 'FILE_DAMAGED', 'at 250 a second'],
    ['m/2 3 250 12\n../a 7\nb 5\n', 'FORMAT_UNSUPPORTED', 'outside its own folder'],
    ['m/2 3 250\na 7\n~ 99999999\n', 'FORMAT_UNSUPPORTED', 'has gaps'],
    ['m/1 3 250\n~ 10\n', 'FILE_DAMAGED', 'no signal'],
  ])('says what is wrong with a list of segments: %j', async (header, code, message) => {
    const { files } = golden.segmented.fixed!
    await expect(decodeWfdb(header, 'm.hea', beside(files))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })

  it('refuses what it does not read, and files elsewhere', async () => {
    const none = (): Promise<never> => Promise.reject(new Error('nothing may be read'))
    for (const [header, message] of [
      ['r 1 360 10\nr.dat 508 200\n', 'format 508'],
      ['r 1 360 10\n../r.dat 16 200\n', 'outside its own folder'],
      ['r 1 360 10\n~ 0 200\n', 'signals without samples'],
    ] as const) {
      const read = message.includes('508') ? (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(40)) : none
      await expect(decodeWfdb(header, 'r.hea', read)).rejects.toThrow(message)
    }
    await expect(decodeWfdb('nonsense', 'r.hea', none)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  })
})

describe('DICOM waveforms', () => {
  it.skipIf(corpusFolder() === undefined)(
    'an ECG of twelve leads equals pydicom (needs sh tools/corpus.sh)',
    async () => {
      const signals = await readSignals(corpusPath(golden.dicom.name))
      expect(signals.map(({ rate }) => rate)).toEqual(golden.dicom.groups.map(({ rate }) => rate))
      signals.forEach(({ channels }, g) => {
        const { names, samples, every } = golden.dicom.groups[g]!
        expect(channels.map(({ name }) => name)).toEqual(names)
        expect(channels.map(({ unit }) => unit)).toEqual(names.map(() => 'uV'))
        channels.forEach((channel, c) => {
          expect(channel.samples.length).toBe(samples)
          const largest = every[c]!.reduce(
            (most, value, i) => Math.max(most, Math.abs(value - channel.samples[i * 499]!)),
            0,
          )
          expect(largest).toBeLessThan(1e-3)
        })
      })
    },
  )

  it('says when there are none', () => {
    const file = dicomFile({ rows: 1, columns: 1, pixels: [1] })
    expect(() => decodeDicomSignals(file, 'x.dcm')).toThrow('without waveforms')
  })
})
