/**
 * @file What a family of systems is claimed to show: data, arms, claims, margins and seeds, written into bench/effects
 * before the first run. A claim is never edited once it has run; what is learned later goes into the dated notes.
 */

import { join } from 'node:path'
import { z } from 'zod'
import { parseWith } from '../../core/config.ts'
import { readJson, sha256 } from '../../core/files.ts'
import { graphPrint } from '../../engine/inspect/canonical.ts'
import { fingerprint } from '../../phantoms/index.ts'
import { merge, objectiveOf, type RunConfig, resolveRun } from '../../pretrain/config.ts'
import { objectives } from '../../pretrain/objectives.ts'
import { syntheticStep, traceSynthetic } from '../../pretrain/synthetic.ts'
import { protocolIds } from '../protocol.ts'

const count = z.number().int().positive()
const name = z.string().regex(/^[a-z0-9-]+$/)

const drawnSchema = z.strictObject({
  domain: z.string(),
  splits: z.strictObject({ train: count, validate: count, test: count }),
  seed: z.number().int(),
  size: count,
  dials: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
})
const framedSchema = z.strictObject({
  of: name.describe('the data that get a frame'),
  frame: z.strictObject({
    kinds: count.describe('frames that can be told apart'),
    strength: z.number().positive().max(1).describe('how bright the frame is; 1: black and white'),
  }),
})

const claimSchema = z.strictObject({
  id: name,
  claim: z.string(),
  metric: z.string().describe('PROTOCOL.measure; MAP and REG are the measures of effects'),
  findings: z.enum(['all', 'small']).default('all'),
  cases: z.enum(['all', 'one-of-five']).default('all'),
  baseline: name.describe('arm'),
  system: name.describe('arm'),
  direction: z.enum(['higher', 'lower']),
  margin: z.number().describe('the whole interval of the difference must lie beyond it, in the direction'),
})

export const familySchema = z.strictObject({
  version: z.literal(1),
  family: name,
  title: z.string(),
  seeds: count,
  data: z.record(name, z.union([drawnSchema, framedSchema])),
  steps: count,
  headSteps: count,
  tasks: z.array(z.enum(protocolIds)),
  base: z.record(z.string(), z.unknown()),
  arms: z.array(
    z.strictObject({
      id: name,
      objective: z.string(),
      data: name,
      settings: z.record(z.string(), z.unknown()),
      from: name.optional().describe('arm whose model of the same seed it starts from'),
      note: z.string().optional(),
    }),
  ),
  claims: z.array(claimSchema),
  notes: z.array(z.strictObject({ date: z.string(), text: z.string() })),
})
export type Family = z.output<typeof familySchema>
export type Arm = Family['arms'][number]
export type Claim = Family['claims'][number]
export type DataSpec = Family['data'][string]

/** Reads what is claimed of a family; unknown arms and data are errors. */
export async function readFamily(family: string, root: string): Promise<Family> {
  const file = join(root, 'bench', 'effects', `${family}.json`)
  const schema = familySchema.superRefine(({ arms, claims, data }, context) => {
    const known = new Set(arms.map(({ id }) => id))
    const wrong = [
      ...claims.flatMap(({ baseline, system }) => [baseline, system]).filter((id) => !known.has(id)),
      ...arms.flatMap((arm, i) => (arms.slice(0, i).some(({ id }) => id === arm.from) ? [] : (arm.from ?? []))),
      ...arms.map((arm) => arm.data).filter((id) => !(id in data)),
      ...Object.values(data).flatMap((spec) => ('of' in spec && !(spec.of in data) ? [spec.of] : [])),
    ]
    for (const id of wrong) context.addIssue({ code: 'custom', message: `nothing is called "${id}", or only later` })
  })
  return parseWith(schema, await readJson(file), file)
}

/** The arm of this id. */
export function armOf({ arms }: Family, id: string): Arm {
  return arms.find((arm) => arm.id === id) as Arm
}

/** Why an arm cannot run in this version; undefined if it can. */
export function missing({ objective }: Arm): string | undefined {
  return objectives.some(({ id }) => id === objective) ? undefined : `there is no objective "${objective}" yet`
}

/** This arm, after those whose models it starts from, the first one first. */
export function lineage(family: Family, arm: Arm): Arm[] {
  return arm.from === undefined ? [arm] : [...lineage(family, armOf(family, arm.from)), arm]
}

/** Configuration of a run of an arm on data in `folder`, from the weights of the model in `from` if there is one. */
export function configOf(
  family: Family,
  arm: Arm,
  seed: number,
  { folder, from }: { folder: string; from?: string | undefined },
): RunConfig {
  const { size, channels, joint, ...shared } = family.base as Record<string, unknown> & Record<'size', number>
  const fixed = { data: { folder }, train: { seed }, ...(from === undefined ? {} : { model: { from } }) }
  const overrides = merge(merge(merge({ ...shared }, { train: { steps: family.steps } }), arm.settings), fixed)
  const request = { data: folder, objective: arm.objective, size, channels, joint } as Parameters<typeof resolveRun>[0]
  return resolveRun({ ...request, overrides }, `The arm ${arm.id}`)
}

/** What a domain is asked for, through all that is drawn around it. */
export function drawnOf(family: Family, id: string): z.output<typeof drawnSchema> {
  const spec = family.data[id] as DataSpec
  return 'of' in spec ? drawnOf(family, spec.of) : spec
}

/** Hash of what a row of this claim depends on: claim, settings of both arms, graphs of both objectives, drawings. */
export async function hashOf(family: Family, claim: Claim): Promise<string> {
  const arms = [claim.baseline, claim.system].flatMap((id) => lineage(family, armOf(family, id)))
  const { seeds, steps, headSteps, base } = family
  const data = Object.fromEntries(arms.flatMap((arm) => dataChain(family, arm.data)))
  const domains = [...new Set(arms.map((arm) => drawnOf(family, arm.data).domain))]
  const drawn = await Promise.all(domains.map((domain) => fingerprint(domain)))
  const graphs = arms.map(graphOf)
  return sha256(JSON.stringify({ claim, arms, seeds, steps, headSteps, base, data, drawn, graphs }))
}

function dataChain(family: Family, id: string): [string, DataSpec][] {
  const spec = family.data[id] as DataSpec
  return 'of' in spec ? [[id, spec], ...dataChain(family, spec.of)] : [[id, spec]]
}

/** Print of the graph of an arm's objective, as the arm configures it, on small inputs; empty if there is no such objective. */
function graphOf({ objective: id, settings }: Arm): unknown {
  if (!objectives.some((known) => known.id === id)) return ''
  const { tiny } = objectiveOf(id)
  const size = { size: tiny?.size ?? 64, batch: 2, tokens: 8, vocabulary: 50, joint: 16 }
  const config = settings.objectiveConfig as Record<string, unknown> | undefined
  return graphPrint(traceSynthetic(syntheticStep({ objective: id, ...size, config })).outputs)
}
