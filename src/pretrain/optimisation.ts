/** @file How a run descends: optimizer, schedule, clipping, average and groups of parameters, as configured. */

import { z } from 'zod'
import { averageSchema, optimizerSchema, scheduleSchema } from '../engine/index.ts'

const ruleSchema = z.strictObject({
  match: z.string().min(1).describe('names of parameters; * stands for any letters, dots included'),
  rate: z.number().nonnegative().optional().describe('factor of the learning rate'),
  decay: z.boolean().optional().describe('whether weight decay applies'),
  freeze: z
    .union([z.boolean(), z.number().int().positive()])
    .optional()
    .describe('true: never trained; a number: not before so many steps are done'),
  sparse: z
    .boolean()
    .optional()
    .describe('tables of embeddings: a step moves only the rows in use (lazy Adam or SGD, no decay)'),
})
export type ParameterRule = z.output<typeof ruleSchema>

/** Fields of `train` that say how to descend. */
export const optimisationFields = {
  rate: z.number().positive().default(1e-3).describe('peak learning rate'),
  schedule: scheduleSchema.prefault({ kind: 'cosine' }),
  optimizer: optimizerSchema.prefault({ kind: 'adamw' }),
  clipNorm: z.number().positive().nullable().default(1).describe('largest norm of the whole gradient; null: any'),
  clipValue: z.number().positive().optional().describe('largest size of any value of the gradient'),
  accumulate: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe('batches a step, whose gradients are averaged; negatives come from one batch: see chunk for more'),
  average: averageSchema
    .optional()
    .describe('running average of the parameters, validated and exported instead of them'),
  parameters: z.array(ruleSchema).default([]).describe('parameters that are treated differently; later rules win'),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('factor of the learning rate from each layer of a tower to the one below it'),
}

/** Where a field lives now that used to stand in `train` itself. */
const moved = {
  optimizer: { kind: 'adamw', fields: ['weightDecay', 'beta1', 'beta2', 'epsilon'] },
  schedule: { kind: 'cosine', fields: ['warmup', 'floor'] },
} as const

/**
 * Before there was a choice of optimizers and schedules, the numbers of AdamW and of the cosine stood in `train` itself:
 * such configurations are read as before.
 */
export function withoutFlatNumbers(train: unknown): unknown {
  if (typeof train !== 'object' || train === null || Array.isArray(train)) return train
  const out: Record<string, unknown> = { ...train }
  for (const [part, { kind, fields }] of Object.entries(moved)) {
    const given = (out[part] ?? {}) as Record<string, unknown>
    const flat = fields.filter((name) => out[name] !== undefined)
    if (flat.length === 0 || typeof given !== 'object' || (given.kind ?? kind) !== kind) continue
    out[part] = { kind, ...Object.fromEntries(flat.map((name) => [name, out[name]])), ...given }
    for (const name of flat) delete out[name]
  }
  return out
}
