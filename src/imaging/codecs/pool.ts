/**
 * @file Codecs in worker threads with a limit of time and memory: a decoder that crashes, hangs or eats memory costs one
 * file, not the process. Threads start at first use and do not keep the process alive.
 */

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'
import { VesaliusError } from '../../core/errors.ts'
import { decodeStream, type StreamJob } from './decode.ts'
import { CodecError, type DecodedStream } from './types.ts'

export interface CodecLimits {
  /** A stream that takes longer, from when a thread begins with it, is given up. */
  milliseconds: number
  /** JavaScript heap of a thread; the memory of WebAssembly codecs is limited by the size check before decoding and by 2 GB. */
  heapMegabytes: number
}

/** Two seconds, and two more for each million samples: ten times what the slowest codec needs. */
export function codecLimits({ expected: { width, height, samples } }: StreamJob): CodecLimits {
  return { milliseconds: 2000 + (width * height * samples) / 500, heapMegabytes: 512 }
}

/** A thread that has not begun after this has been forgotten by the machine. */
const longestStart = 60_000

/** Messages of the worker: it has begun, then its answer. */
export type StreamReply = { begun: true } | { values: DecodedStream['values']; precision: number } | { error: string }

interface Task {
  job: StreamJob
  limits: CodecLimits
  resolve(value: DecodedStream): void
  reject(error: Error): void
}

function workerPath(): string {
  const path = fileURLToPath(new URL('./worker.js', import.meta.url)).replace(
    /\/src\/(imaging\/codecs\/worker\.js)$/,
    '/dist/$1',
  )
  if (!existsSync(path)) {
    throw new VesaliusError('RUNTIME_FAILED', 'The compiled worker of the image codecs is missing.', {
      where: path,
      hint: 'Run: npm run build',
    })
  }
  return path
}

/** Threads that are idle, and tasks that wait for one. One of each for the process: threads are its resource. */
const idle: Worker[] = []
const waiting: Task[] = []
let running = 0

function run(task: Task): void {
  running++
  const { job, limits } = task
  const worker =
    idle.pop() ??
    new Worker(workerPath(), { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: limits.heapMegabytes } })
  worker.ref()
  let settled = false
  const settle = (usable: boolean, finish: () => void): void => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    worker.off('message', onMessage)
    worker.off('exit', onExit)
    // A late error of a thread that is being ended must not become an uncaught one.
    if (usable) {
      worker.off('error', onError)
      worker.unref()
      idle.push(worker)
    } else {
      void worker.terminate()
    }
    running--
    const next = waiting.shift()
    if (next !== undefined) run(next)
    finish()
  }
  const giveUp = (problem: string): void => settle(false, () => task.reject(new CodecError(problem)))
  let timer = setTimeout(() => giveUp('no thread could be started for its decoder'), longestStart)
  const onMessage = (reply: StreamReply): void => {
    if ('begun' in reply) {
      clearTimeout(timer)
      const { milliseconds } = limits
      timer = setTimeout(() => giveUp(`decoding took longer than ${Math.round(milliseconds)} ms`), milliseconds)
    } else if ('error' in reply) settle(true, () => task.reject(new CodecError(reply.error)))
    else settle(true, () => task.resolve(reply))
  }
  const onError = (error: Error): void => giveUp(`its decoder stopped (${error.message})`)
  const onExit = (): void => giveUp('its decoder stopped')
  worker.on('message', onMessage)
  worker.on('error', onError)
  worker.on('exit', onExit)
  worker.postMessage(job)
}

/**
 * Samples of a compressed stream. In the main thread the work is done in a worker within `limits`; a worker thread of a
 * caller, which can be given up itself, decodes in place. 8-bit JPEG runs in libvips' own threads. Throws
 * {@link CodecError}.
 */
export async function decodeGuarded(job: StreamJob, limits: CodecLimits = codecLimits(job)): Promise<DecodedStream> {
  if (!isMainThread || job.codec === 'jpeg') return decodeStream(job)
  return new Promise((resolve, reject) => {
    // The stream is copied: it may be a view of a whole file.
    const task: Task = { job: { ...job, bytes: job.bytes.slice() }, limits, resolve, reject }
    if (running < Math.max(1, availableParallelism())) run(task)
    else waiting.push(task)
  })
}
