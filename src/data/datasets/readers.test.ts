import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readStudies } from '../studies.ts'
import { csv } from './csv.ts'
import { folder } from './folder.ts'
import { buildDataset, datasets } from './index.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vesalius-readers-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Writes files given as path and content below the root. */
async function files(contents: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}

describe('folder reader', () => {
  it('pairs images with texts: sections with headings, captions without', async () => {
    await files({
      'p1/study1/a.png': '1',
      'p1/study1/a.txt': 'FINDINGS: Lungs are clear.\n\nIMPRESSION: Normal chest.\n',
      'p1/study2/b.JPG': '2',
      'p1/study2/b.txt': ' A small\nnodule. ',
      'p2/study1/c.dcm': '3',
      'p2/study1/.d.png': 'hidden',
      'p2/notes.txt': 'of nothing',
    })
    const { studies, notes } = await folder.read(root, { domain: 'chest-xray' })
    expect(studies.map(({ id, patient }) => [id, patient])).toEqual([
      ['p1/study1/a', 'p1'],
      ['p1/study2/b', 'p1'],
      ['p2/study1/c', 'p2'],
    ])
    expect(studies[0]).toMatchObject({
      domain: 'chest-xray',
      report: { findings: 'Lungs are clear.', impression: 'Normal chest.' },
      images: [{ path: join(root, 'p1/study1/a.png') }],
    })
    expect(studies[1]).toMatchObject({ report: null, captions: ['A small nodule.'] })
    expect(studies[2]?.report).toBeNull()
    expect(studies[0]?.split).toBe(studies[1]?.split)
    expect(notes.join(' ')).toMatch(/3 images of 2 patients .*1 image without a text.*1 text without an image/)
  })

  it('takes the file name for the patient in a flat folder, and below a folder that all share', async () => {
    await files({ 'images/a.png': '1', 'images/a.txt': 'x', 'images/b.png': '2', 'images/a.jpg': '3' })
    const { studies } = await folder.read(root, {})
    expect(studies.map(({ id, patient }) => [id, patient])).toEqual([
      ['images/a.jpg', 'a'],
      ['images/a.png', 'a'],
      ['images/b', 'b'],
    ])
  })

  it('warns of class folders taken for patients, and can be told', async () => {
    const contents: Record<string, string> = { 'normal/0.txt': 'words' }
    for (let i = 0; i < 12; i++) contents[`${i % 2 === 0 ? 'normal' : 'sick'}/${i}.png`] = String(i)
    await files(contents)
    const wrong = await folder.read(root, {})
    expect(new Set(wrong.studies.map((study) => study.patient)).size).toBe(2)
    expect(wrong.notes.join(' ')).toContain('may be classes')
    const right = await folder.read(root, { patient: 'file' })
    expect(new Set(right.studies.map((study) => study.patient)).size).toBe(12)
    expect(right.notes.join(' ')).not.toContain('may be classes')
  })

  it('splits by the shares asked for', async () => {
    await files({ 'a.png': '1', 'a.txt': 'words' })
    const { studies } = await folder.read(root, { split: [0, 0, 1] })
    expect(studies[0]?.split).toBe('test')
    await expect(folder.read(root, { split: [0.5, 0.1, 0.1] })).rejects.toThrow(/must sum to 1/)
  })

  it('says what is missing', async () => {
    await expect(folder.read(join(root, 'none'), {})).rejects.toMatchObject({ code: 'FILE_MISSING' })
    await expect(folder.read(root, {})).rejects.toMatchObject({ code: 'DATA_EMPTY' })
    await files({ 'a.png': '1', 'a.txt': ' \n' })
    await expect(folder.read(root, {})).rejects.toMatchObject({ code: 'DATA_LACKS_FIELD' })
    await files({ 'a.txt': new Uint8Array([0x4c, 0xf6, 0x73]) })
    await expect(folder.read(root, {})).rejects.toThrow(/a\.txt is not text in UTF-8/)
  })
})

describe('csv reader', () => {
  const read = async (table: string, options: unknown): ReturnType<typeof csv.read> => {
    await files({ 'data.csv': table, 'x/1.png': '1', 'x/2.png': '2' })
    return csv.read(join(root, 'data.csv'), options)
  }

  it('reads sections, patients, splits and labels; blank is not 0', async () => {
    const { studies } = await read(
      '\ufeffpath,who,part,f,i,Edema,Mass\r\nx/1.png,p1,val,"Clear,\r\nboth sides",Normal,1,\r\nx/2.png,p2,TRAIN,,,0.0,-1\r\n',
      { image: 'path', patient: 'who', split: 'part', findings: 'f', impression: 'i', labels: ['Edema', 'Mass'] },
    )
    expect(studies).toMatchObject([
      {
        id: 'row-1',
        patient: 'p1',
        split: 'validate',
        report: { findings: 'Clear,\r\nboth sides', impression: 'Normal' },
        images: [{ path: join(root, 'x/1.png') }],
      },
      { id: 'row-2', patient: 'p2', split: 'train', report: null },
    ])
    expect(studies.map((study) => study.labels)).toEqual([{ Edema: 1 }, { Edema: 0, Mass: -1 }])
  })

  it('takes text as caption, or as report when it has headings', async () => {
    const { studies } = await read('image,t\nx/1.png,A nodule\nx/2.png,IMPRESSION: Normal\n', { text: 't' })
    expect(studies[0]).toMatchObject({ report: null, captions: ['A nodule'] })
    expect(studies[1]).toMatchObject({ report: { impression: 'Normal' } })
  })

  it.each([
    ['image,l\nx/1.png,1\nx/2.png,2\n', { labels: ['l'] }, /line 3 has a value in the column l/, 'DATA_INVALID'],
    ['image,l\nx/1.png,1\n', { labels: ['m'] }, /no column named m/, 'DATA_LACKS_FIELD'],
    ['image,s\nx/1.png,all\n', { split: 's' }, /line 2 has no known split/, 'DATA_INVALID'],
    [
      'image,p,s\nx/1.png,Doe,train\nx/2.png,Doe,test\n',
      { patient: 'p', split: 's' },
      /line 3 puts a patient/,
      'DATA_INVALID',
    ],
    ['image,i\nx/1.png,a\nx/2.png,a\n', { id: 'i' }, /line 3 repeats the id of line 2/, 'DATA_INVALID'],
    ['image\n\n\nx/9.png\n', {}, /line 4 names an image/, 'FILE_MISSING'],
    ['image,t\n,word\n', { text: 't' }, /line 2 has no image/, 'DATA_INVALID'],
    ['image,t\nx/1.png\n', { text: 't' }, /line 2 is not a valid table/, 'DATA_INVALID'],
    ['image,t\nx/1.png,"open\n', { text: 't' }, /is not a valid table \(CSV_QUOTE_NOT_CLOSED\)/, 'DATA_INVALID'],
    ['image,t\nx/1.png,\n', { text: 't' }, /No row of .* has any text/, 'DATA_LACKS_FIELD'],
    ['image\n', {}, /holds no row/, 'DATA_EMPTY'],
    ['', {}, /holds no row/, 'DATA_EMPTY'],
    ['image\nx/1.png\n', { imge: 'a' }, /Options of the dataset csv/, 'CONFIG_INVALID'],
  ])('refuses %j', async (table, options, message, code) => {
    const error = await read(table, options).catch((e: unknown) => e)
    expect(error).toMatchObject({ code })
    expect(String(error)).toMatch(message)
    expect(String(error)).not.toContain('Doe')
  })
})

describe('buildDataset', () => {
  it('copies images to safe, distinct names and writes the list last', async () => {
    await files({ 'src/p 1/a.png': 'one', 'src/p-1/a.PNG': 'two', 'src/p 1/a.txt': 'first', 'src/q/ü.png': 'three' })
    const out = join(root, 'out')
    const result = await buildDataset('folder', join(root, 'src'), out)
    expect(result).toMatchObject({ studies: 3, images: 3 })
    const studies = await readStudies(out)
    expect(await Promise.all(studies.map(({ images }) => readFile(join(out, images[0]!.path), 'utf8')))).toEqual([
      'one',
      'two',
      'three',
    ])
    expect(studies.map(({ images }) => images[0]?.path)).toEqual([
      'images/p-1-a.png',
      'images/p-1-a-2.png',
      'images/q-ü.png',
    ])
    expect((await readdir(out)).sort()).toEqual(['images', 'studies.jsonl'])
  })

  it('refuses a folder that has studies, unless told; a faulty source leaves it untouched', async () => {
    await files({ 'src/a.png': 'one', 'src/a.txt': 'first', 'out/studies.jsonl': 'old' })
    const src = join(root, 'src')
    const out = join(root, 'out')
    await expect(buildDataset('folder', src, out)).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await expect(buildDataset('folder', join(root, 'none'), out, { overwrite: true })).rejects.toThrow(/no folder/)
    expect(await readFile(join(out, 'studies.jsonl'), 'utf8')).toBe('old')
    await buildDataset('folder', src, out, { overwrite: true })
    expect((await readStudies(out))[0]?.captions).toEqual(['first'])
  })

  it('knows its readers by unique ids', async () => {
    await expect(buildDataset('nope', root, root)).rejects.toMatchObject({ code: 'UNKNOWN_NAME' })
    expect(new Set(datasets.map(({ id }) => id)).size).toBe(datasets.length)
  })
})
