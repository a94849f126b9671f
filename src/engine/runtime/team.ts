/**
 * @file Several threads for vector kernels. They share one WebAssembly memory. ONNX Runtime takes no memory that threads
 * share, so it is shown the same bytes as a plain buffer.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { blockBytes, type Job, openShare } from './share.ts'
import { type Memory, makeMemory } from './webassembly.ts'

/** A memory that threads share, and the same bytes as ONNX Runtime sees them. */
export interface SharedMemory {
  memory: Memory
  view: ArrayBuffer
}

export interface Team {
  /** A memory of zeros for all threads. Throws where there is none so large. */
  allocate(bytes: number): SharedMemory
  /** Runs a kernel over whole vectors; the sum of what it returned, the same for any number of threads. */
  run(job: Pick<Job, 'key' | 'module' | 'memory' | 'rates' | 'vectors' | 'bytes'>): number
  close(): void
}

/** More threads than this wait for memory only. */
const mostThreads = 8
/** Longer than the longest sweep. */
const patience = 600_000

/** A team of so many threads, this one included; undefined where it would be alone or memory cannot be shared. */
export async function openTeam(threads: number): Promise<Team | undefined> {
  const count = Math.min(threads, mostThreads) - 1
  const path = fileURLToPath(new URL('./helper.js', import.meta.url))
  if (count < 1 || !existsSync(path)) return undefined
  const koffi = await import('koffi').then(
    (module) => module.default,
    () => undefined,
  )
  if (koffi === undefined) return undefined
  const work = openShare()
  let helpers: Worker[] | undefined
  return {
    allocate(bytes) {
      const memory = makeMemory(bytes, true)
      return { memory, view: koffi.view(koffi.address(new Uint8Array(memory.buffer)), memory.buffer.byteLength) }
    },
    run(part) {
      const results = new Float64Array(new SharedArrayBuffer(8 * Math.ceil(part.bytes / blockBytes)))
      const state = new Int32Array(new SharedArrayBuffer(12))
      const job = { ...part, results, state }
      if (results.length > 1) {
        helpers ??= Array.from({ length: count }, () => new Worker(path, { execArgv: [] }))
        for (const helper of helpers) {
          helper.unref()
          helper.postMessage(job)
        }
      }
      work(job)
      // Blocks, not threads, are waited for: one that is late finds nothing left to do.
      for (let done = Atomics.load(state, 1); done < results.length; done = Atomics.load(state, 1))
        if (Atomics.wait(state, 1, done, patience) === 'timed-out') throw new Error('a thread of the optimizer hangs')
      if (Atomics.load(state, 2) !== 0) throw new Error('a thread of the optimizer failed')
      return results.reduce((sum, value) => sum + value, 0)
    },
    close() {
      for (const helper of helpers ?? []) void helper.terminate()
    },
  }
}
