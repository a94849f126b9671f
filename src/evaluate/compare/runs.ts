/** @file Runs of a comparison, one after the other, each in a process of its own; those that are done are not repeated. */

import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VesaliusError } from '../../core/errors.ts'
import type { Progress } from '../../core/progress.ts'
import type { Order, Word } from './child.ts'
import type { ComparedRun, ComparisonSettings } from './settings.ts'

export interface RunOptions {
  progress: (label: string, total: number, unit: string) => Progress
  signal: AbortSignal
}

/** Trains and evaluates what is not there yet. Throws at the first run that fails or when interrupted. */
export async function finishRuns(
  runs: readonly ComparedRun[],
  {
    tasks,
    headSteps,
    prompts,
    effects,
  }: Pick<ComparisonSettings, 'tasks' | 'headSteps' | 'prompts'> & { effects?: boolean },
  { progress, signal }: RunOptions,
): Promise<void> {
  for (const [i, { objective, seed, path, config }] of runs.entries()) {
    if (existsSync(join(path, 'result.json'))) continue
    const label = `${objective}, seed ${seed} (${i + 1} of ${runs.length})`
    await inChild({ path, config, tasks, headSteps, prompts, effects }, label, {
      progress: (what, total, unit) => progress(`${label}: ${what}`, total, unit),
      signal,
    })
  }
}

async function inChild(order: Order, label: string, { progress, signal }: RunOptions): Promise<void> {
  if (signal.aborted) throw interrupted()
  const child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const stop = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  let bar: Progress | undefined
  let last: Extract<Word, { kind: 'done' | 'failed' }> | undefined
  let told = ''
  child.stderr?.on('data', (part: Buffer) => {
    told = (told + part.toString()).slice(-2000)
  })
  child.on('message', (word: Word) => {
    if (word.kind === 'begin') bar = progress(word.label, word.total, word.unit)
    else if (word.kind === 'update') bar?.update(word.done, word.note)
    else if (word.kind === 'say') bar?.say(`${label}: ${word.line}`)
    else if (word.kind === 'end') bar?.end()
    else last = word
  })
  child.send(order)
  const ended = await new Promise<string>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, name) => resolve(name ?? `exit code ${code}`))
  })
  signal.removeEventListener('abort', stop)
  bar?.end()
  if (last?.kind === 'done') return
  if (signal.aborted) throw interrupted()
  if (last?.kind === 'failed') {
    const { code, message, where, hint } = last.error
    throw new VesaliusError(code, `${label}: ${message}`, { ...(where ? { where } : {}), ...(hint ? { hint } : {}) })
  }
  throw new VesaliusError('RUNTIME_FAILED', `${label} ended with ${ended}. ${told.trim()}`.trim(), {
    where: order.path,
    hint: 'Repeat the command: the comparison goes on where it was.',
  })
}

function interrupted(): VesaliusError {
  return new VesaliusError('INTERRUPTED', 'Interrupted; what is done is kept.', {
    hint: 'Repeat the command: the comparison goes on where it was.',
  })
}
