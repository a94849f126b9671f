/** @file ONNX Runtime in its worker: load models, keep buffers there, run. */

import { messageOf, VesaliusError } from '../../core/errors.ts'
import { lowerVectors, type Outputs } from '../onnx/lower.ts'
import { targetOf } from '../onnx/webgpu.ts'
import { type DType, sizeOf, type TensorData } from '../tensor.ts'
import { vectorKernel } from '../wasm/kernel.ts'
import { type Device, deviceOf, deviceProblem } from './devices.ts'
import type { BufferView, Feed, Inline, Reply, Request, SweepRange } from './protocol.ts'

export interface RuntimeOptions {
  /** Threads of one operator; all cores by default. Results are bit-equal only for the same number. */
  threads?: number
  /** Where models run: cpu, webgpu, cuda, dml or coreml. */
  device?: string
}

/** A model loaded in the worker. */
export interface Session {
  /** Runs it. `into` writes outputs in place into buffers; `fetch` brings outputs here. */
  run(call: {
    feeds: Record<string, Feed>
    into?: Record<string, BufferView>
    fetch?: readonly string[]
  }): Promise<{ outputs: Record<string, Inline>; seconds: number }>
  /** Runs an element-wise model over long buffers, chunk by chunk, in place (optimizer updates). */
  sweep(call: {
    buffers: Record<string, string>
    into: Record<string, string>
    constants: string
    ranges: readonly SweepRange[]
    chunk?: number
  }): Promise<{ seconds: number }>
  dispose(): Promise<void>
}

/** An element-wise graph, loaded to walk over long buffers in place: an optimizer's step. */
export interface Sweeper {
  /** `buffers`: vector of the graph -> buffer. An output `NAME+` is written over the vector NAME. */
  sweep(call: {
    buffers: Readonly<Record<string, string>>
    ranges: readonly SweepRange[]
  }): Promise<{ seconds: number }>
  dispose(): Promise<void>
}

export interface Runtime {
  readonly threads: number
  /** Where models run; lower them for {@link targetOf} it. */
  readonly device: string
  /** `profile`: a path without its end, where the session's profile is written when the session is disposed of. */
  load(model: Uint8Array, options?: { profile?: string }): Promise<Session>
  /** A float32 buffer of zeros in the worker; replaces one of the same name. */
  allocate(buffer: string, length: number): Promise<void>
  /** A buffer of zeros of its own in the worker; gives its name. */
  reserve(length: number, dtype: DType): Promise<string>
  /** Hands data over to the worker as a buffer of its own, without a copy; gives its name. `what` names it in errors. */
  keep(what: string, value: Inline): Promise<string>
  /** Lets go of a buffer. */
  free(buffer: string): Promise<void>
  /** Buffers of zeros that are swept together, side by side in one memory where that is possible. */
  allocateTogether(lengths: Readonly<Record<string, number>>): Promise<void>
  /** Loads a graph over the vectors it names and the vector `rates`. */
  loadSweep(graph: Outputs): Promise<Sweeper>
  /** Copies data into a buffer. The array is handed over and must not be used afterwards. */
  write(buffer: string, offset: number, data: Float32Array): Promise<void>
  /**
   * Row `ids[k]` of the table of rows of `width` elements that starts at `offset` becomes row k of `rows`; of equal ids the
   * last one stays. On the CPU only.
   */
  writeRows(
    buffer: string,
    table: { offset: number; width: number },
    ids: Int32Array,
    rows: Float32Array,
  ): Promise<void>
  /** Sets a part of a buffer to one value. */
  fill(buffer: string, start: number, end: number, value: number): Promise<void>
  read(buffer: string, offset: number, length: number): Promise<Float32Array>
  /** Brings the values of a part of a buffer into [low, high]. */
  clamp(buffer: string, start: number, end: number, low: number, high: number): Promise<void>
  /** Euclidean norm of a part of a buffer, accumulated in float64. */
  norm(buffer: string, start: number, end: number): Promise<number>
  /** Where a buffer lies in memory, for libraries that work on it in place (MPI); it stays there until it is replaced. */
  address(buffer: string): Promise<bigint>
  /** Waits for what is under way, frees everything, ends the worker. */
  close(): Promise<void>
}

/** How requests reach ONNX Runtime. */
export interface Channel {
  /** Whether buffers lie in memory that WebAssembly can reach. */
  kernels?: boolean
  threads: number
  device: string
  ask(request: Request, transfer?: ArrayBuffer[]): Promise<Reply>
  close(): Promise<void>
}

/** The compiled worker: beside this file in `dist`, or in `dist` when this file runs from `src` (tests). */
function workerPath(): string {
  const { existsSync } = process.getBuiltinModule('node:fs')
  const { fileURLToPath } = process.getBuiltinModule('node:url')
  const name = './worker.js' // by name, so that bundlers for the browser do not look for it
  const path = fileURLToPath(new URL(name, import.meta.url)).replace(
    /\/src\/(engine\/runtime\/worker\.js)$/,
    '/dist/$1',
  )
  if (!existsSync(path)) {
    throw new VesaliusError('RUNTIME_FAILED', 'The compiled worker of the runtime is missing.', {
      where: path,
      hint: 'Run: npm run build',
    })
  }
  return path
}

/** Data that were handed over are empty, and sent again they would never arrive: the run would wait for ever. */
function checkFeed(name: string, { data, shape }: Inline): void {
  if (data.length === sizeOf(shape)) return
  throw new VesaliusError(
    'RUNTIME_FAILED',
    `The input "${name}" has ${data.length} values for the shape [${shape.join(', ')}].`,
    {
      hint:
        data.length === 0 ? 'Data given to a run are moved, not copied: make new ones for the next run.' : undefined,
    },
  )
}

/** The memory of data that own all of it, and can be handed over. */
function owned(data: TensorData): ArrayBuffer[] {
  return data.length > 0 && data.byteLength === data.buffer.byteLength ? [data.buffer as ArrayBuffer] : []
}

/**
 * Starts ONNX Runtime in a worker thread of Node. In a browser, see web/: this file is loaded there too, as a part of
 * the engine, and therefore asks for Node's modules only when it is called. Nothing is reported to anybody; who calls it
 * from a worker thread of their own sets ORT_DISABLE_TELEMETRY=1 for the process.
 */
export function openRuntime(options: RuntimeOptions = {}): Runtime {
  if (typeof process === 'undefined' || process.getBuiltinModule === undefined) {
    throw new VesaliusError('RUNTIME_FAILED', 'openRuntime needs Node 20.19 or newer.', {
      hint: 'In a browser, call openWebRuntime of vesalius/engine/web.',
    })
  }
  const { availableParallelism } = process.getBuiltinModule('node:os')
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const { threads = availableParallelism() } = options
  const device: Device = deviceOf(options.device ?? 'cpu')
  // ONNX Runtime reports its use to Microsoft and keeps a database of it in the home folder unless it is told not to. It
  // reads the environment of the process, which only the main thread can change.
  Object.assign(process.env, { ORT_DISABLE_TELEMETRY: '1' })
  // Flags such as --input-type are for the main script and would stop the worker.
  const worker = new Worker(workerPath(), { execArgv: [], workerData: { device, threads } })
  worker.unref()
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>()
  let nextId = 1
  let closed: Promise<void> | undefined
  let ended: string | undefined

  const fail = (message: string): void => {
    ended ??= message
    for (const { reject } of waiting.values()) reject(new VesaliusError('RUNTIME_FAILED', message))
    waiting.clear()
    worker.unref()
  }
  worker.on('message', (reply: Reply) => {
    const pending = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (waiting.size === 0) worker.unref()
    if (reply.error === undefined) pending?.resolve(reply)
    else if (reply.providers !== undefined) pending?.reject(deviceProblem(device, reply.error, reply.providers))
    else pending?.reject(new VesaliusError('RUNTIME_FAILED', `ONNX Runtime failed: ${reply.error}.`))
  })
  worker.on('error', (error) => fail(`The worker of ONNX Runtime stopped: ${error.message}.`))
  worker.on('exit', () => fail('The worker of ONNX Runtime has ended.'))

  const ask = (request: Request, transfer: ArrayBuffer[] = []): Promise<Reply> => {
    if (closed !== undefined) return Promise.reject(new VesaliusError('RUNTIME_FAILED', 'The runtime is closed.'))
    // A message to a worker that is gone would never be answered.
    if (ended !== undefined) return Promise.reject(new VesaliusError('RUNTIME_FAILED', ended))
    return new Promise((resolve, reject) => {
      const id = nextId++
      try {
        worker.postMessage({ id, request }, transfer)
      } catch (cause) {
        const problem = `Data for ONNX Runtime cannot be handed over: ${messageOf(cause)}.`
        reject(new VesaliusError('RUNTIME_FAILED', problem, { cause }))
        return
      }
      waiting.set(id, { resolve, reject })
      worker.ref()
    })
  }

  return runtimeOver({
    threads,
    device,
    kernels: device !== 'webgpu',
    ask,
    close() {
      if (closed === undefined) {
        const asked = ended === undefined ? ask({ kind: 'close' }) : Promise.resolve()
        closed = asked.then(() => undefined)
      }
      return closed
    },
  })
}

/** A runtime over whatever carries its requests: a worker thread in Node, a queue in the browser. */
export function runtimeOver({ threads, device, kernels = false, ask, close }: Channel): Runtime {
  let nextOwn = 1
  const sessionOf = (session: number): Session => ({
    async run({ feeds, into = {}, fetch = [] }) {
      for (const [name, feed] of Object.entries(feeds)) if ('data' in feed) checkFeed(name, feed)
      // Inline feeds that own their whole memory are handed over; views of something larger are copied.
      const moved = Object.values(feeds).flatMap((feed) => ('data' in feed ? owned(feed.data) : []))
      const reply = await ask({ kind: 'run', session, feeds, into, fetch }, [...new Set(moved)])
      return { outputs: reply.outputs ?? {}, seconds: reply.seconds ?? 0 }
    },
    async sweep({ buffers, into, constants, ranges, chunk = 131_072 }) {
      const reply = await ask({ kind: 'sweep', session, buffers, into, constants, ranges, chunk })
      return { seconds: reply.seconds ?? 0 }
    },
    async dispose() {
      await ask({ kind: 'unload', session })
    },
  })

  return {
    threads,
    device,
    async load(model, { profile } = {}) {
      const reply = await ask({ kind: 'load', model, ...(profile === undefined ? {} : { profile }) })
      return sessionOf(reply.session as number)
    },
    async allocate(buffer, length) {
      await ask({ kind: 'allocate', buffer, length })
    },
    async reserve(length, dtype) {
      const buffer = `own/${nextOwn++}`
      await ask({ kind: 'reserve', buffer, length, dtype })
      return buffer
    },
    async keep(what, value) {
      checkFeed(what, value)
      const buffer = `own/${nextOwn++}`
      await ask({ kind: 'keep', buffer, data: value.data }, owned(value.data))
      return buffer
    },
    async free(buffer) {
      await ask({ kind: 'free', buffer })
    },
    async allocateTogether(lengths) {
      if (kernels) await ask({ kind: 'allocateTogether', lengths })
      else for (const [buffer, length] of Object.entries(lengths)) await ask({ kind: 'allocate', buffer, length })
    },
    async loadSweep(graph) {
      const model = kernels ? undefined : lowerVectors(graph, { target: targetOf(device) })
      const request =
        model === undefined
          ? { kind: 'kernel' as const, kernel: vectorKernel(graph) }
          : { kind: 'load' as const, model: model.bytes }
      const { sweep, dispose } = sessionOf((await ask(request)).session as number)
      const written = Object.keys(graph)
      return {
        sweep: ({ buffers, ranges }) => {
          const into = Object.fromEntries(written.map((name) => [name, buffers[name.slice(0, -1)] as string]))
          const read = Object.entries(buffers).filter(
            ([name]) => model?.inputs.some((input) => input.name === name) ?? true,
          )
          return sweep({ buffers: Object.fromEntries(read), into, constants: 'rates', ranges })
        },
        dispose,
      }
    },
    async write(buffer, offset, data) {
      await ask({ kind: 'write', buffer, offset, data }, owned(data))
    },
    async writeRows(buffer, table, ids, rows) {
      await ask({ kind: 'writeRows', buffer, ...table, ids, rows })
    },
    async fill(buffer, start, end, value) {
      await ask({ kind: 'fill', buffer, start, end, value })
    },
    async read(buffer, offset, length) {
      return (await ask({ kind: 'read', buffer, offset, length })).data as Float32Array
    },
    async clamp(buffer, start, end, low, high) {
      await ask({ kind: 'clamp', buffer, start, end, low, high })
    },
    async norm(buffer, start, end) {
      return (await ask({ kind: 'norm', buffer, start, end })).value as number
    },
    async address(buffer) {
      return (await ask({ kind: 'address', buffer })).address as bigint
    },
    close,
  }
}
