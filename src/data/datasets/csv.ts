/** @file A table of images: one row a study, columns named by the options. */

import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { z } from 'zod'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import { splitOf } from '../folds.ts'
import type { Split, StudyInput } from '../study.ts'
import { readText, sharesSchema, wordsOf } from './folder.ts'
import { count, datasetReader } from './reader.ts'

const column = z.string().min(1)

const optionsSchema = z.strictObject({
  image: column.default('image').describe('column of image paths, relative to the table'),
  text: column.optional().describe('column of captions, or of reports with headings'),
  report: column.optional().describe('the same as text'),
  findings: column.optional().describe('column of the findings section'),
  impression: column.optional().describe('column of the impression section'),
  id: column.optional().describe('column of study ids; without it row numbers'),
  patient: column.optional().describe('column of patients; without it every row is a patient'),
  split: column.optional().describe('column of train, validate (val, valid, validation, dev) or test'),
  labels: z
    .array(column)
    .default([])
    .describe('columns of labels: 1 present, 0 absent, -1 uncertain, blank not mentioned'),
  shares: sharesSchema,
  domain: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'kebab-case, such as chest-xray')
    .default('radiology')
    .describe('kebab-case domain of all studies'),
})

interface Row {
  info: { lines: number }
  record: Record<string, string>
}

const splits: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  validate: 'validate',
  validation: 'validate',
  valid: 'validate',
  val: 'validate',
  dev: 'validate',
  test: 'test',
}
const labelValues: Readonly<Record<string, 1 | 0 | -1>> = { '1': 1, '0': 0, '-1': -1, '1.0': 1, '0.0': 0, '-1.0': -1 }

function invalid(where: string, what: string, hint: string): VesaliusError {
  return new VesaliusError('DATA_INVALID', `${where} ${what}.`, { where, hint })
}

async function readRows(path: string): Promise<{ titles: string[]; rows: Row[] }> {
  const text = await readText(path)
  let titles: string[] = []
  try {
    const rows: Row[] = parse(text, {
      columns: (header: string[]) => {
        titles = header.map((title) => title.trim())
        return titles
      },
      info: true,
      skip_empty_lines: true,
    })
    return { titles, rows }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // The parser's message may quote the field it stopped at; its code and line say enough.
    const line = 'lines' in error && typeof error.lines === 'number' ? ` line ${error.lines}` : ''
    throw new VesaliusError('DATA_INVALID', `${path}${line} is not a valid table (${error.code}).`, {
      where: `${path}${line}`,
      hint: 'Every row needs as many fields as the first, and quotes in pairs.',
    })
  }
}

export const csv = datasetReader({
  id: 'csv',
  name: 'Table of images',
  describe: 'A .csv file with a header: a column of image paths beside columns of texts, patients, splits and labels',
  licence: 'your own',
  options: optionsSchema,

  async read(src, options) {
    const { titles, rows } = await readRows(src)
    if (rows.length === 0) {
      throw new VesaliusError('DATA_EMPTY', `${src} holds no row below its header.`, { where: src })
    }
    const { image, text, report, findings, impression, id, patient, split, labels } = options
    const wanted = [image, text, report, findings, impression, id, patient, split, ...labels]
    const absent = [...new Set(wanted)].filter((title) => title !== undefined && !titles.includes(title))
    if (absent.length > 0) {
      throw new VesaliusError('DATA_LACKS_FIELD', `${src} has no column named ${absent.join(', ')}.`, {
        where: src,
        hint: `Its columns are ${titles.slice(0, 30).join(', ')}; name yours in the options.`,
      })
    }

    const splitOfPatient = new Map<string, { split: Split; line: number }>()
    const lineOfId = new Map<string, number>()
    let without = 0
    const studies: StudyInput[] = []
    for (const [i, { info, record }] of rows.entries()) {
      const where = `${src} line ${info.lines}`
      const cell = (title: string | undefined): string => (title === undefined ? '' : (record[title] ?? '').trim())

      if (cell(image) === '') throw invalid(where, `has no image in the column ${image}`, 'Give the path of the image.')
      const path = resolve(dirname(src), cell(image))
      await access(path).catch((error: unknown) => {
        throw new VesaliusError('FILE_MISSING', `${where} names an image that cannot be read: ${path}.`, {
          where,
          hint: `Paths are relative to ${dirname(resolve(src))}.`,
          cause: messageOf(error),
        })
      })

      const name = id === undefined ? `row-${i + 1}` : cell(id)
      if (name === '') throw invalid(where, `has no id in the column ${id}`, 'Give every study its own id.')
      const sameId = lineOfId.get(name)
      if (sameId !== undefined) throw invalid(where, `repeats the id of line ${sameId}`, 'Give every study its own id.')
      lineOfId.set(name, info.lines)

      const person = patient === undefined ? name : cell(patient)
      if (person === '') {
        throw invalid(where, `has no patient in the column ${patient}`, 'Name the patient, or leave the option out.')
      }
      const part = split === undefined ? splitOf(person, options.shares) : splits[cell(split).toLowerCase()]
      if (part === undefined) {
        throw invalid(where, `has no known split in the column ${split}`, 'Use train, validate or test.')
      }
      const earlier = splitOfPatient.get(person)
      if (earlier !== undefined && earlier.split !== part) {
        throw invalid(
          where,
          `puts a patient into ${part} whom line ${earlier.line} put into ${earlier.split}`,
          'All studies of a patient belong to one split; leave the option split out to have it made.',
        )
      }
      if (earlier === undefined) splitOfPatient.set(person, { split: part, line: info.lines })

      const known: Record<string, 1 | 0 | -1> = {}
      for (const label of labels) {
        const value = cell(label)
        if (value === '') continue
        const meaning = labelValues[value]
        if (meaning === undefined) {
          throw invalid(where, `has a value in the column ${label} that is not 1, 0, -1 or blank`, 'Correct the value.')
        }
        known[label] = meaning
      }

      const sections = {
        ...(cell(findings) === '' ? {} : { findings: cell(findings) }),
        ...(cell(impression) === '' ? {} : { impression: cell(impression) }),
      }
      const words =
        Object.keys(sections).length > 0
          ? { report: sections }
          : wordsOf(cell(report) === '' ? cell(text) : cell(report))
      if (words === undefined) without++
      studies.push({
        id: name,
        patient: person,
        split: part,
        domain: options.domain,
        images: [{ path }],
        report: null,
        ...words,
        ...(labels.length === 0 ? {} : { labels: known }),
      })
    }

    const namesText = [text, report, findings, impression].some((title) => title !== undefined)
    if (namesText && without === studies.length) {
      throw new VesaliusError('DATA_LACKS_FIELD', `No row of ${src} has any text.`, {
        where: src,
        hint: 'Fill the text columns, or leave their options out for a data set of labels.',
      })
    }
    const notes = [`${count(studies.length, 'row')} of ${count(splitOfPatient.size, 'patient')}.`]
    if (patient === undefined) notes.push('No patient column: every row counts as a patient of its own.')
    if (without > 0) notes.push(`${count(without, 'row')} without text.`)
    return { studies, notes }
  },
})
