import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sharedData } from '../../../test/peers.ts'
import { checkStudies } from '../check.ts'
import { questionCaption } from '../question-caption.ts'
import { readStudies } from '../studies.ts'
import { buildDataset } from './index.ts'
import { vqaRad } from './vqa-rad.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vesalius-vqa-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const row = (rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  qid: 1,
  image_name: 'synpic1.jpg',
  image_organ: 'CHEST',
  answer: 'No',
  answer_type: 'CLOSED ',
  question_type: 'PRES',
  question: 'Is there a  mass?',
  phrase_type: 'freeform',
  ...rest,
})

async function source(train: unknown, test: unknown, images = ['synpic1.jpg']): Promise<void> {
  await mkdir(join(folder, 'images'), { recursive: true })
  await writeFile(join(folder, 'trainset.json'), JSON.stringify(train))
  await writeFile(join(folder, 'testset.json'), JSON.stringify(test))
  for (const image of images) await writeFile(join(folder, 'images', image), 'x')
}

describe('VQA-RAD', () => {
  it('joins the rows of an image and says what it did', async () => {
    await source(
      [row(), row({ question: 'Is/Are there a mass?' }), row({ image_organ: 'ABD' })],
      [row({ question: 'How many ribs are there?', answer: 12, answer_type: 'OPEN', question_type: 'COUNT' })],
      ['synpic1.jpg', 'synpic2.jpg'],
    )
    const { studies, notes } = await vqaRad.read(folder, undefined)
    expect(studies).toHaveLength(1)
    expect(studies[0]).toMatchObject({
      id: 'synpic1',
      patient: 'synpic1',
      domain: 'radiology',
      images: [{ path: join(folder, 'images', 'synpic1.jpg') }],
      report: null,
      captions: ['there is no mass', 'there are 12 ribs'],
      attributes: { organ: 'CHEST' },
    })
    expect(studies[0]?.questions).toHaveLength(4)
    expect(studies[0]?.questions?.[0]).toEqual({
      question: 'Is there a mass?',
      answer: 'No',
      kind: 'closed',
      type: 'PRES',
      split: 'train',
    })
    expect(studies[0]?.questions?.[3]).toMatchObject({ answer: '12', kind: 'open', split: 'test' })
    const said = notes.join('\n')
    expect(said).toContain('4 rows used')
    expect(said).toContain('2 rows said the same')
    expect(said).toContain('1 of 1 official test questions')
    expect(said).toContain('more than one organ (majority taken): synpic1.jpg')
    expect(said).toContain('1 file in images/')
    expect(said).toContain('has seen those answers')
    const strict = await vqaRad.read(folder, { captions: 'official-train' })
    expect(strict.studies[0]?.captions).toEqual(['there is no mass'])
    expect(strict.studies[0]?.questions).toHaveLength(4)
  })

  it('keeps and counts answers that contradict each other', async () => {
    await source([row(), row({ answer: 'Yes' })], [])
    const { studies, notes } = await vqaRad.read(folder, undefined)
    expect(studies[0]?.captions).toEqual(['there is no mass', 'there is a mass'])
    expect(notes.join(' ')).toContain('1 row with another answer')
  })

  it('names what is wrong with a source that is not VQA-RAD', async () => {
    await expect(vqaRad.read(folder, undefined)).rejects.toMatchObject({ code: 'FILE_MISSING' })
    await source([row({ answer_type: 'MAYBE' })], [])
    await expect(vqaRad.read(folder, undefined)).rejects.toThrow(/trainset\.json is not valid: 0\.answer_type/)
    await source({}, [])
    await expect(vqaRad.read(folder, undefined)).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await source([], [])
    await expect(vqaRad.read(folder, undefined)).rejects.toMatchObject({ code: 'DATA_EMPTY' })
    await source([row({ image_name: 'synpic9.jpg' })], [])
    await expect(vqaRad.read(folder, undefined)).rejects.toThrow(/1 image of VQA-RAD is missing/)
    await source([row({ image_name: '../../secret.jpg' })], [])
    await expect(vqaRad.read(folder, undefined)).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await expect(vqaRad.read(folder, { organ: true })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

const real = sharedData('vqa-rad')

describe.skipIf(real === undefined)('VQA-RAD as published (needs ../shared/data/vqa-rad)', () => {
  it('builds a folder of 314 images and 3,515 questions that passes the check', async () => {
    const out = join(folder, 'out')
    const result = await buildDataset('vqa-rad', real!, out)
    expect(result).toMatchObject({ studies: 314, images: 314 })

    const studies = await readStudies(out)
    const questions = studies.flatMap((study) => study.questions)
    expect(questions).toHaveLength(3515)
    expect(questions.filter(({ split }) => split === 'test')).toHaveLength(451)
    expect(questions.filter(({ kind }) => kind === 'closed')).toHaveLength(2095)
    expect(new Set(studies.map((study) => study.attributes.organ))).toEqual(new Set(['HEAD', 'CHEST', 'ABD']))
    const sizes = ['train', 'validate', 'test'].map((split) => studies.filter((study) => study.split === split).length)
    expect(sizes.reduce((a, b) => a + b)).toBe(314)
    expect(Math.min(...sizes)).toBeGreaterThan(15)

    const captions = studies.flatMap((study) => study.captions)
    expect(studies.every((study) => study.captions.length > 0)).toBe(true)
    // Two of three pairs become sentences; fewer would mean that a rule has broken.
    expect(captions.filter((caption) => !caption.includes('?')).length / captions.length).toBeGreaterThan(0.65)
    // No caption has a word that is in neither the question nor the answer, but for the few of the rules themselves.
    const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
    const ofRules =
      /^(?:is|are|no|not|nothing|some|something|somewhere|or|can|cannot|be|seen|has|have|location|of|plane|modality|the|there|does|\w+s)$/
    for (const { question, answer } of questions) {
      const given = new Set([...words(question), ...words(answer)])
      const added = words(questionCaption(question, answer).text).filter((w) => !given.has(w) && !ofRules.test(w))
      expect(added, question).toEqual([])
    }
    expect(captions.some((caption) => /\b(?:CHEST|ABD|HEAD)\b/.test(caption))).toBe(false)

    expect(await checkStudies(out)).toEqual({ studies: 314, problems: [] })
  })
})
