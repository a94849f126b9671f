/**
 * @file Calibration that lies in a model folder: Platt scaling of zero-shot findings, fitted on validation studies by
 * `evaluate --calibrate`. It goes with the prompts it was fitted for, finding by finding, and with no others.
 */

import { join } from 'node:path'
import { z } from 'zod'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'
import { readJson, sha256 } from '../core/files.ts'
import type { FilledPrompts } from '../text/index.ts'

const scalingSchema = z.strictObject({
  a: z.number(),
  b: z.number(),
  prompts: z.string().describe("hash of the finding's positive and negative prompts"),
})

export const calibrationSchema = z.strictObject({
  version: z.literal(1),
  prompts: z.string().describe('the prompt set, for people'),
  studies: z.number().int().describe('validation studies it was fitted on'),
  findings: z
    .record(z.string(), scalingSchema.nullable())
    .describe(
      'p = 1 / (1 + exp(-(a s + b))) of the log odds s of the plain probability; null: nothing could be fitted',
    ),
})

/** Scaling of the scores of a prompt set, as it lies in calibration.json of a model folder. */
export type Calibration = z.output<typeof calibrationSchema>

const fileName = 'calibration.json'

/** Where the calibration of a model folder lies. */
export function calibrationFile(folder: string): string {
  return join(folder, fileName)
}

/** The calibration of a model folder; undefined if it has none. Throws MODEL_INVALID for one that cannot be read. */
export async function readCalibration(folder: string): Promise<Calibration | undefined> {
  const file = calibrationFile(folder)
  const value = await readJson(file).catch((error: unknown) => {
    if (error instanceof VesaliusError && error.code === 'FILE_MISSING') return undefined
    throw error
  })
  if (value === undefined) return undefined
  try {
    return parseWith(calibrationSchema, value, file)
  } catch (error) {
    throw new VesaliusError('MODEL_INVALID', `${file} is no calibration: ${(error as Error).message}`, {
      where: file,
      hint: 'Make it anew with `vesalius evaluate RUN --calibrate`, or remove it.',
    })
  }
}

/** What the prompts of one finding are, as a hash: positive and negative texts in order. */
export function promptsOf({ groups }: FilledPrompts, finding: string): string {
  const own = groups.filter(({ name }) => name === finding).map(({ polarity, texts }) => [polarity ?? null, texts])
  return sha256(JSON.stringify(own)).slice(0, 16)
}

/** Log odds of a probability, finite also at 0 and 1. */
export function logOdds(p: number): number {
  return Math.log(Math.max(p, 1e-12) / Math.max(1 - p, 1e-12))
}

/** Probabilities of the findings of a set of pairs, scaled where the calibration is for these prompts; and which were. */
export function calibrated(
  { findings }: Calibration,
  prompts: FilledPrompts,
  probabilities: readonly number[],
): { probabilities: number[]; scaled: boolean[] } {
  const scalings = prompts.names.map((name) => {
    const scaling = prompts.kind === 'pairs' ? findings[name] : undefined
    return scaling?.prompts === promptsOf(prompts, name) ? scaling : undefined
  })
  return {
    probabilities: probabilities.map((p, k) => {
      const scaling = scalings[k]
      return scaling === undefined ? p : 1 / (1 + Math.exp(-(scaling.a * logOdds(p) + scaling.b)))
    }),
    scaled: scalings.map((scaling) => scaling !== undefined),
  }
}
