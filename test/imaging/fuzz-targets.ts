/** @file Every reader of images with small files to damage. A reader may give a picture or a VesaliusError, nothing else. */

import { readFileSync } from 'node:fs'
import { deflateRawSync, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { decodeStream } from '../../src/imaging/codecs/decode.ts'
import { decodeGuarded } from '../../src/imaging/codecs/pool.ts'
import type { StreamCodec } from '../../src/imaging/codecs/types.ts'
import { decodeImage } from '../../src/imaging/index.ts'
import { decodeVolume } from '../../src/imaging/volumes/read.ts'
import { sortSeries } from '../../src/imaging/volumes/series.ts'
import type { FuzzTarget } from '../fuzz/run.ts'
import { corpusPath } from './corpus.ts'
import { dicomFile, encapsulate, type Fixture } from './dicom-fixture.ts'

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

export async function imagingTargets(): Promise<FuzzTarget[]> {
  const room = 'imaging' as const
  const image = (bytes: Uint8Array) => decodeImage(bytes, 'x')
  const codecs = Object.keys(streams.streams).map((name) => {
    const { bytes, codec, width, height, samples } = stream(name)
    const wasm = codec === 'jpeg-ls' || codec === 'jpeg-2000' || codec === 'ht-jpeg-2000'
    // WebAssembly runs where it can be given up, as it does for users.
    const run = (damaged: Uint8Array) => {
      const job = { codec, bytes: damaged, expected: { width, height, samples }, transformed: true }
      return wasm ? decodeGuarded(job, { milliseconds: 1500, heapMegabytes: 512 }) : decodeStream(job)
    }
    return { name, room, seeds: [bytes], run, ...(wasm ? { share: 0.1 } : {}) }
  })
  return [
    { name: 'DICOM', room, seeds: dicomSeeds(), run: image },
    {
      name: 'DICOM series',
      room,
      seeds: dicomSeeds().slice(0, 4),
      run: (bytes) => sortSeries(['x'], () => Promise.resolve(bytes)),
    },
    { name: 'PNG', room, seeds: await rasterSeeds('png'), run: image },
    { name: 'JPEG', room, seeds: await rasterSeeds('jpeg'), run: image },
    { name: 'TIFF', room, seeds: await rasterSeeds('tiff'), run: image },
    {
      name: 'volumes',
      room,
      seeds: volumeSeeds(),
      run: (bytes) => decodeVolume(bytes, 'x', () => Promise.resolve(new Uint8Array(64))),
    },
    ...codecs,
  ]
}
