/** @file What a comparison is made of, and where its runs lie. */

import { join } from 'node:path'
import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { VesaliusError } from '../../core/errors.ts'
import { readBytes, readJson, sha256, writeJsonAtomic } from '../../core/files.ts'
import { merge, objectiveOf, type RunConfig, resolveRun } from '../../pretrain/config.ts'
import { type ProtocolId, protocolIds } from '../protocol.ts'

const count = z.number().int().positive()

/** Everything that decides a result, besides which objectives and how many seeds: those may grow later. */
export const comparisonSchema = z.strictObject({
  version: z.literal(1).default(1),
  data: z.string().describe('folder with studies.jsonl'),
  dataHash: z.string().describe('sha256 of studies.jsonl'),
  steps: count,
  tasks: z.array(z.enum(protocolIds)).nullable().describe('null: all that the data allow'),
  headSteps: count,
  prompts: z.string().nullable(),
  base: z.record(z.string(), z.unknown()).describe('run configuration that all systems share'),
  systems: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .default({})
    .describe('what a system adds to it, by objective'),
})
export type ComparisonSettings = z.output<typeof comparisonSchema>

/** One training of a comparison. */
export interface ComparedRun {
  objective: string
  seed: number
  /** Run folder; `result.json` in it holds what was measured. */
  path: string
  config: RunConfig
}

/** Writes the settings into a new folder; in one that has some they must be the same. */
export async function fixSettings(out: string, settings: ComparisonSettings): Promise<void> {
  const file = join(out, 'settings.json')
  const known = await readBytes(file).catch((error: unknown) => {
    if (error instanceof VesaliusError && error.code === 'FILE_MISSING') return undefined
    throw error
  })
  if (known === undefined) {
    await writeJsonAtomic(file, settings)
    return
  }
  const before = parseWith(comparisonSchema, await readJson(file), file)
  const keys = Object.keys(settings) as (keyof ComparisonSettings)[]
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(settings[key]))
  if (changed.length === 0) return
  throw new VesaliusError('USAGE', `${out} holds another comparison: ${changed.join(', ')} differ.`, {
    where: file,
    hint: 'Choose another folder with --out, or repeat the command that began this comparison. More objectives or seeds may be added.',
  })
}

/** The runs of a comparison: every objective with every seed, seeds outside, so that all systems grow together. */
export function runsOf(
  out: string,
  settings: ComparisonSettings,
  objectives: readonly string[],
  seeds: number,
  findings: readonly string[],
): ComparedRun[] {
  return Array.from({ length: seeds }, (_, s) => s + 1).flatMap((seed) =>
    objectives.map((objective) => ({
      objective,
      seed,
      path: join(out, 'runs', `${objective}-${seed}`),
      config: configOf(settings, objective, seed, findings),
    })),
  )
}

/**
 * Configuration of one run. The seed gives initial values by name of the parameter and the order of the data, so all
 * systems of one seed start from the same towers and see the same studies in the same batches.
 */
function configOf(
  { data, steps, base, systems }: ComparisonSettings,
  id: string,
  seed: number,
  findings: readonly string[],
): RunConfig {
  const own = systems[id] ?? {}
  const shared = Object.fromEntries(Object.entries(base).filter(([key]) => !requestKeys.some((known) => known === key)))
  const said = (own.objectiveConfig ?? {}) as Record<string, unknown>
  const overrides = merge(merge(shared, own), {
    objectiveConfig: labelNames(id, said, findings),
    data: { folder: data },
    train: { seed, steps },
  })
  return resolveRun({ data, objective: id, ...requestOf(base), overrides }, `The system ${id}`)
}

/** Objectives that learn from labels must be told which: those of the data, where nothing else was said. */
function labelNames(id: string, own: Record<string, unknown>, findings: readonly string[]): Record<string, unknown> {
  const objective = objectiveOf(id)
  if (objective.labels === undefined || objective.config.safeParse(own).success) return {}
  return objective.config.safeParse({ ...own, findings }).success ? { findings } : {}
}

const requestKeys = ['image', 'text', 'size', 'channels', 'joint'] as const

/** Names of towers and sizes among the shared choices. */
function requestOf(base: Record<string, unknown>): Record<string, never> {
  return Object.fromEntries(requestKeys.flatMap((key) => (key in base ? [[key, base[key] as never]] : [])))
}

/** Hash of the studies that a comparison is about. */
export async function hashOfData(folder: string): Promise<string> {
  return sha256(await readBytes(join(folder, 'studies.jsonl')))
}

/** Codes of protocols from a list such as "ZSC,ITR". */
export function protocolList(list: string | undefined): ProtocolId[] | undefined {
  return list?.split(',').map((name) => {
    const found = protocolIds.find((id) => id === name.trim().toUpperCase())
    if (found !== undefined) return found
    throw new VesaliusError('USAGE', `There is no protocol "${name.trim()}".`, {
      where: '--tasks',
      hint: `Use: ${protocolIds.join(', ')}.`,
    })
  })
}
