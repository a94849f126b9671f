/** @file The files of a run: config.json, metrics.jsonl, checkpoints/, model/ (DESIGN section 7). */

import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseWith } from '../core/config.ts'
import { isMissingFile, VesaliusError } from '../core/errors.ts'
import { readJson, writeFileAtomic, writeJsonAtomic } from '../core/files.ts'
import { type RunConfig, runSchema } from './config.ts'

/** One line of metrics.jsonl. */
export interface MetricsLine {
  kind: 'train' | 'validate'
  step: number
  epoch: number
  [name: string]: number | string
}

export interface RunFolder {
  path: string
  checkpoints: string
  model: string
  tokenizer: string
  metrics: string
}

/** Paths inside a run. */
export function runFolder(path: string): RunFolder {
  return {
    path,
    checkpoints: join(path, 'checkpoints'),
    model: join(path, 'model'),
    tokenizer: join(path, 'tokenizer'),
    metrics: join(path, 'metrics.jsonl'),
  }
}

/** Starts a run in a new or empty folder: writes its configuration. A folder that holds a run is never written over. */
export async function createRun(path: string, config: RunConfig): Promise<RunFolder> {
  if ((await readRunConfig(path)) !== undefined) {
    throw new VesaliusError('USAGE', `${path} already holds a run.`, {
      where: path,
      hint: `Continue it with --resume ${path}, or choose another folder.`,
    })
  }
  await mkdir(path, { recursive: true })
  await writeJsonAtomic(join(path, 'config.json'), config)
  return runFolder(path)
}

/** The configuration of a run, or undefined where there is none. */
export async function readRunConfig(path: string): Promise<RunConfig | undefined> {
  const file = join(path, 'config.json')
  try {
    await readFile(file)
  } catch (error) {
    if (isMissingFile(error)) return undefined
    throw error
  }
  return parseWith(runSchema, await readJson(file), file)
}

/** Adds a line to metrics.jsonl. */
export async function appendMetrics({ metrics }: RunFolder, line: MetricsLine): Promise<void> {
  await appendFile(metrics, `${JSON.stringify(line)}\n`)
}

/** All whole lines of metrics.jsonl. */
export async function readMetrics({ metrics }: RunFolder): Promise<MetricsLine[]> {
  let text: string
  try {
    text = await readFile(metrics, 'utf8')
  } catch (error) {
    if (isMissingFile(error)) return []
    throw error
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as MetricsLine)
}

/** Cuts metrics.jsonl back to what had happened at `step`: the first thing a resume does. */
export async function cutMetrics(folder: RunFolder, step: number): Promise<void> {
  const kept = (await readMetrics(folder)).filter((line) => line.step <= step)
  await writeFileAtomic(folder.metrics, kept.map((line) => `${JSON.stringify(line)}\n`).join(''))
}
