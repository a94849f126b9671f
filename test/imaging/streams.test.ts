import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeStream } from '../../src/imaging/codecs/decode.ts'
import { codecLimits, decodeGuarded } from '../../src/imaging/codecs/pool.ts'
import type { StreamCodec } from '../../src/imaging/codecs/types.ts'
import { decodeImage, readImage } from '../../src/imaging/index.ts'
import { corpusPath } from './corpus.ts'
import { dicomFile, encapsulate } from './dicom-fixture.ts'

interface Stream {
  codec: StreamCodec
  width: number
  height: number
  samples: 1 | 3
  lossless: boolean
  bytes: string
  values: number[]
}
const { streams } = JSON.parse(readFileSync(new URL('../golden/dicom-streams.json', import.meta.url), 'utf8')) as {
  streams: Record<string, Stream>
}
const jobOf = ({ codec, width, height, samples, bytes }: Stream) => ({
  codec,
  bytes: new Uint8Array(Buffer.from(bytes, 'base64')),
  expected: { width, height, samples },
  transformed: true,
})

describe('streams of other encoders give what other decoders give', () => {
  it.each(Object.entries(streams))('%s', async (_, stream) => {
    const { values } = await decodeStream(jobOf(stream))
    const largest = stream.values.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0)
    expect(values.length).toBe(stream.values.length)
    expect(largest).toBeLessThanOrEqual(stream.lossless || stream.codec === 'jpeg-ls' ? 0 : 1)
  })

  it('one slice gives the same display values in six transfer syntaxes', async () => {
    const pixels = streams['jpeg lossless 16']!.values
    const fixture = { rows: 16, columns: 16, bits: 16 as const, stored: 12 }
    const whole = (await decodeImage(dicomFile({ ...fixture, pixels }), 'x')).pixels
    expect(new Set(whole).size).toBeGreaterThan(100)
    for (const [name, transferSyntax] of [
      ['jpeg lossless 16', '1.2.840.10008.1.2.4.57'],
      ['jpeg lossless 16', '1.2.840.10008.1.2.4.70'],
      ['jpeg 2000 lossless 16', '1.2.840.10008.1.2.4.90'],
      ['ht-jpeg 2000 lossless 16', '1.2.840.10008.1.2.4.201'],
      ['ht-jpeg 2000 lossless 16', '1.2.840.10008.1.2.4.202'],
    ] as const) {
      const stream = Buffer.from(streams[name]!.bytes, 'base64')
      const packed = dicomFile({ ...fixture, pixels: encapsulate([[stream]], true), transferSyntax })
      expect((await decodeImage(packed, name)).pixels, name).toEqual(whole)
    }
  })
})

describe('codecs in worker threads', () => {
  it('decode many streams at once, and go on after one that is corrupt', async () => {
    const job = jobOf(streams['jpeg 2000 lossless 16']!)
    const corrupt = { ...job, bytes: job.bytes.slice(0, 120) }
    const results = await Promise.allSettled([job, corrupt, job, corrupt, job, job].map((each) => decodeGuarded(each)))
    expect(results.map(({ status }) => status[0]).join('')).toBe('frfrff')
  })

  it('give up what takes too long, and decode the next', async () => {
    const job = jobOf(streams['ht-jpeg 2000 lossless 16']!)
    // Six million pixels in colour take far longer than 30 ms.
    const large = corpusPath('jpeg-lossless-decoder-js/tests/data/jpeg_lossless_sel1-rgb.dcm')
    await expect(readImage(large, { decodeMilliseconds: 30 })).rejects.toThrow('took longer than 30 ms')
    expect((await decodeGuarded(job)).values.length).toBe(256)
  })

  it('have two seconds, and two more for each million samples', () => {
    const job = jobOf(streams['jpeg lossless 16']!)
    expect(codecLimits({ ...job, expected: { width: 1000, height: 500, samples: 3 } }).milliseconds).toBe(5000)
  })

  it('refuse a stream of another size before it is decoded', async () => {
    for (const stream of Object.values(streams)) {
      const job = { ...jobOf(stream), expected: { width: 17, height: 16, samples: stream.samples } }
      await expect(decodeStream(job)).rejects.toThrow('16 x 16 pixels and its header says 17 x 16')
    }
  })
})
