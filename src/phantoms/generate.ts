/** @file Writes a phantom data folder: images (and masks) first, `studies.jsonl` last and whole, so that a half-made folder is never read. */

import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { parseWith } from '../core/config.ts'
import { messageOf, VesaliusError } from '../core/errors.ts'
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts'
import { type Progress, silent } from '../core/progress.ts'
import type { MakeOptions } from './domain.ts'
import { domainOf } from './domains.ts'
import { type Place, placesOf } from './patients.ts'

const count = z.number().int().min(0).max(10_000_000)

export const generateSchema = z.strictObject({
  out: z.string().min(1).describe('folder to write'),
  count: count.optional().describe('studies in all, split by patient 80/5/15'),
  splits: z
    .strictObject({ train: count.optional(), validate: count.optional(), test: count.optional() })
    .optional()
    .describe('exact number of studies a split, instead of count'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32)
    .default(1),
  size: z.number().int().positive().optional().describe("side of the pictures in pixels; the domain's own if absent"),
  bits: z.union([z.literal(8), z.literal(16)]).default(8),
  masks: z.boolean().default(false),
  dicom: z.boolean().default(false).describe('DICOM files (12 bits) instead of PNG'),
  dials: z.record(z.string(), z.unknown()).default({}).describe('dials of the domain'),
  voice: z.string().optional().describe("one of the domain's voices; its first if absent"),
  heldOutSynonyms: z.boolean().default(false).describe('speak with the names held out of ordinary reports'),
  workers: z.number().int().min(1).max(64).default(1),
  overwrite: z.boolean().default(false),
})

/** What {@link generate} is asked for. */
export type GenerateOptions = z.input<typeof generateSchema> & { progress?: Progress; signal?: AbortSignal }

/** What was written. */
export interface Generated {
  out: string
  studies: number
  patients: number
  splits: Record<'train' | 'validate' | 'test', number>
  /** Images a second, writing included. */
  rate: number
}

/** What a worker thread gets. */
export interface WorkerJob {
  domain: string
  out: string
  places: Place[]
  options: MakeOptions
}

/** One study is on disk. */
export interface WorkerReport {
  index: number
  line: string
}

/**
 * Writes the phantom set `domain` into a folder. The same seed, dials and sizes give the same bytes on any number of
 * workers. Throws a VesaliusError when the options are wrong or the folder already holds a set.
 */
export async function generate(domain: string, input: GenerateOptions): Promise<Generated> {
  const { progress = silent, signal, ...rest } = input
  const options = parseWith(generateSchema, rest, 'phantom options')
  const { id, dials, voices, size: sizes, dicom = false } = domainOf(domain)
  if ((options.count === undefined) === (options.splits === undefined)) {
    throw new VesaliusError('USAGE', 'Give either a count of studies or the numbers of each split.', { where: 'count' })
  }
  const places = placesOf(options.seed, options)
  if (places.length === 0)
    throw new VesaliusError('USAGE', 'A phantom set needs at least one study.', { where: 'count' })
  const { out, size = sizes.default, voice = voices[0] } = options
  if (size < sizes.least || size > sizes.most) {
    const message = `The size is ${size}, but pictures of ${id} have ${sizes.least} to ${sizes.most} pixels a side.`
    throw new VesaliusError('USAGE', message, { where: 'size' })
  }
  if (options.dicom && !dicom) {
    const hint = 'Leave --dicom out: its files are what its card says.'
    throw new VesaliusError('USAGE', `Phantoms of ${id} are not written as DICOM files.`, { where: 'dicom', hint })
  }
  if (!voices.includes(voice)) {
    const hint = `Use one of: ${voices.join(', ')}.`
    throw new VesaliusError('UNKNOWN_NAME', `${id} has no voice "${voice}".`, { where: 'voice', hint })
  }
  const make: MakeOptions = {
    seed: options.seed,
    size,
    bits: options.bits,
    masks: options.masks,
    dicom: options.dicom,
    dials: parseWith(dials, options.dials, 'dials'),
    heldOutSynonyms: options.heldOutSynonyms,
    voice,
  }
  await claimFolder(out, options.overwrite)
  await mkdir(join(out, 'images'), { recursive: true })

  const lines = new Map<number, string>()
  const start = performance.now()
  const done = (report: WorkerReport): void => {
    lines.set(report.index, report.line)
    progress.update(lines.size)
  }
  const script = options.workers > 1 ? await workerScript() : undefined
  try {
    if (script) await runWorkers(script, { domain: id, out, places, options: make }, options.workers, done, signal)
    else await runHere({ domain: id, out, places, options: make }, done, signal)
  } finally {
    progress.end()
  }
  await writeJsonAtomic(join(out, 'phantom.json'), { version: 1, domain: id, ...make, splits: countSplits(places) })
  await writeFileAtomic(join(out, 'studies.jsonl'), places.map(({ index }) => `${lines.get(index)}\n`).join(''))
  const patients = new Set([...lines.values()].map((line) => (JSON.parse(line) as { patient: string }).patient)).size
  const seconds = (performance.now() - start) / 1000
  return { out, studies: places.length, patients, splits: countSplits(places), rate: places.length / seconds }
}

function countSplits(places: readonly Place[]): Generated['splits'] {
  const splits = { train: 0, validate: 0, test: 0 }
  for (const { split } of places) splits[split]++
  return splits
}

/** Where domains put their files. */
const folders = ['images', 'masks', 'maps', 'frames', 'signals', 'omics']

/** A folder that already holds a set is only written over on request; the old record goes first, so no mix is ever read. */
async function claimFolder(out: string, overwrite: boolean): Promise<void> {
  const record = join(out, 'studies.jsonl')
  const exists = await access(record).then(
    () => true,
    () => false,
  )
  if (exists && !overwrite) {
    throw new VesaliusError('USAGE', `${out} already holds a data set.`, {
      where: out,
      hint: 'Choose another folder, or ask to overwrite.',
    })
  }
  if (!exists) return
  await rm(record)
  for (const folder of folders) await rm(join(out, folder), { recursive: true, force: true })
}

/** Makes and writes the studies of a job in this thread, a few at a time so that encoding overlaps drawing. */
export async function runHere(
  job: WorkerJob,
  done: (report: WorkerReport) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { make } = domainOf(job.domain)
  let next = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      if (signal?.aborted)
        throw new VesaliusError('INTERRUPTED', 'Making phantoms was interrupted.', { where: job.out })
      const place = job.places[next++]
      if (!place) return
      const { study, files } = await make(place, job.options)
      await Promise.all(files.map(({ path, bytes }) => writeImage(join(job.out, path), bytes)))
      done({ index: place.index, line: JSON.stringify(study) })
    }
  }
  await Promise.all([lane(), lane(), lane()])
}

async function writeImage(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  } catch (error) {
    throw new VesaliusError('RUNTIME_FAILED', `${path} could not be written: ${messageOf(error)}.`, {
      where: path,
      hint: 'Check the free space and the rights on the folder.',
      cause: error,
    })
  }
}

/** The compiled worker: beside this file when compiled, in dist when this is the source; undefined when there is no build. */
async function workerScript(): Promise<URL | undefined> {
  const here = import.meta.url
  const script = here.endsWith('.ts') ? new URL('../../dist/phantoms/worker.js', here) : new URL('./worker.js', here)
  return access(fileURLToPath(script)).then(
    () => script,
    () => undefined,
  )
}

async function runWorkers(
  script: URL,
  job: WorkerJob,
  workers: number,
  done: (report: WorkerReport) => void,
  signal?: AbortSignal,
): Promise<void> {
  const threads: Worker[] = []
  const stop = (): void => {
    for (const thread of threads) void thread.terminate()
  }
  signal?.addEventListener('abort', stop)
  try {
    await Promise.all(
      Array.from({ length: Math.min(workers, job.places.length) }, (_, lane) => {
        // Every worker-th study: the work is even however findings are spread.
        const places = job.places.filter((_, i) => i % workers === lane)
        return new Promise<void>((resolve, reject) => {
          const workerData: WorkerJob = { ...job, places }
          const thread = new Worker(script, { workerData })
          threads.push(thread)
          let failed = false
          thread.on('message', (message: WorkerReport | { error: { code: 'RUNTIME_FAILED'; message: string } }) => {
            if ('line' in message) return done(message)
            failed = true
            reject(new VesaliusError(message.error.code, message.error.message, { where: job.out }))
          })
          thread.on('error', reject)
          thread.on('exit', (code) => {
            if (signal?.aborted) {
              reject(new VesaliusError('INTERRUPTED', 'Making phantoms was interrupted.', { where: job.out }))
            } else if (code === 0 && !failed) resolve()
            else
              reject(
                new VesaliusError('RUNTIME_FAILED', `A phantom worker ended with code ${code}.`, { where: job.out }),
              )
          })
        })
      }),
    )
  } finally {
    signal?.removeEventListener('abort', stop)
    stop()
  }
}
