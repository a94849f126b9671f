/**
 * @file VQA-RAD (Lau et al., Scientific Data 2018; CC0): radiology images with clinicians' questions and answers, in the
 * edition of MEVF: trainset.json, testset.json and images/. One study an image.
 */

import { readdir } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { isMissingFile, VesaliusError } from '../../core/errors.ts'
import { readJson } from '../../core/files.ts'
import { splitOf } from '../folds.ts'
import { questionCaption } from '../question-caption.ts'
import type { StudyInput } from '../study.ts'
import { count, datasetReader, usualShares } from './reader.ts'

const rowSchema = z.object({
  image_name: z.string().regex(/^[^/\\]+$/, 'a file name'),
  image_organ: z.string(),
  question: z.string(),
  answer: z.union([z.string(), z.number()]).transform(String),
  answer_type: z
    .string()
    .transform((type) => type.trim().toLowerCase())
    .pipe(z.enum(['closed', 'open'])),
  question_type: z.string(),
})

type Row = z.output<typeof rowSchema> & { split: 'train' | 'test' }

/** Keys of the count of each value, most frequent first; the first seen wins a tie. */
function byFrequency(values: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

async function readRows(src: string, split: Row['split']): Promise<Row[]> {
  const path = join(src, `${split}set.json`)
  return parseWith(z.array(rowSchema), await readJson(path), path, 'DATA_INVALID').map((row) => ({
    ...row,
    split,
    question: oneLine(row.question),
    answer: oneLine(row.answer),
  }))
}

async function imageNames(src: string): Promise<Set<string>> {
  try {
    return new Set(await readdir(join(src, 'images')))
  } catch (error) {
    if (!isMissingFile(error)) throw error
    throw new VesaliusError('FILE_MISSING', `There is no folder of images at ${join(src, 'images')}.`, {
      where: join(src, 'images'),
      hint: 'VQA-RAD is read from the folder that holds trainset.json, testset.json and images/.',
      cause: error,
    })
  }
}

export const vqaRad = datasetReader({
  id: 'vqa-rad',
  name: 'VQA-RAD',
  describe: 'Radiology images (head, chest, abdomen) with questions and answers: trainset.json, testset.json, images/',
  licence: 'CC0 1.0',
  options: z.strictObject({
    captions: z
      .enum(['all', 'official-train'])
      .default('all')
      .describe('questions that captions are made of; official-train keeps the official test answers out of them'),
  }),

  async read(src, { captions: captionsOf }) {
    const rows = [...(await readRows(src, 'train')), ...(await readRows(src, 'test'))]
    if (rows.length === 0) {
      throw new VesaliusError('DATA_EMPTY', `trainset.json and testset.json in ${src} hold no question.`, {
        where: src,
      })
    }
    const files = await imageNames(src)
    const byImage = new Map<string, Row[]>()
    for (const row of rows) {
      const known = byImage.get(row.image_name)
      if (known === undefined) byImage.set(row.image_name, [row])
      else known.push(row)
    }
    const missing = [...byImage.keys()].filter((name) => !files.has(name))
    if (missing.length > 0) {
      const where = join(src, 'images', missing[0]!)
      throw new VesaliusError(
        'FILE_MISSING',
        `${count(missing.length, 'image')} of VQA-RAD ${missing.length === 1 ? 'is' : 'are'} missing, the first at ${where}.`,
        { where, hint: 'Copy the whole images folder.' },
      )
    }

    let captionRows = 0
    let declarative = 0
    let conflicts = 0
    let shared = 0
    const organsInConflict: string[] = []
    const studies = [...byImage].map(([name, asked]): StudyInput => {
      const id = parse(name).name
      const organs = byFrequency(asked.map((row) => row.image_organ.trim()))
      if (organs.length > 1) organsInConflict.push(name)
      const captions = new Map<string, boolean>()
      const answers = new Map<string, string>()
      for (const { question, answer, split } of asked) {
        if (captionsOf === 'all' || split === 'train') {
          const caption = questionCaption(question, answer)
          captions.set(caption.text, caption.declarative)
          captionRows++
        }
        const earlier = answers.get(question.toLowerCase())
        if (earlier !== undefined && earlier !== answer.toLowerCase()) conflicts++
        answers.set(question.toLowerCase(), answer.toLowerCase())
      }
      declarative += [...captions.values()].filter((sentence) => sentence).length
      const inTest = asked.filter((row) => row.split === 'test').length
      if (inTest < asked.length) shared += inTest
      return {
        id,
        patient: id,
        split: splitOf(id, usualShares),
        domain: 'radiology',
        images: [{ path: join(src, 'images', name) }],
        report: null,
        captions: [...captions.keys()],
        questions: asked.map(({ question, answer, answer_type, question_type, split }) => ({
          question,
          answer,
          kind: answer_type,
          type: question_type.trim(),
          split,
        })),
        attributes: { organ: organs[0]! },
      }
    })

    const captions = studies.reduce((sum, study) => sum + (study.captions?.length ?? 0), 0)
    const officialTest = rows.filter((row) => row.split === 'test').length
    const unused = files.size - byImage.size
    const notes = [
      `${count(rows.length, 'row')} used, all kept as questions of ${count(studies.length, 'image')}; each study holds its official train or test mark question by question.`,
      `${count(captions, 'caption')}: ${count(captionRows - captions, 'row')} said the same of the same image and merged; ${declarative} are declarative sentences, ${captions - declarative} keep the question and its answer.`,
      `The official split is of questions, not images: ${shared} of ${officialTest} official test questions are about images that occur in the official training questions too. The studies are split by image instead, 80/10/10; the two splits must not be mixed.`,
      captionsOf === 'all'
        ? 'Captions are made of the official test questions too: a model trained on them has seen those answers. Set the option captions to "official-train" before reporting on the official test questions.'
        : 'Captions are made of the official training questions only.',
      'The image name stands for the patient: the source does not say which images are of one patient.',
    ]
    if (conflicts > 0)
      notes.push(
        `${count(conflicts, 'row')} with another answer to the same question about the same image; all are kept.`,
      )
    if (organsInConflict.length > 0) {
      notes.push(
        `${count(organsInConflict.length, 'image')} with more than one organ (majority taken): ${organsInConflict.slice(0, 5).join(', ')}.`,
      )
    }
    if (unused > 0)
      notes.push(
        `${count(unused, 'file')} in images/ ${unused === 1 ? 'has' : 'have'} no question and ${unused === 1 ? 'was' : 'were'} left out.`,
      )
    return { studies, notes }
  },
})
