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
  signals: z.array(z.string()).default([]),
  omics: z.string().optional(),
  frames: z.array(z.string()).default([]),
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
