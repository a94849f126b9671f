/**
 * @file Crash-safe checkpoints. A checkpoint is written under a temporary name, its manifest with the hashes of the
 * other files last, everything is made durable, then the folder is renamed and the `latest` pointer replaced. Whatever
 * moment the power fails, the newest folder that carries a valid manifest is complete.
 */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { isMissingFile, VesaliusError } from '../core/errors.ts'
import { syncFolder, writeFileAtomic, writeJsonAtomic } from '../core/files.ts'
import { readSafetensors, writeSafetensors } from '../models/checkpoints/safetensors.ts'
import type { TrainingState } from '../nn/index.ts'

/** Position and memory of the loop, besides the numbers of {@link TrainingState}. */
export const progressSchema = z.strictObject({
  step: z.number().int().nonnegative(),
  /** Best validation loss so far and its step. */
  best: z.strictObject({ step: z.number().int(), loss: z.number() }).nullable(),
  /** What bit-exactness depends on. */
  environment: z.strictObject({
    runtime: z.string(),
    node: z.string(),
    platform: z.string(),
    threads: z.number().int(),
    ranks: z.number().int().default(1),
    device: z.string().default('cpu'),
  }),
  /** Hash of the parameters' names, shapes and places. */
  layout: z.string(),
})
export type RunProgress = z.output<typeof progressSchema>

/**
 * Version of the format. 1: parameters and the two moments of AdamW. 2: whatever buffers the state has, by name. Both are
 * read.
 */
const formatVersion = 2

/** What version 1 called the buffers. */
const firstNames: Readonly<Record<string, string>> = { moment1: 'optimizer.m', moment2: 'optimizer.v' }

const manifestSchema = z.strictObject({
  version: z.literal([1, formatVersion]),
  files: z.record(z.string(), z.string()),
})

const weightsFile = 'state.safetensors'
const progressFile = 'progress.json'
const manifestFile = 'manifest.json'

/** Name of the folder of a step's checkpoint. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}`
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Writes a checkpoint into `folder` and points `latest` (and `best`) at it. */
export async function writeCheckpoint(folder: string, state: TrainingState, progress: RunProgress): Promise<void> {
  const name = checkpointName(progress.step)
  const temporary = join(folder, `.${name}.part`)
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  await writeSafetensors(
    join(temporary, weightsFile),
    Object.entries(state.buffers).map(([buffer, data]) => [buffer, { shape: [data.length], data }]),
  )
  await writeJsonAtomic(join(temporary, progressFile), progress)
  const files: Record<string, string> = {}
  for (const file of [weightsFile, progressFile]) files[file] = await hashFile(join(temporary, file))
  await writeJsonAtomic(join(temporary, manifestFile), { version: formatVersion, files })
  await syncFolder(temporary)
  await rm(join(folder, name), { recursive: true, force: true })
  await rename(temporary, join(folder, name))
  await syncFolder(folder)
  await writeFileAtomic(join(folder, 'latest'), `${name}\n`)
  if (progress.best?.step === progress.step) await writeFileAtomic(join(folder, 'best'), `${name}\n`)
}

/** Removes what an interrupted write left, and all but the newest `keep` checkpoints and the best one. */
export async function pruneCheckpoints(folder: string, keep: number): Promise<void> {
  const names = await list(folder)
  const best = await pointer(folder, 'best')
  const old = names.filter((name) => name.startsWith('step-') && name !== best).slice(0, -keep)
  const broken = names.filter((name) => name.endsWith('.part'))
  for (const name of [...old, ...broken]) await rm(join(folder, name), { recursive: true, force: true })
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (isMissingFile(error)) return []
    throw error
  }
}

async function pointer(folder: string, name: 'latest' | 'best'): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, name), 'utf8')).trim()
  } catch (error) {
    if (isMissingFile(error)) return undefined
    throw error
  }
}

/** True if every file of the checkpoint is there and has the hash of its manifest. */
async function isWhole(path: string): Promise<boolean> {
  try {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(path, manifestFile), 'utf8')))
    for (const [file, hash] of Object.entries(manifest.files))
      if ((await hashFile(join(path, file))) !== hash) return false
    return true
  } catch {
    return false
  }
}

/** Newest whole checkpoint of a run, or undefined. Damaged ones are passed over. */
export async function latestCheckpoint(folder: string): Promise<string | undefined> {
  const names = (await list(folder)).filter((name) => name.startsWith('step-'))
  for (const name of names.reverse()) if (await isWhole(join(folder, name))) return name
  return undefined
}

/** The best checkpoint by validation loss, or the latest if none was validated. */
export async function bestCheckpoint(folder: string): Promise<string | undefined> {
  const best = await pointer(folder, 'best')
  return best !== undefined && (await isWhole(join(folder, best))) ? best : latestCheckpoint(folder)
}

/** Reads a checkpoint that {@link latestCheckpoint} or {@link bestCheckpoint} named. */
export async function readCheckpoint(
  folder: string,
  name: string,
): Promise<{ state: TrainingState; progress: RunProgress }> {
  const path = join(folder, name)
  const progress = progressSchema.parse(JSON.parse(await readFile(join(path, progressFile), 'utf8')))
  const { tensors } = await readSafetensors(join(path, weightsFile))
  const buffers: Record<string, Float32Array> = {}
  for (const [stored, { data }] of tensors) {
    const buffer = firstNames[stored] ?? stored
    if (!(data instanceof Float32Array)) {
      const problem = `The checkpoint ${name} holds "${stored}" as something else than float32.`
      throw new VesaliusError('CHECKPOINT_INVALID', problem, { where: path })
    }
    buffers[buffer] = data
  }
  return { state: { step: progress.step, buffers }, progress }
}
