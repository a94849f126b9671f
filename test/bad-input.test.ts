/** @file Bad input: one sentence, the right exit code, nothing half-written. Every line as a user would type it. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeDicom } from '../src/phantoms/index.ts'
import { type Finished, tinyRun, vesalius, vesaliusJson } from './vesalius.ts'

const room = mkdtempSync(join(tmpdir(), 'vesalius-bad-'))
const at = (name: string): string => join(room, name)
const golden = fileURLToPath(new URL('golden/', import.meta.url))

/** The sentence on stderr; stdout is empty, and no stack is shown. */
function said({ code, stdout, stderr }: Finished): { code: number | null; sentence: string } {
  expect(stdout).toBe('')
  expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/)
  expect(stderr).toMatch(/^vesalius: [A-Z"/0-9-].*[.?]\n/)
  return { code, sentence: stderr }
}

beforeAll(async () => {
  await sharp(Buffer.alloc(48 * 48, 99), { raw: { width: 48, height: 48, channels: 1 } })
    .png()
    .toFile(at('good.png'))
  const pixels = Uint16Array.from({ length: 64 * 64 }, (_, i) => i % 4096)
  const person = { patient: 'P1', studyId: 'S1', set: 'bad-input', sex: 'F', age: 50, view: 'PA' } as const
  const dicom = encodeDicom({ pixels, rows: 64, columns: 64, spacing: 1, modality: 'DX', body: 'CHEST', ...person })
  writeFileSync(at('good.dcm'), dicom)
  writeFileSync(at('truncated.dcm'), dicom.subarray(0, dicom.length - 3000))
  writeFileSync(at('empty.png'), '')
  writeFileSync(at('text.dcm'), 'Dear colleague, please find the image attached.\n')
  mkdirSync(at('nothing'))
  await vesaliusJson(['phantoms', 'chest-xray', '--out', at('data'), '--count', '40', '--size', '48'])
  writeFileSync(at('config.json'), JSON.stringify({ ...tinyRun, train: { batch: 8, steps: 2 } }))
  await vesaliusJson(['pretrain', '--data', at('data'), '--out', at('run'), '--config', at('config.json')])
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

const classify = (...files: string[]) =>
  vesalius(['classify', '--model', at('run'), '--labels', 'chest,head', ...files])

describe('files', () => {
  it('a good file of each kind works, so that what follows fails for its own reason', async () => {
    expect((await classify(at('good.png'), at('good.dcm'))).code).toBe(0)
  })
  it.each([
    ['truncated DICOM', 'truncated.dcm', /pixel/i],
    ['0-byte PNG', 'empty.png', /empty/i],
    ['text named .dcm', 'text.dcm', /text|not (a|an) (image|DICOM)|format/i],
    ['missing file', 'gone.png', /There is no file at/],
  ])('%s', async (_, file, words) => {
    const { code, sentence } = said(await classify(at(file)))
    expect([code, sentence]).toEqual([1, expect.stringMatching(words)])
    expect(sentence).toContain(file)
  })
  it('an error is a document under --json', async () => {
    const { code, stdout, stderr } = await vesalius(['inspect', at('gone.png'), '--json'])
    expect([code, stderr]).toEqual([1, ''])
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, error: { code: 'FILE_MISSING', where: at('gone.png') } })
  })
})

describe('data', () => {
  it('an empty folder', async () => {
    const { code, sentence } = said(await vesalius(['data', 'build', 'folder', at('nothing'), '--out', at('built')]))
    expect([code, sentence]).toEqual([1, expect.stringContaining(at('nothing'))])
    expect(existsSync(at('built'))).toBe(false)
    expect(said(await vesalius(['pretrain', '--data', at('nothing'), '--out', at('r1')])).code).toBe(1)
  })
  it('a study without a report', async () => {
    mkdirSync(at('wordless'))
    cpSync(at('data'), at('wordless'), { recursive: true })
    const file = join(at('wordless'), 'studies.jsonl')
    const [first = '', ...others] = readFileSync(file, 'utf8').split('\n')
    const study = JSON.parse(first) as Record<string, unknown>
    const silent = { ...study, split: 'train', report: null, captions: [] }
    writeFileSync(file, [JSON.stringify(silent), ...others].join('\n'))
    const line = ['pretrain', '--data', at('wordless'), '--out', at('r2'), '--config', at('config.json')]
    const { code, sentence } = said(await vesalius(line))
    expect([code, sentence]).toEqual([1, expect.stringContaining(String(study.id))])
  })
  it('a damaged line of studies.jsonl is named by its number', async () => {
    mkdirSync(at('broken'))
    writeFileSync(join(at('broken'), 'studies.jsonl'), '{"id": "a"\n')
    const { code, stdout } = await vesalius(['data', 'check', at('broken')])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/line 1/i)])
  })
})

describe('models', () => {
  it('NaN in a safetensors file', async () => {
    cpSync(join(at('run'), 'model'), at('nan'), { recursive: true })
    const file = join(at('nan'), 'model.safetensors')
    const bytes = readFileSync(file)
    bytes.writeFloatLE(Number.NaN, bytes.length - 4)
    writeFileSync(file, bytes)
    const line = ['classify', '--model', at('nan'), '--labels', 'a,b', at('good.png')]
    const { code, sentence } = said(await vesalius(line))
    expect([code, sentence]).toEqual([1, expect.stringMatching(/not finite|NaN/)])
  })
  it('a folder without a model', async () => {
    expect(said(await vesalius(['classify', '--model', golden, '--labels', 'a,b', at('good.png')])).code).toBe(1)
  })
})

describe('arguments', () => {
  it.each([
    ['one label', ['classify', '--model', 'RUN', '--labels', 'chest', 'PNG'], /one label/],
    ['an empty label', ['classify', '--model', 'RUN', '--labels', 'chest,,head', 'PNG'], /Label 2/],
    ['unknown objective', ['pretrain', '--data', 'DATA', '--out', 'NEW', '--objective', 'clipp'], /objective "clipp"/],
    ['unknown command', ['pretrian'], /Did you mean "pretrain"/],
    ['unknown option', ['evaluate', 'RUN', '--taks', 'x'], /Did you mean --tasks/],
    ['not a number', ['pretrain', '--data', 'DATA', '--out', 'NEW', '--epochs', 'many'], /--epochs is "many"/],
    ['unknown tower', ['pretrain', '--data', 'DATA', '--out', 'NEW', '--image', 'resnet-9'], /resnet-9/],
  ])('%s', async (_, line, words) => {
    const places: Record<string, string> = { RUN: at('run'), DATA: at('data'), NEW: at('new'), PNG: at('good.png') }
    const { code, sentence } = said(await vesalius(line.map((word) => places[word] ?? word)))
    expect([code, sentence]).toEqual([2, expect.stringMatching(words)])
    expect(existsSync(at('new'))).toBe(false)
  })
  it('a typing error in a configuration is named with its field', async () => {
    writeFileSync(at('typo.json'), JSON.stringify({ train: { btach: 8 } }))
    const line = ['pretrain', '--data', at('data'), '--out', at('new'), '--config', at('typo.json')]
    const { code, sentence } = said(await vesalius(line))
    expect([code, sentence]).toEqual([2, expect.stringMatching(/btach/)])
    expect(existsSync(at('new'))).toBe(false)
  })
  it('leaves no temporary file anywhere', () => {
    const left = readdirSync(room, { recursive: true }).filter((name) => String(name).endsWith('.part'))
    expect(left).toEqual([])
  })
})

describe('listings', () => {
  it('say what there is, in the fixed shapes', async () => {
    const { methods } = await vesaliusJson<{ methods: Record<string, unknown>[] }>(['methods'])
    expect(methods).toContainEqual(expect.objectContaining({ id: 'clip', name: 'CLIP', kind: 'objective' }))
    for (const row of methods)
      expect(Object.keys(row)).toEqual(expect.arrayContaining(['id', 'name', 'table', 'taxonomy', 'kind']))
    const { sets } = await vesaliusJson<{ sets: { id: string }[] }>(['data', 'build', '--list'])
    expect(sets.map((set) => (typeof set === 'string' ? set : set.id))).toContain('vqa-rad')
    const { domains } = await vesaliusJson<{ domains: { id: string }[] }>(['phantoms', '--list'])
    expect(domains.map(({ id }) => id)).toContain('chest-xray')
  })
  it('every command has help with an example', async () => {
    const { stdout } = await vesalius(['--help'])
    const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name as string)
    expect(names).toEqual(
      expect.arrayContaining([
        'demo',
        'phantoms',
        'data',
        'pretrain',
        'evaluate',
        'classify',
        'embed',
        'inspect',
        'methods',
        'doctor',
      ]),
    )
    for (const name of names) {
      const help = await vesalius([name, '--help'])
      expect([name, help.code, help.stdout]).toEqual([name, 0, expect.stringMatching(/Examples?:\n.*\n {4}vesalius /)])
    }
  })
})
