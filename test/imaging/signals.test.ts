import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeDicomSignals } from '../../src/imaging/signals/dicom-waveform.ts'
import { readSignals } from '../../src/imaging/signals/read.ts'
import { decodeWfdb } from '../../src/imaging/signals/wfdb.ts'
import { corpusFolder, corpusPath } from './corpus.ts'
import { dicomFile } from './dicom-fixture.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/signals.json', import.meta.url), 'utf8')) as {
  wfdb: Record<string, { header: string; data: string; values: (number | null)[][] }>
  dicom: { name: string; groups: { rate: number; names: string[]; samples: number; every: number[][] }[] }
}

describe('WFDB records', () => {
  it.each(Object.entries(golden.wfdb))('format %s equals wfdb', async (_, { header, data, values }) => {
    const read = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(data, 'hex'))
    const signal = await decodeWfdb(header, 'r.hea', read)
    expect(signal.rate).toBe(360)
    expect(signal.channels.map(({ name, unit }) => `${name} [${unit}]`)).toEqual([
      'I [mV]',
      'lead V1 [uV]',
      'ABP [mmHg]',
    ])
    signal.channels.forEach(({ samples }, c) => {
      const wrong = values[c]!.filter((value, i) =>
        value === null
          ? !Number.isNaN(samples[i]!)
          : !(Math.abs(samples[i]! - value) <= 2e-6 * Math.max(1, Math.abs(value))),
      )
      expect(wrong).toEqual([])
    })
    const cut = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(data, 'hex').subarray(0, 20))
    await expect(decodeWfdb(header, 'r.hea', cut)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  })

  it('refuses what it does not read, and files elsewhere', async () => {
    const none = (): Promise<never> => Promise.reject(new Error('nothing may be read'))
    for (const [header, message] of [
      ['r/2 1 360 10\n', 'several segments'],
      ['r 1 360 10\nr.dat 508 200\n', 'format 508'],
      ['r 1 360 10\n../r.dat 16 200\n', 'outside its own folder'],
      ['r 1 360 10\nr.dat 16x2 200\n', 'several samples a frame'],
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
