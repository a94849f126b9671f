/**
 * @file Published numbers: an evaluation written down (what data, what model, which prompts, which choices, which values),
 * and its repetition, which confirms or refutes them.
 */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { modelFolder } from '../apply/model.ts'
import { parseWith } from '../core/config.ts'
import { VesaliusError } from '../core/errors.ts'
import { readBytes, readJson, sha256, writeJsonAtomic } from '../core/files.ts'
import { readStudies } from '../data/studies.ts'
import { protocolIds } from './protocol.ts'
import type { ProtocolOutcome } from './run-protocols.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in hex')

export const specSchema = z.strictObject({
  version: z.literal(1),
  data: z.strictObject({
    name: z.string(),
    studies: hash.describe('sha256 of studies.jsonl'),
    files: hash.describe(
      'sha256 over the names and contents of all files that the studies name, in the order of names',
    ),
  }),
  model: z.strictObject({ name: z.string(), weights: hash.describe('sha256 of model.safetensors') }),
  prompts: z
    .strictObject({
      set: z.string().nullable().describe('name or file; null: the one for the data'),
      file: hash.nullable(),
    })
    .describe('hash of the file, where it is one'),
  split: z.enum(['train', 'validate', 'test']),
  tasks: z.array(z.enum(protocolIds)).min(1),
  headSteps: z.number().int().positive(),
  seed: z.number().int().nonnegative(),
  tolerance: z.number().nonnegative().describe('largest difference of a value that still confirms it'),
  values: z.record(z.string(), z.number().nullable()).describe('by PROTOCOL.metric; null: undefined on the data'),
})
export type EvaluationSpec = z.output<typeof specSchema>

/** What an evaluation is of, as it is written into a spec. */
export interface Evaluated {
  run: string
  data: string
  prompts: string | undefined
  split: EvaluationSpec['split']
  headSteps: number
  seed: number
}

/** Reads a spec. */
export async function readSpec(path: string): Promise<EvaluationSpec> {
  return parseWith(specSchema, await readJson(path), path)
}

/** Writes down what was evaluated and what came out. */
export async function writeSpec(
  path: string,
  evaluated: Evaluated,
  outcomes: readonly ProtocolOutcome[],
  tolerance: number,
): Promise<EvaluationSpec> {
  const spec: EvaluationSpec = {
    version: 1,
    ...(await hashesOf(evaluated)),
    split: evaluated.split,
    tasks: outcomes.flatMap(({ protocol, skipped }) => (skipped === undefined ? [protocol.id] : [])),
    headSteps: evaluated.headSteps,
    seed: evaluated.seed,
    tolerance,
    values: valuesOf(outcomes),
  }
  await writeJsonAtomic(path, specSchema.parse(spec))
  return spec
}

/** Hash over every file that a study of the folder names: pictures, masks, signals, frames, tables. */
async function hashOfFiles(folder: string): Promise<string> {
  const studies = await readStudies(folder)
  const paths = studies.flatMap((study) => [
    ...[study.images, study.masks, study.signals, study.frames].flatMap((list) => list.map(({ path }) => path)),
    ...(study.omics === undefined ? [] : [study.omics]),
  ])
  const whole = createHash('sha256')
  for (const path of [...new Set(paths)].sort()) {
    whole.update(`${path}\0${sha256(await readBytes(join(folder, path)))}\n`)
  }
  return whole.digest('hex')
}

async function hashesOf({
  run,
  data,
  prompts,
}: Evaluated): Promise<Pick<EvaluationSpec, 'data' | 'model' | 'prompts'>> {
  const name = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? path
  const file = prompts?.endsWith('.json') ? sha256(await readBytes(prompts)) : null
  return {
    data: {
      name: name(data),
      studies: sha256(await readBytes(join(data, 'studies.jsonl'))),
      files: await hashOfFiles(data),
    },
    model: { name: name(run), weights: sha256(await readBytes(join(await modelFolder(run), 'model.safetensors'))) },
    prompts: { set: prompts === undefined ? null : file === null ? prompts : name(prompts), file },
  }
}

/** Throws DATA_INVALID unless data, weights and prompts are those that the spec is about. */
export async function checkSpec(spec: EvaluationSpec, evaluated: Evaluated): Promise<void> {
  const found = await hashesOf(evaluated)
  const wrong = [
    ...(found.data.studies === spec.data.studies ? [] : [`the studies (${spec.data.name})`]),
    ...(found.data.files === spec.data.files ? [] : [`the pictures and other files of ${spec.data.name}`]),
    ...(found.model.weights === spec.model.weights ? [] : [`the weights (${spec.model.name})`]),
    ...(found.prompts.file === spec.prompts.file ? [] : [`the prompts (${spec.prompts.set})`]),
  ]
  if (wrong.length === 0) return
  throw new VesaliusError(
    'DATA_INVALID',
    `The numbers cannot be checked: ${wrong.join(' and ')} differ from those of the spec.`,
    {
      where: '--spec',
      hint: 'Give the model and the data that were evaluated then; their hashes are in the file.',
    },
  )
}

/** One published value and what came out now. */
export interface Verdict {
  metric: string
  published: number | null
  found: number | null
  confirmed: boolean
}

/** Compares all published values with those of a repetition. A value that is missing now is refuted. */
export function judge({ values, tolerance }: EvaluationSpec, outcomes: readonly ProtocolOutcome[]): Verdict[] {
  const now = valuesOf(outcomes)
  return Object.entries(values).map(([metric, published]) => {
    const found = now[metric] ?? null
    const close = published !== null && found !== null && Math.abs(published - found) <= tolerance
    return { metric, published, found, confirmed: close || (published === null && metric in now && found === null) }
  })
}

function valuesOf(outcomes: readonly ProtocolOutcome[]): Record<string, number | null> {
  return Object.fromEntries(
    outcomes.flatMap((outcome) =>
      outcome.skipped !== undefined
        ? []
        : Object.entries(outcome.metrics).map(
            ([name, { value }]) => [`${outcome.protocol.id}.${name}`, value] as const,
          ),
    ),
  )
}
