import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dicomFile } from '../../test/imaging/dicom-fixture.ts'
import { inspectFile, inspectFolder } from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vesalius-inspect-'))
})
afterAll(() => rm(folder, { recursive: true }))

const within = async (name: string, files: Record<string, string | Uint8Array>): Promise<string> => {
  const path = join(folder, name)
  await mkdir(path)
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content)
  return path
}
const dicom = dicomFile({ rows: 2, columns: 2, pixels: [0, 51, 102, 255], photometric: 'MONOCHROME1' })

describe('inspectFile', () => {
  it('tells facts and steps as JSON, without patient data', async () => {
    const path = join(await within('one', { 'a.dcm': dicom }), 'a.dcm')
    const facts = await inspectFile(path)
    expect(JSON.parse(JSON.stringify(facts))).toEqual({
      path,
      kind: 'image',
      format: 'dicom',
      bytes: dicom.length,
      width: 2,
      height: 2,
      bitDepth: 8,
      channels: 1,
      spacing: null,
      modality: 'OT',
      transferSyntax: '1.2.840.10008.1.2.1',
      photometric: 'MONOCHROME1',
      greys: { min: 0, max: 1, mean: expect.closeTo(0.6, 6) },
      steps: [
        'decode: format DICOM, syntax Explicit VR Little Endian, bits 8',
        'window: low 0, high 255, no window in the file: smallest to largest value',
        'polarity: inverted, MONOCHROME1',
      ],
    })
  })
})

describe('inspectFolder', () => {
  it('counts files by content and names the first problems', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const path = await within('files', {
      'a.dcm': dicom,
      'b.png': png,
      'c.png': png.subarray(0, png.length - 30),
      'd.txt': 'notes',
      'e.png': '',
    })
    const facts = await inspectFolder(path)
    expect(facts).toMatchObject({
      kind: 'files',
      files: 5,
      formats: { dicom: 1, png: 2, other: 1, empty: 1 },
      decoded: 3,
    })
    expect('problems' in facts && facts.problems.map((text) => text.split(':')[0])).toEqual(['c.png', 'e.png'])
  })

  it('counts studies by split and domain, faulty lines apart', async () => {
    const study = (id: string, split: string): string =>
      JSON.stringify({ id, patient: id, split, domain: 'chest-xray', images: [{ path: 'x.png' }], report: null })
    const path = await within('data', {
      'studies.jsonl': [study('a', 'train'), study('b', 'test'), '{"id":1}', study('c', 'train')].join('\n'),
    })
    expect(await inspectFolder(path)).toMatchObject({
      kind: 'data',
      studies: 3,
      images: 3,
      splits: { train: 2, test: 1 },
      domains: { 'chest-xray': 3 },
      faulty: 1,
      problems: [expect.stringContaining('line 3')],
    })
  })

  it('recognises models and runs, refuses empty and missing folders', async () => {
    expect(await inspectFolder(await within('model', { 'config.json': '{}', 'model.safetensors': 'x' }))).toMatchObject(
      { kind: 'model' },
    )
    const run = await within('run', { 'config.json': '{}' })
    await mkdir(join(run, 'checkpoints'))
    expect(await inspectFolder(run)).toMatchObject({ kind: 'run' })
    await expect(inspectFolder(await within('nothing', {}))).rejects.toMatchObject({ code: 'DATA_EMPTY' })
    await expect(inspectFolder(join(folder, 'no-such'))).rejects.toMatchObject({ code: 'FILE_MISSING' })
    await expect(inspectFolder(join(folder, 'one', 'a.dcm'))).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })
})
