/** @file Runs the effects of a family: draws, trains and measures what is missing, arm by arm, and writes what is known. */

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson, sha256, writeFileAtomic, writeJsonAtomic } from '../../core/files.ts'
import { readStudies } from '../../data/studies.ts'
import { finishRuns, type RunOptions } from '../compare/runs.ts'
import { dataFolder, drawnData } from './data.ts'
import { configOf, type Family, hashOf, lineage, missing, readFamily } from './family.ts'
import { effectsPage } from './page.ts'
import { type ArmRow, armRow, type Controls, controlsOf } from './table.ts'
import { type Effect, effectOf, runPath } from './verdicts.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** bench/results/effects-FAMILY.json */
export interface EffectsDocument {
  version: 1
  family: string
  effects: Effect[]
  /** One row a system, means over the seeds that have run. */
  table: ArmRow[]
  controls: Controls | null
  node: string
}

export interface EffectsOptions extends RunOptions {
  /** Folder of data and runs; what is in it is not done again. */
  work: string
  /** Of each run. */
  threads: number
  /** Runs at once. */
  jobs: number
  /** Only these arms are run; what is known of the others is reported all the same. */
  arms?: readonly string[] | undefined
  /** Trains nothing: writes what is known. */
  reportOnly?: boolean
  /** Where claims (bench/effects) are read, results (bench/results) and pages (docs) written: this repository if absent. */
  root?: string | undefined
}

/** Where the result of a family is committed. */
export function resultFile(family: string, root = repository): string {
  return join(root, 'bench', 'results', `effects-${family}.json`)
}

/** Runs what is missing of a family, then writes its result and its page; after each arm too, as an interruption may come. */
export async function runEffects(id: string, options: EffectsOptions): Promise<EffectsDocument> {
  const { root = repository } = options
  const family = await readFamily(id, root)
  const work = join(options.work, `${id}-${sha256(JSON.stringify(basis(family))).slice(0, 8)}`)
  const draw = { progress: options.progress, signal: options.signal, workers: options.threads * options.jobs }
  const seeds = Array.from({ length: family.seeds }, (_, s) => s + 1)
  if (!options.reportOnly) {
    const named = family.arms.filter(({ id }) => options.arms === undefined || options.arms.includes(id))
    const needed = new Set(named.flatMap((arm) => lineage(family, arm)))
    const lacking = family.arms.filter((arm) => needed.has(arm) && missing(arm) === undefined)
    const folders = new Map<string, string>()
    for (const { data } of lacking) folders.set(data, await drawnData(family, data, work, draw))
    const open = lacking.flatMap((arm) =>
      seeds
        .map((seed) => ({ arm, seed, path: runPath(work, arm.id, seed), age: lineage(family, arm).length }))
        .filter(({ path }) => !existsSync(join(path, 'result.json'))),
    )
    // One after another: each reads what the one before has written.
    let reported: Promise<unknown> = Promise.resolve()
    const lane = async (list: typeof open): Promise<void> => {
      for (let next = list.shift(); next !== undefined; next = list.shift()) {
        const { arm, seed, path } = next
        const from = arm.from === undefined ? undefined : join(runPath(work, arm.from, seed), 'model')
        const folder = folders.get(arm.data) as string
        const config = { ...configOf(family, arm, seed, { folder, from }), threads: options.threads }
        await finishRuns(
          [{ objective: arm.id, seed, path, config }],
          { ...family, prompts: null, effects: true },
          options,
        )
        if (seed !== family.seeds) continue
        reported = reported.then(() => report(family, { work, root }, false))
        await reported
      }
    }
    // Models that others start from are finished first.
    for (const age of new Set(open.map((run) => run.age).sort((a, b) => a - b))) {
      const list = open.filter((run) => run.age === age)
      await Promise.all(Array.from({ length: options.jobs }, () => lane(list)))
    }
  }
  return report(family, { work, root }, true)
}

/** What every run of a family shares: other settings are other runs, in another folder. */
function basis({ data, steps, headSteps, tasks, base, arms }: Family): unknown {
  return { data, steps, headSteps, tasks, base, arms }
}

/** Sums up what has run; rows that ran elsewhere on the same settings stay. */
async function report(
  family: Family,
  { work, root }: { work: string; root: string },
  last: boolean,
): Promise<EffectsDocument> {
  const file = resultFile(family.family, root)
  const before = existsSync(file) ? ((await readJson(file)) as EffectsDocument) : undefined
  const folder = dataFolder(family, family.arms[0]?.data ?? '', work)
  const data = existsSync(join(folder, 'studies.jsonl')) ? folder : undefined
  const test = data === undefined ? [] : (await readStudies(data)).filter(({ split }) => split === 'test')
  const effects: Effect[] = []
  for (const claim of family.claims) {
    const row = await effectOf(family, claim, work, test)
    const known = before?.effects.find(({ id }) => id === claim.id)
    effects.push(row.reproduced === null && known?.reproduced != null && known.hash === row.hash ? known : row)
  }
  const table: ArmRow[] = []
  for (const arm of family.arms) {
    const row = await armRow(family, arm, work)
    const known = before?.table.find(({ id }) => id === arm.id)
    table.push(row.seeds < (known?.seeds ?? 0) ? (known as ArmRow) : row)
  }
  const controls = (last ? await controlsOf(family, work, data) : null) ?? before?.controls ?? null
  const document: EffectsDocument = {
    version: 1,
    family: family.family,
    effects,
    table,
    controls,
    node: process.version,
  }
  await mkdir(dirname(file), { recursive: true })
  await writeJsonAtomic(file, document)
  await mkdir(join(root, 'docs'), { recursive: true })
  await writeFileAtomic(join(root, 'docs', `effects-${family.family}.md`), await pageOf(family, document))
  return document
}

/** The page of a family's result; rows whose hash is not that of today are marked. */
export async function pageOf(family: Family, document: EffectsDocument): Promise<string> {
  const stale = new Set<string>()
  for (const claim of family.claims) {
    const row = document.effects.find(({ id }) => id === claim.id)
    if (row === undefined || row.hash !== (await hashOf(family, claim))) stale.add(claim.id)
  }
  return effectsPage(family, document, stale)
}
