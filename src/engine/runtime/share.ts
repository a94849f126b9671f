/** @file A thread's share of a sweep: blocks are taken one by one by whoever is free. */

import { instantiate, type Memory, type Module, type Run } from './webassembly.ts'

/** A sweep of several threads. */
export interface Job {
  /** Number of the kernel and of the memory, so that a thread makes one instance for both. */
  key: string
  module: Module
  memory: Memory
  /** Address of the rates, and of the first element of each vector. */
  rates: number
  vectors: readonly number[]
  /** Bytes of each vector, a multiple of 16. */
  bytes: number
  /** What the kernel returned for each block. */
  results: Float64Array
  /** [0] blocks taken, [1] blocks done, [2] not 0 where a thread has failed. */
  state: Int32Array
}

/** Bytes of each vector in a block. The same for any number of threads, so that sums are the same. */
export const blockBytes = 1 << 20

/** What a thread does for a job, with instances of its own. */
export function openShare(): (job: Job) => void {
  const instances = new Map<string, Run>()
  return ({ key, module, memory, rates, vectors, bytes, results, state }) => {
    const run = instances.get(key) ?? instantiate(module, memory)
    instances.set(key, run)
    for (let block = Atomics.add(state, 0, 1); block < results.length; block = Atomics.add(state, 0, 1)) {
      const from = block * blockBytes
      const length = Math.min(blockBytes, bytes - from)
      results[block] = run(length, rates, ...vectors.map((at) => at + from)) ?? 0
      Atomics.add(state, 1, 1)
      Atomics.notify(state, 1)
    }
  }
}
