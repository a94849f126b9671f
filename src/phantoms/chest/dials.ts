/** @file The dials of the chest phantom: what makes it easy or hard, each with a moderate default. */

import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { commonDials, findingDials, share } from '../dials.ts'
import { findings } from './findings.ts'

export const dialsSchema = z.strictObject({
  ...commonDials(findings, 'a boxed side marker'),
  normals: share.default(0.4).describe('share of patients without any finding'),
  falseNegativeRate: findingDials.falseNegativeRate.default(0.6),
  shortcutFinding: z.enum(findings).default('Pneumothorax').describe('the finding that the shortcut gives away'),
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
})

/** All dials, defaults filled in. */
export type Dials = z.output<typeof dialsSchema>
/** Dials as given by hand: what is left out takes its default. */
export type DialsInput = z.input<typeof dialsSchema>

/** Checks dials and fills in defaults; throws a VesaliusError that names the wrong dial. */
export function dialsOf(input: DialsInput = {}): Dials {
  return parseWith(dialsSchema, input, 'dials')
}
