/**
 * @file Vector kernels beside ONNX Runtime: WebAssembly that works in place on buffers which share one memory, and through
 * a small scratch memory, part by part, on all others.
 */

import { type Kernel, sumOfSquaresKernel } from '../wasm/kernel.ts'

/** What is used of WebAssembly: its types come with those of browsers only. */
interface Memory {
  readonly buffer: ArrayBuffer
}
type Module = Record<never, never>
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => Memory
  Module: new (bytes: Uint8Array) => Module
  Instance: new (module: Module, imports: { env: { memory: Memory } }) => { exports: Readonly<Record<string, unknown>> }
}

type Run = (bytes: number, rates: number, ...vectors: number[]) => number | undefined

/** A kernel, and one instance of it for each memory that it worked in. */
export interface LoadedKernel {
  kernel: Kernel
  module: Module
  instances: WeakMap<ArrayBufferLike, Run>
}

export function loadKernel(kernel: Kernel): LoadedKernel {
  return { kernel, module: new WebAssembly.Module(Uint8Array.from(kernel.bytes)), instances: new WeakMap() }
}

const page = 65_536
/** First bytes of every memory, for the numbers `rates`. */
const head = 1024
/** Elements of each vector that pass through the scratch memory at once: 128 kB, so that all stay in the cache. */
const chunk = 32_768

const memories = new WeakMap<ArrayBufferLike, Memory>()

function newMemory(bytes: number): Memory {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / page) })
  memories.set(memory.buffer, memory)
  return memory
}

/**
 * Vectors of zeros that kernels can work on in place, each at a multiple of 64 bytes. A memory holds 4 GiB at most: what
 * does not fit, or cannot be had, gets memory of its own.
 */
export function allocateTogether(lengths: Readonly<Record<string, number>>): Map<string, Float32Array> {
  const sizes = Object.values(lengths).map((length) => Math.ceil(length / 16) * 64)
  const total = sizes.reduce((sum, size) => sum + size, head)
  let memory: Memory | undefined
  try {
    memory = newMemory(total)
  } catch {
    // Too large for one memory, or for this machine's address space: the copying way works everywhere.
  }
  let offset = head
  return new Map(
    Object.entries(lengths).map(([name, length], i) => {
      const values = memory === undefined ? new Float32Array(length) : new Float32Array(memory.buffer, offset, length)
      offset += sizes[i] as number
      return [name, values]
    }),
  )
}

function instanceIn(loaded: LoadedKernel, memory: Memory): Run {
  const known = loaded.instances.get(memory.buffer)
  if (known !== undefined) return known
  const { exports } = new WebAssembly.Instance(loaded.module, { env: { memory } })
  const run = exports.run as Run
  loaded.instances.set(memory.buffer, run)
  return run
}

let scratch: Memory | undefined

/**
 * Runs a kernel over the elements [start, end) of its vectors, given in its order. Returns the sum of what it returned:
 * the same bits every time, one thread walks from first to last.
 */
export function runKernel(
  loaded: LoadedKernel,
  vectors: readonly Float32Array[],
  rates: Float32Array,
  start: number,
  end: number,
): number {
  const shared = vectors.every(({ buffer }) => buffer === vectors[0]?.buffer)
  const memory = shared ? memories.get((vectors[0] as Float32Array).buffer) : undefined
  let done = start
  let total = 0
  if (memory !== undefined) {
    const whole = Math.floor((end - start) / 4) * 4
    new Float32Array(memory.buffer, 0, rates.length).set(rates)
    const at = vectors.map(({ byteOffset }) => byteOffset + 4 * start)
    if (whole > 0) total += instanceIn(loaded, memory)(4 * whole, 0, ...at) ?? 0
    done += whole
  }
  return done < end ? total + runThroughScratch(loaded, vectors, rates, done, end) : total
}

function runThroughScratch(
  loaded: LoadedKernel,
  vectors: readonly Float32Array[],
  rates: Float32Array,
  start: number,
  end: number,
): number {
  const needed = head + 4 * chunk * vectors.length
  if (scratch === undefined || scratch.buffer.byteLength < needed) scratch = newMemory(needed)
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
