/** @file Every reader of images with small files to damage. A reader may give a picture or a VesaliusError, nothing else. */

import { readFileSync } from 'node:fs'
import { deflateRawSync, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { VesaliusError } from '../../src/core/errors.ts'
import { type Random, random } from '../../src/core/random.ts'
import { decodeStream } from '../../src/imaging/codecs/decode.ts'
import { decodeGuarded } from '../../src/imaging/codecs/pool.ts'
import { CodecError, type StreamCodec } from '../../src/imaging/codecs/types.ts'
import { decodeImage } from '../../src/imaging/index.ts'
import { decodeVolume } from '../../src/imaging/volumes/read.ts'
import { sortSeries } from '../../src/imaging/volumes/series.ts'
import { corpusPath } from './corpus.ts'
import { dicomFile, encapsulate, type Fixture } from './dicom-fixture.ts'
import { mutated } from './mutate.ts'

export interface FuzzTarget {
  name: string
  seeds: readonly Uint8Array[]
  run(bytes: Uint8Array): Promise<unknown>
  /** Share of the mutations: codecs that must be given up in threads of their own take long. */
  share: number
}

const streams = JSON.parse(readFileSync(new URL('../golden/dicom-streams.json', import.meta.url), 'utf8')) as {
  streams: Record<string, { codec: StreamCodec; width: number; height: number; samples: 1 | 3; bytes: string }>
}
const stream = (name: string) => {
  const found = streams.streams[name]!
  return { ...found, bytes: new Uint8Array(Buffer.from(found.bytes, 'base64')) }
}

function dicomSeeds(): Buffer[] {
  const plain: Fixture = {
    rows: 8,
    columns: 8,
    bits: 16,
    signed: true,
    pixels: Array.from({ length: 64 }, (_, i) => i * 7 - 200),
    fields: [
      [0x0020, 0x000e, 'UI', '1.2.3'],
      [0x0020, 0x0032, 'DS', '1\\2\\3'],
      [0x0020, 0x0037, 'DS', '1\\0\\0\\0\\1\\0'],
      [0x0028, 0x0030, 'DS', '1\\1'],
      [0x0028, 0x1050, 'DS', '40\\50'],
      [0x0028, 0x1051, 'DS', '400\\350'],
      [
        0x0028,
        0x3010,
        'SQ',
        [
          [
            [0x0028, 0x3002, 'US', [2, 0, 8]],
            [0x0028, 0x3006, 'OW', Buffer.from([1, 2, 3, 4])],
          ],
        ],
      ],
    ],
  }
  const rle = Buffer.concat([Buffer.from([1, 0, 0, 0, 64]), Buffer.alloc(59), Buffer.from([193, 7])])
  const table = (c: number): NonNullable<Fixture['fields']> => [
    [0x0028, 0x1101 + c, 'US', [4, 0, 8]],
    [0x0028, 0x1201 + c, 'OW', Buffer.from([1, 2, 3, 4])],
  ]
  const whole = dicomFile(plain)
  const body = whole.subarray(whole.indexOf(Buffer.from([8, 0, 0x60, 0])))
  const { bytes } = stream('jpeg lossless 16')
  return [
    whole,
    dicomFile({ ...plain, encoding: 'implicit' }),
    dicomFile({ ...plain, encoding: 'big' }),
    dicomFile({ ...plain, meta: false }),
    dicomFile({ rows: 2, columns: 2, samples: 3, photometric: 'YBR_FULL_422', pixels: Buffer.alloc(8, 9) }),
    dicomFile({ rows: 8, columns: 8, pixels: encapsulate([[rle]], true), transferSyntax: '1.2.840.10008.1.2.5' }),
    dicomFile({
      rows: 2,
      columns: 2,
      pixels: [0, 1, 2, 3],
      photometric: 'PALETTE COLOR',
      fields: [0, 1, 2].flatMap(table),
    }),
    dicomFile({
      rows: 16,
      columns: 16,
      bits: 16,
      pixels: encapsulate([[Buffer.from(bytes)]], true),
      transferSyntax: '1.2.840.10008.1.2.4.70',
    }),
    Buffer.concat([
      dicomFile({ ...plain, pixels: Buffer.alloc(0), transferSyntax: '1.2.840.10008.1.2.1.99' }).subarray(
        0,
        whole.length - body.length + 2,
      ),
      deflateRawSync(body),
    ]),
    readFileSync(corpusPath('dicomweb-client/testData/sample.dcm')),
  ]
}

async function rasterSeeds(format: 'png' | 'jpeg' | 'tiff'): Promise<Buffer[]> {
  const raw = (channels: 1 | 3) =>
    sharp(Buffer.from(Array.from({ length: 24 * 20 * channels }, (_, i) => (i * 37) % 256)), {
      raw: { width: 24, height: 20, channels },
    })
  const grey = raw(1).toColourspace('b-w')
  if (format === 'png') return Promise.all([grey.png().toBuffer(), raw(3).png({ palette: true }).toBuffer()])
  if (format === 'jpeg') return Promise.all([grey.jpeg().toBuffer(), raw(3).jpeg({ progressive: true }).toBuffer()])
  return Promise.all([
    grey.tiff({ compression: 'lzw' }).toBuffer(),
    raw(3).tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: 'deflate' }).toBuffer(),
  ])
}

function volumeSeeds(): Buffer[] {
  const { made } = JSON.parse(readFileSync(new URL('../golden/volumes.json', import.meta.url), 'utf8')) as {
    made: Record<string, { bytes: string }>
  }
  const files = Object.values(made).map(({ bytes }) => Buffer.from(bytes, 'hex'))
  const text = 'NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: ascii\n\n1 2 3 4 5 6 7 8'
  return [...files, Buffer.from(text), gzipSync(Buffer.from(made['two.nii']!.bytes, 'hex'))]
}

export async function fuzzTargets(): Promise<FuzzTarget[]> {
  const image = (bytes: Uint8Array) => decodeImage(bytes, 'x')
  const codecs = Object.keys(streams.streams).map((name) => {
    const { bytes, codec, width, height, samples } = stream(name)
    const wasm = codec === 'jpeg-ls' || codec === 'jpeg-2000' || codec === 'ht-jpeg-2000'
    // WebAssembly runs where it can be given up, as it does for users.
    const run = (damaged: Uint8Array) => {
      const job = { codec, bytes: damaged, expected: { width, height, samples }, transformed: true }
      return wasm ? decodeGuarded(job, { milliseconds: 1500, heapMegabytes: 512 }) : decodeStream(job)
    }
    return { name, seeds: [bytes], run, share: wasm ? 0.05 : 1 }
  })
  return [
    { name: 'DICOM', seeds: dicomSeeds(), run: image, share: 1 },
    {
      name: 'DICOM series',
      seeds: dicomSeeds().slice(0, 4),
      run: (bytes) => sortSeries(['x'], () => Promise.resolve(bytes)),
      share: 1,
    },
    { name: 'PNG', seeds: await rasterSeeds('png'), run: image, share: 1 },
    { name: 'JPEG', seeds: await rasterSeeds('jpeg'), run: image, share: 1 },
    { name: 'TIFF', seeds: await rasterSeeds('tiff'), run: image, share: 1 },
    {
      name: 'volumes',
      seeds: volumeSeeds(),
      run: (bytes) => decodeVolume(bytes, 'x', () => Promise.resolve(new Uint8Array(64))),
      share: 1,
    },
    ...codecs,
  ]
}

export interface FuzzResult {
  name: string
  mutations: number
  /** Read as a picture all the same. */
  read: number
  /** Stopped at the limit of 1.5 s. */
  givenUp: number
  slowestMilliseconds: number
  /** What should not have happened, with the number of the mutation. */
  failures: string[]
}

/** Damages the seeds of a target `most` times its share from the stream of its name. */
export async function fuzz({ name, seeds, run, share }: FuzzTarget, most: number, slowest = 2000): Promise<FuzzResult> {
  const count = Math.ceil(most * share)
  const result: FuzzResult = { name, mutations: count, read: 0, givenUp: 0, slowestMilliseconds: 0, failures: [] }
  for (let i = 0; i < count && result.failures.length < 10; i++) {
    const bytes = mutation(name, seeds, i)
    const start = performance.now()
    try {
      await run(bytes)
      result.read++
    } catch (error) {
      if (error instanceof CodecError && error.message.includes('took longer')) result.givenUp++
      if (!(error instanceof VesaliusError) && !(error instanceof CodecError))
        result.failures.push(`${name} ${i}: ${error instanceof Error ? error.stack : String(error)}`)
    }
    const time = performance.now() - start
    result.slowestMilliseconds = Math.max(result.slowestMilliseconds, Math.round(time))
    if (time > slowest) result.failures.push(`${name} ${i}: ${Math.round(time)} ms`)
  }
  return result
}

/** The i-th damaged file of a target. */
export function mutation(name: string, seeds: readonly Uint8Array[], i: number): Uint8Array {
  const stream: Random = random(17, 'fuzz', name, i)
  return mutated(seeds[i % seeds.length]!, stream)
}
