import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { foldOf, splitOf } from './folds.ts'
import { readStudies, readStudyLines, writeStudies } from './studies.ts'
import type { StudyInput } from './study.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vesalius-studies-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const study = (id: string, rest: Partial<StudyInput> = {}): StudyInput => ({
  id,
  patient: id,
  split: 'train',
  domain: 'chest-xray',
  images: [{ path: `images/${id}.png` }],
  report: null,
  ...rest,
})
const write = (text: string | Uint8Array): Promise<void> => writeFile(join(folder, 'studies.jsonl'), text)

describe('studies on disk', () => {
  it('come back as written, in order, with defaults', async () => {
    await writeStudies(folder, [study('b', { labels: { Edema: -1 } }), study('a', { report: { findings: 'Clear.' } })])
    const [b, a] = await readStudies(folder)
    expect(b).toMatchObject({ id: 'b', labels: { Edema: -1 }, captions: [], report: null })
    expect(a?.report).toEqual({ findings: 'Clear.', language: 'en' })
    expect(await readdir(folder)).toEqual(['studies.jsonl'])
  })

  it('any caption survives, line separators and emoji included, whatever the chunks', async () => {
    const captions = fc.array(
      fc.string({ unit: 'binary' }).filter((text) => Buffer.from(text).toString() === text),
      { minLength: 1 },
    )
    await fc.assert(
      fc.asyncProperty(captions, async (texts) => {
        const captions = ['one\u2028two', ...texts]
        await writeStudies(folder, [study('x', { captions }), study('y')])
        expect((await readStudies(folder))[0]?.captions).toEqual(captions)
      }),
      { numRuns: 15 },
    )
    const long = 'é'.repeat(600_001)
    await writeStudies(folder, [study('x', { captions: [long] }), study('y')])
    expect((await readStudies(folder))[0]?.captions[0] === long).toBe(true)
  })

  it('reads files written elsewhere: byte order mark, CRLF, blank lines, no last line break', async () => {
    const [a, b] = ['a', 'b'].map((id) => JSON.stringify(study(id)))
    await write(`\ufeff${a}\r\n\r\n  \n${b}`)
    expect((await readStudies(folder)).map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('names file, line and field of a bad line, and quotes nothing of it', async () => {
    await write(`${JSON.stringify(study('a'))}\n\n{"id": "Jane Doe", oops\n`)
    const error = await readStudies(folder).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'DATA_INVALID', where: `${join(folder, 'studies.jsonl')} line 3` })
    expect(String(error)).not.toMatch(/Jane|oops/)
    await write(JSON.stringify({ ...study('a'), labels: { Edema: 2 } }))
    await expect(readStudies(folder)).rejects.toThrow(/studies\.jsonl line 1 is not valid: labels\.Edema/)
    await write(Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]))
    await expect(readStudies(folder)).rejects.toMatchObject({ code: 'DATA_INVALID' })
  })

  it('goes on after a bad line when asked line by line', async () => {
    await write(`nonsense\n${JSON.stringify(study('a'))}\n`)
    const kinds: string[] = []
    for await (const entry of readStudyLines(folder)) kinds.push(`${entry.line} ${'error' in entry ? 'bad' : 'good'}`)
    expect(kinds).toEqual(['1 bad', '2 good'])
  })

  it('refuses two studies of one id, reading and writing', async () => {
    const line = JSON.stringify(study('a'))
    await write(`${line}\n${line}\n`)
    await expect(readStudies(folder)).rejects.toThrow(/line 2 repeats the study id of line 1/)
    await expect(writeStudies(folder, [study('a'), study('a')])).rejects.toMatchObject({ code: 'DATA_INVALID' })
  })

  it('calls a folder without studies empty', async () => {
    await expect(readStudies(folder)).rejects.toMatchObject({ code: 'DATA_EMPTY', where: folder })
    await expect(readStudies(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'DATA_EMPTY' })
    await write('\n\n')
    await expect(readStudies(folder)).rejects.toMatchObject({ code: 'DATA_EMPTY' })
    await expect(writeStudies(folder, [])).rejects.toMatchObject({ code: 'DATA_EMPTY' })
  })

  it('leaves the old list whole when a new study is faulty', async () => {
    await writeStudies(folder, [study('a')])
    const before = await readFile(join(folder, 'studies.jsonl'), 'utf8')
    await expect(writeStudies(folder, [study('b'), study('')])).rejects.toThrow(/Study 2 .* id:/)
    expect(await readFile(join(folder, 'studies.jsonl'), 'utf8')).toBe(before)
    expect(await readdir(folder)).toEqual(['studies.jsonl'])
  })
})

describe('folds', () => {
  it('are fixed for all time: data made by older versions must split the same', () => {
    expect(['p1', 'p2', 'synpic54610', 'Ä'].map((name) => foldOf(name, 1000))).toMatchInlineSnapshot(`
      [
        329,
        553,
        495,
        327,
      ]
    `)
  })

  it('fill evenly and follow the shares', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `patient${i}`)
    const folds = new Array<number>(5).fill(0)
    for (const name of names) folds[foldOf(name, 5)]!++
    for (const n of folds) expect(Math.abs(n - 4000)).toBeLessThan(250)
    const share = (split: string): number => names.filter((name) => splitOf(name, [0.8, 0.1, 0.1]) === split).length
    expect(Math.abs(share('train') - 16_000)).toBeLessThan(250)
    expect(Math.abs(share('validate') - 2_000)).toBeLessThan(200)
    expect(names.every((name) => splitOf(name, [1, 0, 0]) === 'train')).toBe(true)
    expect(names.every((name) => splitOf(name, [0, 0, 1]) === 'test')).toBe(true)
  })

  it('refuses a count that is none', () => {
    for (const folds of [0, -1, 1.5, Number.NaN]) expect(() => foldOf('a', folds)).toThrow(RangeError)
  })
})
