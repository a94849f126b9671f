/**
 * @file One run of a comparison in a process of its own, so that its memory is its own: trains (or continues), evaluates,
 * writes `result.json` last. Started by `runs.ts`, told what to do by one message; ends when its parent is gone, because
 * the comparison that is started next must be the only one to write into the run.
 */

import { join } from 'node:path'
import { openModel } from '../../apply/model.ts'
import { VesaliusError } from '../../core/errors.ts'
import { readJson, writeJsonAtomic } from '../../core/files.ts'
import type { Progress } from '../../core/progress.ts'
import { readStudies } from '../../data/studies.ts'
import type { RunConfig } from '../../pretrain/config.ts'
import { splitStudies } from '../../pretrain/prepare.ts'
import { createRun, readRunConfig, runFolder } from '../../pretrain/run-folder.ts'
import { train } from '../../pretrain/train.ts'
import { measuresToJson } from '../case-measures.ts'
import { openContext } from '../context.ts'
import { effectMeasures } from '../effects/measures.ts'
import type { ProtocolId } from '../protocol.ts'
import { chosenProtocols } from '../run-protocols.ts'

/** What the child is told. */
export interface Order {
  path: string
  config: RunConfig
  tasks: readonly ProtocolId[] | null
  headSteps: number
  prompts: string | null
  /** Also the measures of effects (MAP, REG), and probes without fine-tuning. */
  effects?: boolean | undefined
}

/** What it says. */
export type Word =
  | { kind: 'begin'; label: string; total: number; unit: string }
  | { kind: 'update'; done: number; note: string | undefined }
  | { kind: 'say'; line: string }
  | { kind: 'end' }
  | { kind: 'failed'; error: ReturnType<VesaliusError['toJSON']> }
  | { kind: 'done' }

const say = (word: Word): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(word, () => resolve())
  })

function progress(label: string, total: number, unit: string): Progress {
  void say({ kind: 'begin', label, total, unit })
  return {
    update: (done, note) => void say({ kind: 'update', done, note }),
    say: (line) => void say({ kind: 'say', line }),
    end: () => void say({ kind: 'end' }),
  }
}

const stop = new AbortController()
let training = false
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // Training stops with a checkpoint; whatever else is under way is done again.
    if (!training || stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}
process.on('disconnect', () => process.exit(130))

async function trained({ path, config }: Order): Promise<{ peakMemory: number; parameters: number }> {
  const file = join(path, 'cost.json')
  const known = await readJson(file).catch(() => undefined)
  if (known !== undefined) return known as { peakMemory: number; parameters: number }
  const old = await readRunConfig(path)
  const folder = old === undefined ? await createRun(path, config) : runFolder(path)
  training = true
  const { parameters } = await train({
    config: old ?? config,
    folder,
    progress: (total) => progress('training', total, 'steps'),
    signal: stop.signal,
  })
  training = false
  const cost = { peakMemory: process.resourceUsage().maxRSS * 1024, parameters }
  await writeJsonAtomic(file, cost)
  return cost
}

async function work(order: Order): Promise<void> {
  const { path, config, tasks, headSteps, prompts } = order
  const cost = await trained(order)
  const { folder } = config.data
  const data = { folder, ...splitStudies(await readStudies(folder), config.data) }
  const model = await openModel(path, { threads: config.threads })
  try {
    const settings = { prompts: prompts ?? undefined, seed: config.train.seed, headSteps, fineTune: !order.effects }
    const context = openContext({ model, data, settings, progress })
    const found: Record<string, unknown> = {}
    for (const protocol of chosenProtocols(tasks ?? undefined)) {
      const skipped = protocol.lacks(data)
      if (skipped !== undefined) found[protocol.id] = { skipped }
      else found[protocol.id] = { measured: (await protocol.run(context)).measured.map(measuresToJson) }
    }
    if (order.effects) {
      for (const [id, measured] of Object.entries(await effectMeasures(path, context)))
        found[id] = { measured: [measuresToJson(measured)] }
    }
    await writeJsonAtomic(join(path, 'result.json'), { version: 1, cost, protocols: found })
  } finally {
    await model.close()
  }
}

process.once('message', (order: Order) => {
  work(order)
    .then(() => say({ kind: 'done' }))
    .catch((error: unknown) => {
      const known =
        error instanceof VesaliusError
          ? error
          : new VesaliusError('RUNTIME_FAILED', error instanceof Error ? (error.stack ?? error.message) : String(error))
      return say({ kind: 'failed', error: known.toJSON() })
    })
    .finally(() => process.exit())
})
