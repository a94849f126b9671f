/** @file The dials of the chest phantom: what makes it easy or hard, each with a moderate default. */

import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { findings } from './findings.ts'

const share = z.number().min(0).max(1)

export const dialsSchema = z.strictObject({
  contrast: z
    .number()
    .min(0)
    .max(4)
    .default(1)
    .describe('scales the drawn strength of every finding; 0 leaves only size and shape changes'),
  normals: share.default(0.4).describe('share of patients without any finding'),
  falseNegativeRate: share
    .default(0.6)
    .describe('share of normal reports that are boilerplate: equal word for word to other reports'),
  negationRate: share.default(0.25).describe('how often an absent finding is denied in words instead of left out'),
  uncertaintyRate: share
    .default(0.06)
    .describe('share of studies with one finding in doubt: label -1, drawn faint or not at all'),
  labelNoise: share
    .default(0.01)
    .describe('chance that a present finding is left out of the report, and that a study is given one it has not'),
  shortcut: share
    .default(0)
    .describe('in train only: how surely a boxed side marker goes with the shortcut finding; 0 means no relation'),
  shortcutFinding: z.enum(findings).default('Pneumothorax').describe('the finding that the shortcut gives away'),
  prevalence: z.number().min(0).max(5).default(1).describe('scales the odds of every finding in abnormal studies'),
  cooccurrence: z
    .number()
    .min(0)
    .max(3)
    .default(1)
    .describe('scales the log-odds by which findings bring each other; 0 makes them independent'),
  views: z
    .enum(['PA', 'PA+lateral'])
    .default('PA')
    .describe('pictures of a study; a hiatal hernia shows on the lateral view and hardly on the other'),
  persistence: share
    .default(0.65)
    .describe('chance that an acute finding is still there at the next study of the patient'),
  attention: z
    .number()
    .min(0)
    .max(4)
    .default(1)
    .describe("scales how long the reader's gaze rests on findings; 0 leaves the routine search"),
  heldOutFinding: z
    .enum(['none', ...findings])
    .default('none')
    .describe('never named in reports of train and validate, only described by its signs; named in test'),
  noise: z.number().min(0).max(10).default(1).describe('scales the standard deviation of photon noise'),
  nuisance: z
    .number()
    .min(0)
    .max(2)
    .default(1)
    .describe('scales pose, inspiration and exposure variation; 0 puts every patient in the same place'),
})

/** All dials, defaults filled in. */
export type Dials = z.output<typeof dialsSchema>
/** Dials as given by hand: what is left out takes its default. */
export type DialsInput = z.input<typeof dialsSchema>

/** Checks dials and fills in defaults; throws a VesaliusError that names the wrong dial. */
export function dialsOf(input: DialsInput = {}): Dials {
  return parseWith(dialsSchema, input, 'dials')
}
