/**
 * @file The worker in which ONNX Runtime lives. One for the life of a runtime, drained by messages: stopping a worker
 * while a session runs would abort the whole process, so it only ever closes itself, between two runs.
 */

import { parentPort, workerData } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { messageOf } from '../../core/errors.ts'
import { lowerTraining } from '../onnx/lower.ts'
import { input, neg } from '../ops.ts'
import type { DType, TensorData } from '../tensor.ts'
import { sessionOptions } from './devices.ts'
import { allocateTogether, type LoadedKernel, loadKernel, runKernel, sumOfSquares } from './kernels.ts'
import type { BufferView, Feed, Inline, Reply, Request } from './protocol.ts'
import { openResident } from './resident.ts'
import { openTeam, type Team } from './team.ts'

if (parentPort === null) throw new Error('This file is the worker of a runtime; it is not run by itself.')
const port = parentPort

const { device, threads } = workerData as { device: string; threads: number }

const sessions = new Map<number, ort.InferenceSession>()
const buffers = new Map<string, TensorData>()
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const
const kernels = new Map<number, LoadedKernel>()
let nextSession = 1
let team: Team | undefined

function buffer(name: string): TensorData {
  const found = buffers.get(name)
  if (found === undefined) throw new Error(`there is no buffer "${name}"`)
  return found
}

/** Elements start to end of a buffer, seen in place. */
function slice(name: string, start: number, end: number): TensorData {
  const whole = buffer(name)
  if (start < 0 || end < start || end > whole.length)
    throw new Error(`${start}..${end} is outside the buffer "${name}" of ${whole.length} values`)
  return whole.subarray(start, end)
}

/** The same of a float32 buffer. */
function part(name: string, start: number, end: number): Float32Array {
  const found = slice(name, start, end)
  if (!(found instanceof Float32Array)) throw new Error(`the buffer "${name}" is not float32`)
  return found
}

function session(id: number): ort.InferenceSession {
  const found = sessions.get(id)
  if (found === undefined) throw new Error(`there is no session ${id}`)
  return found
}

function view({ buffer: name, offset, shape }: BufferView): ort.Tensor {
  const length = shape.reduce((n, m) => n * m, 1)
  const data = slice(name, offset, offset + length)
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, shape)
  return data instanceof Int32Array ? new ort.Tensor('int32', data, shape) : new ort.Tensor('bool', data, shape)
}

function tensorOf(feed: Feed): ort.Tensor {
  if ('buffer' in feed) return view(feed)
  return new ort.Tensor(feed.dtype, feed.data as ort.Tensor.DataTypeMap[DType], feed.shape)
}

async function handle(request: Request): Promise<Omit<Reply, 'id'>> {
  switch (request.kind) {
    case 'load': {
      const options = sessionOptions(device, threads, request.profile)
      const made = await ort.InferenceSession.create(request.model, options)
      const id = nextSession++
      sessions.set(id, made)
      return { session: id }
    }
    case 'kernel': {
      const id = nextSession++
      kernels.set(id, loadKernel(request.kernel))
      return { session: id }
    }
    case 'unload':
      if (kernels.delete(request.session)) return {}
      await session(request.session).release()
      sessions.delete(request.session)
      return {}
    case 'allocate':
      buffers.set(request.buffer, new Float32Array(request.length))
      return {}
    case 'reserve':
      buffers.set(request.buffer, new arrays[request.dtype](request.length))
      return {}
    case 'keep':
      buffers.set(request.buffer, request.data)
      return {}
    case 'free':
      buffers.delete(request.buffer)
      return {}
    case 'allocateTogether':
      team ??= await openTeam(threads)
      for (const [name, values] of allocateTogether(request.lengths, team)) buffers.set(name, values)
      return {}
    case 'fill':
      part(request.buffer, request.start, request.end).fill(request.value)
      return {}
    case 'write':
      part(request.buffer, request.offset, request.offset + request.data.length).set(request.data)
      return {}
    case 'writeRows': {
      const { buffer: name, offset, width, ids, rows } = request
      ids.forEach((id, k) => {
        const start = offset + id * width
        part(name, start, start + width).set(rows.subarray(k * width, (k + 1) * width))
      })
      return {}
    }
    case 'read':
      return { data: part(request.buffer, request.offset, request.offset + request.length).slice() }
    case 'clamp': {
      const values = part(request.buffer, request.start, request.end)
      for (let i = 0; i < values.length; i++)
        values[i] = Math.min(Math.max(values[i] as number, request.low), request.high)
      return {}
    }
    case 'norm': {
      const values = part(request.buffer, request.start, request.end)
      return { value: Math.sqrt(sumOfSquares(values, 0, values.length)) }
    }
    case 'address': {
      const { default: koffi } = await import('koffi')
      return { address: koffi.address(buffer(request.buffer)) }
    }
    case 'run': {
      const feeds: Record<string, ort.Tensor> = {}
      for (const [name, feed] of Object.entries(request.feeds)) feeds[name] = tensorOf(feed)
      const fetches: Record<string, ort.Tensor | null> = {}
      for (const [name, target] of Object.entries(request.into)) fetches[name] = view(target)
      for (const name of request.fetch) fetches[name] = null
      const start = performance.now()
      const results = await session(request.session).run(feeds, fetches)
      const seconds = (performance.now() - start) / 1000
      const outputs: Record<string, Inline> = {}
      for (const name of request.fetch) {
        const { type, data, dims } = results[name] as ort.Tensor
        outputs[name] = { dtype: type as DType, data: data as TensorData, shape: dims }
      }
      return { outputs, seconds }
    }
    case 'sweep': {
      const { ranges, chunk } = request
      const start = performance.now()
      const kernel = kernels.get(request.session)
      if (kernel !== undefined) {
        const names = kernel.kernel.vectors.map((name) => (request.buffers[name] ?? request.into[`${name}+`]) as string)
        for (const range of ranges) {
          const vectors = names.map((name) => part(name, range.start, range.end))
          runKernel(kernel, vectors, range.constants, 0, range.end - range.start)
        }
        return { seconds: (performance.now() - start) / 1000 }
      }
      for (const range of ranges) {
        const constants = new ort.Tensor('float32', range.constants, [range.constants.length])
        for (let from = range.start; from < range.end; from += chunk) {
          const part = (name: string): ort.Tensor =>
            view({ buffer: name, offset: from, shape: [Math.min(chunk, range.end - from)] })
          const feeds: Record<string, ort.Tensor> = { [request.constants]: constants }
          const fetches: Record<string, ort.Tensor> = {}
          for (const [name, source] of Object.entries(request.buffers)) feeds[name] = part(source)
          for (const [name, target] of Object.entries(request.into)) fetches[name] = part(target)
          await session(request.session).run(feeds, fetches)
        }
      }
      return { seconds: (performance.now() - start) / 1000 }
    }
    case 'close':
      for (const open of sessions.values()) await open.release()
      sessions.clear()
      kernels.clear()
      buffers.clear()
      team?.close()
      return {}
  }
}

/** On a GPU the buffers live in its memory. */
const answerTo =
  device === 'webgpu'
    ? openResident({
        ort,
        device,
        location: 'gpu-buffer',
        sessionOptions: (profile) => sessionOptions(device, threads, profile),
      })
    : handle

/** The device cannot be opened at all. */
class DeviceMissing extends Error {}

/** Opens the device with the smallest model, so that its absence is not taken for a fault of the first real one. */
async function openDevice(): Promise<void> {
  const { bytes } = lowerTraining({ y: neg(input('x', [1])) })
  try {
    await (await ort.InferenceSession.create(bytes, sessionOptions(device, threads))).release()
  } catch (cause) {
    throw new DeviceMissing(messageOf(cause))
  }
}
let opened = device === 'cpu'

// Requests are answered strictly one after the other.
let queue: Promise<void> = Promise.resolve()
port.on('message', ({ id, request }: { id: number; request: Request }) => {
  queue = queue.then(async () => {
    try {
      if (request.kind === 'load' && !opened) await openDevice()
      opened ||= request.kind === 'load'
      const answer = await answerTo(request)
      const owned = [answer.data, ...Object.values(answer.outputs ?? {}).map(({ data }) => data)]
      const transfer = owned.flatMap((data) => (data === undefined ? [] : [data.buffer as ArrayBuffer]))
      port.postMessage({ id, ...answer } satisfies Reply, [...new Set(transfer)])
      if (request.kind === 'close') port.close()
    } catch (error) {
      const missing = error instanceof DeviceMissing
      const providers = missing ? ort.listSupportedBackends().map(({ name }) => name) : undefined
      port.postMessage({ id, error: messageOf(error), ...(providers && { providers }) } satisfies Reply)
    }
  })
})
