/**
 * @file The study: one record for all data (readers, phantoms, user folders, archives).
 * A data folder is `studies.jsonl`, one study a line, plus the files it names. Paths are relative to that folder.
 */

import { z } from 'zod'

const pixelBox = z.union([
  z.tuple([z.number(), z.number(), z.number(), z.number()]),
  z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]),
])

/** 1 present, 0 absent, -1 uncertain; a finding that is not a key was not mentioned. */
export const labelsSchema = z.record(z.string(), z.union([z.literal(1), z.literal(0), z.literal(-1)]))

/** A file inside the data folder: foreign data must not name files elsewhere. */
const filePath = z
  .string()
  .min(1)
  .refine((path) => !/^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(path), {
    message: 'must be relative and stay inside the data folder',
  })

export const studySchema = z.strictObject({
  id: z.string().min(1).describe('unique in the folder'),
  patient: z.string().min(1).describe('studies of one patient never straddle splits'),
  split: z.enum(['train', 'validate', 'test']),
  domain: z.string().describe('kebab-case: chest-xray, fundus, radiology, ...'),
  images: z.array(
    z.strictObject({
      path: filePath,
      view: z.string().optional().describe('PA, AP, lateral, ...'),
      modality: z.string().optional().describe('DICOM modality code: CR, CT, MR, ...'),
      spacing: z.array(z.number().positive()).optional().describe('mm, in the order x, y, (z)'),
    }),
  ),
  report: z
    .strictObject({
      indication: z.string().optional(),
      comparison: z.string().optional(),
      findings: z.string().optional(),
      impression: z.string().optional(),
      language: z.string().default('en'),
    })
    .nullable()
    .describe('null: there is none; an absent section was not dictated'),
  captions: z.array(z.string()).default([]),
  labels: labelsSchema.default({}).describe('what the source (usually the report) says'),
  boxes: z
    .array(
      z.strictObject({
        image: z.number().int().nonnegative(),
        label: z.string(),
        phrase: z.string().optional(),
        box: pixelBox.describe('[x, y, w, h] or [x, y, z, w, h, d], pixels of the stored image, origin top left'),
      }),
    )
    .default([]),
  masks: z
    .array(z.strictObject({ image: z.number().int().nonnegative(), label: z.string(), path: filePath }))
    .default([])
    .describe('8-bit PNG or NIfTI, 0 = background, non-zero = the label'),
  points: z
    .array(z.strictObject({ image: z.number().int().nonnegative(), label: z.string(), point: z.array(z.number()) }))
    .default([]),
  questions: z
    .array(
      z.strictObject({
        question: z.string(),
        answer: z.string(),
        kind: z.enum(['closed', 'open']),
        type: z.string().optional().describe("the source's own question type"),
        split: z
          .enum(['train', 'validate', 'test'])
          .optional()
          .describe('official split, where it differs from the study'),
      }),
    )
    .default([]),
  priors: z.array(z.string()).default([]).describe('ids of earlier studies of this patient'),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  changes: z
    .record(z.string(), z.enum(['improving', 'stable', 'worsening']))
    .default({})
    .describe('course of findings since the last of the priors'),
  signals: z
    .array(z.strictObject({ path: filePath, kind: z.string().describe('ecg, ...'), rate: z.number().positive() }))
    .default([])
    .describe('WFDB header files or DICOM waveforms; rate in samples a second'),
  omics: filePath.optional().describe('table of numbers, CSV with the columns name,value'),
  survival: z
    .strictObject({ months: z.number().nonnegative(), event: z.boolean() })
    .optional()
    .describe('time to death (event) or to the last contact (no event: censored)'),
  frames: z
    .array(
      z.strictObject({
        path: filePath,
        seconds: z.number().nonnegative(),
        caption: z.string().optional(),
        labels: labelsSchema.default({}),
      }),
    )
    .default([])
    .describe('pictures in the order of time: video, filling phases'),
  fixations: z
    .array(
      z.strictObject({
        image: z.number().int().nonnegative(),
        point: z.tuple([z.number(), z.number()]).describe('[x, y], pixels of the stored image'),
        seconds: z.number().nonnegative(),
      }),
    )
    .default([])
    .describe('where the reader looked, in the order of time'),
  graph: z
    .strictObject({
      entities: z.array(
        z.strictObject({
          text: z.string(),
          kind: z.enum(['anatomy', 'observation']),
          certainty: z.enum(['present', 'absent', 'uncertain']).optional().describe('observations only'),
        }),
      ),
      relations: z.array(
        z.strictObject({
          from: z.number().int().nonnegative(),
          to: z.number().int().nonnegative(),
          kind: z.enum(['located-at', 'modifies', 'suggestive-of']),
        }),
      ),
    })
    .optional()
    .describe('entities of the report and how they belong together; relations name entities by index'),
  ratings: z
    .array(z.strictObject({ reader: z.string(), scores: z.record(z.string(), z.number()) }))
    .default([])
    .describe('scores by several readers, on scales that the data set explains'),
  truth: z
    .strictObject({
      labels: labelsSchema.default({}).describe('what is in the image, whatever the report says'),
      sentences: z
        .array(
          z.strictObject({
            text: z.string(),
            section: z.enum(['indication', 'comparison', 'findings', 'impression']),
            finding: z.string().optional().describe('the finding it is about; absent for boilerplate and technique'),
            polarity: z.union([z.literal(1), z.literal(0), z.literal(-1)]).optional(),
            boxes: z.array(z.number().int().nonnegative()).default([]).describe('indices into boxes'),
          }),
        )
        .default([]),
    })
    .optional()
    .describe('only where the truth is known (phantoms)'),
})

/** One study with its images, words and annotations. */
export type Study = z.output<typeof studySchema>
/** A study as written by hand: fields with defaults may be left out. */
export type StudyInput = z.input<typeof studySchema>
export type Split = Study['split']

/** A study written by hand with its defaults filled in; throws a ZodError where a field is wrong. */
export function wholeStudy(input: StudyInput): Study {
  return studySchema.parse(input)
}
