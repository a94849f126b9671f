import { describe, expect, it } from 'vitest'
import { dicomFile, type Field, type Fixture } from '../../../test/imaging/dicom-fixture.ts'
import { type DecodedImage, decodeImage, type ReadOptions } from '../index.ts'

const read = (fixture: Fixture, options?: ReadOptions): Promise<DecodedImage> =>
  decodeImage(dicomFile(fixture), 'test.dcm', options)
const greys = (image: DecodedImage): number[] => [...image.pixels].map((v) => Math.round(v * 1e6) / 1e6)
const windows = (centers: string, widths: string, names?: string, kind?: string): Field[] => [
  [0x0028, 0x1050, 'DS', centers],
  [0x0028, 0x1051, 'DS', widths],
  ...(names === undefined ? [] : [[0x0028, 0x1055, 'LO', names] as Field]),
  ...(kind === undefined ? [] : [[0x0028, 0x1056, 'CS', kind] as Field]),
]
const ct = { rows: 1, columns: 4, bits: 16 as const, signed: true, pixels: [-1350, -600, 149, 400] }

describe('windows by name', () => {
  const several = windows('50\\-600.5', '101\\1500', 'SOFT\\Lung 1')

  it('are listed as the file names them; the first is used, others by their names in any case', async () => {
    const first = await read({ ...ct, pixels: [0, 24, 74, 100], fields: several })
    // LINEAR, c = 50, w = 101: (x - 49.5) / 100 + 0.5, black up to -0.5.
    expect(greys(first)).toEqual([0.005, 0.245, 0.745, 1])
    expect(first.provenance.windows).toEqual([
      { name: 'SOFT', center: 50, width: 101 },
      { name: 'Lung 1', center: -600.5, width: 1500 },
    ])
    expect(first.provenance.steps.at(-1)).toMatchObject({ note: 'first of 2 windows' })
    const second = await read({ ...ct, fields: several }, { window: 'lung 1' })
    // c = -600.5, w = 1500: (x + 601) / 1499 + 0.5.
    expect(greys(second)).toEqual([-749 / 1499 + 0.5, 1 / 1499 + 0.5, 1, 1].map((v) => Math.round(v * 1e6) / 1e6))
    expect(second.provenance.steps.at(-1)).toMatchObject({ name: 'Lung 1', from: 'file' })
    expect(second.range).toEqual({ black: -1350.5, white: 148.5 })
  })

  it('keep the function of the file', async () => {
    const exact = await read({ ...ct, fields: windows('1\\0', '2\\800', 'A\\B', 'LINEAR_EXACT') }, { window: 'b' })
    expect(greys(exact)).toEqual([0, 0, 0.68625, 1])
    const sigmoid = await read({ ...ct, fields: windows('1\\149', '2\\251', 'A\\B', 'SIGMOID') }, { window: 'B' })
    // 1 / (1 + exp(-4 (x - 149) / 251)): a half at the centre, 1 / (1 + e^-4) a width above.
    expect(greys(sigmoid).slice(2)).toEqual([0.5, 0.982014])
  })

  it('without names are numbered, and text that is no name is not passed on', async () => {
    const image = await read({ ...ct, fields: windows('40\\50', '80\\350', 'patient: X^Y\\') })
    expect(image.provenance.windows?.map(({ name }) => name)).toEqual(['window 1', 'window 2'])
    expect(greys(await read({ ...ct, fields: windows('40\\0', '80\\801') }, { window: 'window 2' }))).toEqual(
      [0, 0, (149.5 / 800 + 0.5).toFixed(6), 1].map(Number),
    )
  })

  it('are customary ones for CT, and only for CT', async () => {
    const asCt = (name: string): Promise<DecodedImage> => decodeImage(ctFile('CT'), 'ct.dcm', { window: name })
    // lung: c = -600, w = 1500: (x + 600.5) / 1499 + 0.5.
    expect(greys(await asCt('LUNG'))).toEqual(
      [-749.5 / 1499 + 0.5, 0.5 / 1499 + 0.5, 1, 1].map((v) => Math.round(v * 1e6) / 1e6),
    )
    expect(greys(await asCt('bone'))).toEqual([0, 0, 0.360756, 0.500278])
    await expect(asCt('nonsense')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'There is no window called nonsense.',
    })
    await expect(decodeImage(ctFile('MR'), 'mr.dcm', { window: 'lung' })).rejects.toThrow('the image is not CT but MR')
  })

  it('of a width that cannot be are not used', async () => {
    const image = await read({ ...ct, pixels: [0, 1, 2, 4], fields: windows('5\\6', '0\\10', 'A\\B') })
    expect(greys(image)).toEqual([0, 0.25, 0.5, 1])
    await expect(read({ ...ct, fields: windows('5', '0', 'A') }, { window: 'A' })).rejects.toMatchObject({
      code: 'USAGE',
    })
  })
})

/** A file of another modality than the fixture's. */
function ctFile(code: string): Buffer {
  const file = dicomFile({ ...ct, fields: [] })
  file.write(code, file.indexOf('OT', 132, 'latin1'), 'latin1')
  return file
}

describe('a MONOCHROME1 twin, stored as the negative, gives the same array', () => {
  const top = 255
  const pixels = [0, 85, 100, 128, 150, 255]
  const base = { rows: 1, columns: 6 }
  const table: Field[] = [
    [0x0028, 0x3002, 'US', [256, 0, 8]],
    [0x0028, 0x3006, 'OW', Array.from({ length: 256 }, (_, i) => Math.floor((i * i) / 255))],
  ]
  // The negative of a table: its output for 255 - x is 255 less the output for x.
  const negative: Field[] = [
    table[0]!,
    [0x0028, 0x3006, 'OW', Array.from({ length: 256 }, (_, i) => 255 - Math.floor(((255 - i) * (255 - i)) / 255))],
  ]
  it.each<[string, Field[], Field[]]>([
    ['LINEAR', windows('128', '101'), windows('128', '101')],
    [
      'LINEAR_EXACT',
      windows('120', '100', undefined, 'LINEAR_EXACT'),
      windows('135', '100', undefined, 'LINEAR_EXACT'),
    ],
    ['SIGMOID', windows('120', '100', undefined, 'SIGMOID'), windows('135', '100', undefined, 'SIGMOID')],
    ['VOI table', [[0x0028, 0x3010, 'SQ', [table]]], [[0x0028, 0x3010, 'SQ', [negative]]]],
    ['no window', [], []],
  ])('%s', async (_, fields, mirrored) => {
    const plain = await read({ ...base, pixels, fields })
    const twin = await read({
      ...base,
      pixels: pixels.map((value) => top - value),
      photometric: 'MONOCHROME1',
      fields: mirrored,
    })
    expect(new Set(greys(plain)).size).toBeGreaterThan(3)
    plain.pixels.forEach((value, i) => {
      expect(Math.abs(value - twin.pixels[i]!)).toBeLessThan(1e-6)
    })
  })
})
