/**
 * @file Vector kernels beside ONNX Runtime: WebAssembly that works in place on buffers which share one memory, and through
 * a small scratch memory, part by part, on all others.
 */

import { type Kernel, sumOfSquaresKernel } from '../wasm/kernel.ts'
import { blockBytes } from './share.ts'
import type { Team } from './team.ts'
import { compileModule, instantiate, type Memory, type Module, makeMemory, type Run } from './webassembly.ts'

/** A kernel, and one instance of it for each memory that it worked in. */
export interface LoadedKernel {
  kernel: Kernel
  module: Module
  instances: WeakMap<ArrayBufferLike, Run>
  /** Its number, and the module for memories that threads share, once there is such a memory. */
  id: number
  shared: Module | undefined
}

let kernelsLoaded = 0

export function loadKernel(kernel: Kernel): LoadedKernel {
  const module = compileModule(kernel.bytes)
  return { kernel, module, instances: new WeakMap(), id: kernelsLoaded++, shared: undefined }
}

/** First bytes of every memory, for the numbers `rates`. */
const head = 1024
/** Elements of each vector that pass through the scratch memory at once: 128 kB, so that all stay in the cache. */
const chunk = 32_768

/** The memory of a buffer that kernels work on in place, and the threads that do it, this one alone if absent. */
interface Place {
  memory: Memory
  id: number
  team?: Team
}

const places = new WeakMap<ArrayBufferLike, Place>()
let memoriesMade = 0

function newMemory(bytes: number, team?: Team): ArrayBufferLike {
  const { memory, view } = team?.allocate(bytes) ?? alone(bytes)
  places.set(view, { memory, id: memoriesMade++, ...(team === undefined ? {} : { team }) })
  return view
}

function alone(bytes: number): { memory: Memory; view: ArrayBufferLike } {
  const memory = makeMemory(bytes)
  return { memory, view: memory.buffer }
}

/**
 * Vectors of zeros that kernels can work on in place, each at a multiple of 64 bytes. A memory holds 4 GiB at most: what
 * does not fit, or cannot be had, gets memory of its own. With a team, its threads share the work on them.
 */
export function allocateTogether(
  lengths: Readonly<Record<string, number>>,
  team?: Team | undefined,
): Map<string, Float32Array> {
  const sizes = Object.values(lengths).map((length) => Math.ceil(length / 16) * 64)
  const total = sizes.reduce((sum, size) => sum + size, head)
  let memory: ArrayBufferLike | undefined
  try {
    memory = newMemory(total, team)
  } catch {
    // Too large for one memory, or for this machine's address space: the copying way works everywhere.
  }
  let offset = head
  return new Map(
    Object.entries(lengths).map(([name, length], i) => {
      const values = memory === undefined ? new Float32Array(length) : new Float32Array(memory, offset, length)
      offset += sizes[i] as number
      return [name, values]
    }),
  )
}

function instanceIn(loaded: LoadedKernel, memory: Memory): Run {
  const known = loaded.instances.get(memory.buffer)
  if (known !== undefined) return known
  const run = instantiate(loaded.module, memory)
  loaded.instances.set(memory.buffer, run)
  return run
}

/**
 * Runs a kernel over the elements [start, end) of its vectors, given in its order. Returns the sum of what it returned:
 * the same bits every time, for any number of threads.
 */
export function runKernel(
  loaded: LoadedKernel,
  vectors: readonly Float32Array[],
  rates: Float32Array,
  start: number,
  end: number,
): number {
  const { buffer } = vectors[0] as Float32Array
  const place = vectors.every((vector) => vector.buffer === buffer) ? places.get(buffer) : undefined
  const whole = Math.floor((end - start) / 4) * 4
  if (place === undefined || whole === 0) return runThroughScratch(loaded, vectors, rates, start, end)
  new Float32Array(buffer, 0, rates.length).set(rates)
  const at = vectors.map(({ byteOffset }) => byteOffset + 4 * start)
  const total = runInPlace(loaded, place, at, 4 * whole)
  return start + whole < end ? total + runThroughScratch(loaded, vectors, rates, start + whole, end) : total
}

/** Block by block, so that a sum is added up in the same order with and without a team. */
function runInPlace(loaded: LoadedKernel, { memory, id, team }: Place, at: readonly number[], bytes: number): number {
  if (team !== undefined) {
    loaded.shared ??= compileModule(loaded.kernel.shared)
    return team.run({ key: `${loaded.id} ${id}`, module: loaded.shared, memory, rates: 0, vectors: at, bytes })
  }
  const run = instanceIn(loaded, memory)
  let total = 0
  for (let from = 0; from < bytes; from += blockBytes)
    total += run(Math.min(blockBytes, bytes - from), 0, ...at.map((address) => address + from)) ?? 0
  return total
}

let scratch: Memory | undefined

function runThroughScratch(
  loaded: LoadedKernel,
  vectors: readonly Float32Array[],
  rates: Float32Array,
  start: number,
  end: number,
): number {
  const needed = head + 4 * chunk * vectors.length
  if (scratch === undefined || scratch.buffer.byteLength < needed) scratch = alone(needed).memory
  const { buffer } = scratch
  const run = instanceIn(loaded, scratch)
  new Float32Array(buffer, 0, rates.length).set(rates)
  const at = vectors.map((_, i) => head + 4 * chunk * i)
  const { kernel } = loaded
  let total = 0
  for (let from = start; from < end; from += chunk) {
    const length = Math.min(chunk, end - from)
    const padded = Math.ceil(length / 4) * 4
    vectors.forEach((vector, i) => {
      const place = new Float32Array(buffer, at[i], padded)
      place.fill(0, length)
      place.set(vector.subarray(from, from + length))
    })
    total += run(4 * padded, 0, ...at) ?? 0
    vectors.forEach((vector, i) => {
      if (kernel.written.includes(kernel.vectors[i] as string))
        vector.set(new Float32Array(buffer, at[i], length), from)
    })
  }
  return total
}

const squares = loadKernel(sumOfSquaresKernel())

/** Sum of squares of the elements [start, end), in float64. */
export function sumOfSquares(values: Float32Array, start: number, end: number): number {
  return runKernel(squares, [values], new Float32Array(0), start, end)
}
