import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkStudies } from './check.ts'
import type { StudyInput } from './study.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vesalius-check-'))
  await mkdir(join(folder, 'images'))
  for (const [name, grey] of [
    ['a', 10],
    ['b', 20],
    ['same', 10],
  ] as const) {
    const background = { r: grey, g: grey, b: grey }
    await sharp({ create: { width: 20, height: 10, channels: 3, background } })
      .png()
      .toFile(join(folder, 'images', `${name}.png`))
  }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const study = (id: string, rest: Partial<StudyInput> = {}): StudyInput => ({
  id,
  patient: id,
  split: 'train',
  domain: 'chest-xray',
  images: [{ path: `images/${id}.png` }],
  report: { impression: 'Normal.' },
  ...rest,
})

async function problemsOf(...studies: readonly (StudyInput | string)[]): Promise<string[]> {
  const lines = studies.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  await writeFile(join(folder, 'studies.jsonl'), lines.join('\n'))
  return (await checkStudies(folder)).problems
}

describe('checkStudies', () => {
  it('finds nothing wrong with a sound folder', async () => {
    const boxes = [{ image: 0, label: 'Nodule', box: [0, 0, 20, 10] as [number, number, number, number] }]
    expect(await problemsOf(study('a', { boxes }), study('b', { split: 'test', priors: ['a'] }))).toEqual([])
    expect((await checkStudies(folder)).studies).toBe(2)
  })

  it('lists everything at once, by line', async () => {
    const problems = await problemsOf(
      study('a'),
      'nonsense',
      study('a', { images: [{ path: 'images/gone.png' }] }),
      study('b', { patient: 'a', split: 'test', report: null, priors: ['z'] }),
    )
    expect(problems).toEqual([
      'Line 2 is not valid JSON.',
      'Line 3: the id is that of line 1.',
      'Line 3: there is no file images/gone.png.',
      'Line 4: its patient is in test here and in train in line 1.',
      'Line 4: its prior study is not in studies.jsonl.',
      '1 of 3 studies have neither a report nor a caption: line 4.',
    ])
  })

  it('finds the same picture in two splits, but allows it within one', async () => {
    expect(await problemsOf(study('a'), study('same'))).toEqual([])
    expect(await problemsOf(study('a'), study('same', { split: 'test' }))).toEqual([
      'Line 2: the image images/same.png is in test here and, byte by byte, in train in line 1.',
    ])
  })

  it('holds boxes and points against the picture', async () => {
    const marks: Partial<StudyInput> = {
      boxes: [
        { image: 0, label: 'x', box: [15, 0, 6, 5] },
        { image: 0, label: 'x', box: [0, 0, 0, 5] },
        { image: 1, label: 'x', box: [0, 0, 1, 1] },
      ],
      points: [{ image: 0, label: 'x', point: [5, 11] }],
    }
    expect(await problemsOf(study('a', marks))).toEqual([
      'Line 1: box 3 is on image 1, but the study has 1 (from 0).',
      'Line 1: box 1 reaches outside its image of 20 x 10.',
      'Line 1: box 2 is empty.',
      'Line 1: point 1 is outside its image.',
    ])
  })

  it('opens pictures, follows no path out of the folder, and takes DICOM on trust', async () => {
    await writeFile(join(folder, 'images', 'broken.png'), 'not a picture')
    await writeFile(join(folder, 'images', 'c.dcm'), 'whatever')
    expect(
      await problemsOf(
        study('broken'),
        study('u', { images: [{ path: 'images/../../up.png' }] }),
        study('v', { images: [{ path: '/etc/hosts' }] }),
        study('c', { images: [{ path: 'images/c.dcm' }], boxes: [{ image: 0, label: 'x', box: [0, 0, 9e5, 9e5] }] }),
        study('n', { images: [] }),
      ),
    ).toEqual([
      'Line 1: the image images/broken.png is damaged or not what its name says.',
      'Line 2 is not valid: images.0.path: must be relative and stay inside the data folder.',
      'Line 3 is not valid: images.0.path: must be relative and stay inside the data folder.',
      'Line 5: the study has no image.',
    ])
  })

  it('throws only for a folder without a list', async () => {
    await expect(checkStudies(folder)).rejects.toMatchObject({ code: 'DATA_EMPTY' })
    await writeFile(join(folder, 'studies.jsonl'), '')
    await expect(checkStudies(folder)).rejects.toMatchObject({ code: 'DATA_EMPTY' })
  })
})
