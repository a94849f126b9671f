/**
 * @file Buffers that stay on the device. Where {@link worker.ts} keeps flat arrays in the host's memory, this keeps one
 * tensor a buffer in the memory of a GPU: parts of a buffer are cut out and put together by small models that run there
 * too, so between two steps nothing but inputs and scalars crosses to the host. Works with any build of ONNX Runtime
 * that can leave outputs on the device: onnxruntime-node and onnxruntime-web, both with WebGPU.
 */

import type * as Ort from 'onnxruntime-node'
import { lowerTraining, type Outputs } from '../onnx/lower.ts'
import { targetOf } from '../onnx/webgpu.ts'
import * as op from '../ops.ts'
import { type DType, type Shape, sizeOf, type Tensor, type TensorData } from '../tensor.ts'
import type { BufferView, Feed, Inline, Reply, Request } from './protocol.ts'
import { flatPart, normGraph } from './resident-graphs.ts'
import { openSingles } from './singles.ts'

/** What is used of a build of ONNX Runtime. */
export type OrtModule = Pick<typeof Ort, 'InferenceSession' | 'Tensor'>

export interface ResidentOptions {
  ort: OrtModule
  /** Options of a session; `profile` as in the request to load. */
  sessionOptions: (profile?: string) => Ort.InferenceSession.SessionOptions
  device: string
  /** Where outputs stay: the memory of the GPU, or the host's for providers without one. */
  location: 'gpu-buffer' | 'cpu'
}

type Values = Record<string, Ort.Tensor>

/** A buffer: its values in one place or the other. */
interface Held {
  length: number
  host?: Float32Array
  device?: Ort.Tensor
  /** Parts cut out for models that read them, by the list of parts; gone when the buffer changes. */
  parts: Map<string, Ort.Tensor[]>
}

interface Loaded {
  bytes: Uint8Array
  session: Ort.InferenceSession
  /** Names of outputs that stay on the device, one a line; undefined before they are known. */
  resident: string | undefined
  profile?: string | undefined
}

/** Small models kept at once. */
const helperLimit = 1024

/** Answers the requests of a runtime with buffers on the device; one at a time. */
export function openResident({ ort, sessionOptions, device, location }: ResidentOptions) {
  const buffers = new Map<string, Held>()
  const singles = openSingles(ort)
  const loaded = new Map<number, Loaded>()
  const helpers = new Map<string, Loaded>()
  let nextSession = 1

  const create = (bytes: Uint8Array, resident: readonly string[], all: readonly string[], profile?: string) =>
    ort.InferenceSession.create(bytes, {
      ...sessionOptions(profile),
      // Said for every output: with it, all outputs have to be fetched. Without it, they come to the host as always.
      ...(resident.length > 0 && location !== 'cpu'
        ? {
            preferredOutputLocation: Object.fromEntries(
              all.map((name) => [name, resident.includes(name) ? location : 'cpu'] as const),
            ),
          }
        : {}),
    })

  /** The session of a model whose outputs `resident` stay on the device, made anew if they used to go elsewhere. */
  async function sessionFor(model: Loaded, resident: readonly string[]): Promise<Ort.InferenceSession> {
    const wanted = [...resident].sort().join('\n')
    if (wanted !== model.resident && (location !== 'cpu' || model.resident === undefined)) {
      const made = await create(model.bytes, resident, model.session.outputNames, model.profile)
      await model.session.release()
      model.session = made
    }
    model.resident = wanted
    return model.session
  }

  async function runModel(model: Loaded, feeds: Values, resident: readonly string[], fetch: readonly string[]) {
    const session = await sessionFor(model, resident)
    if (resident.length === 0) return session.run(feeds, [...fetch])
    const results = await session.run(feeds)
    for (const name of session.outputNames)
      if (!resident.includes(name) && !fetch.includes(name)) results[name]?.dispose()
    return results
  }

  /** Runs a small model of our own, made once for each key. */
  async function helper(key: string, trace: () => Outputs, feeds: Values, where: 'host' | 'device'): Promise<Values> {
    let model = helpers.get(key)
    if (model === undefined) {
      const { bytes, outputs } = lowerTraining(trace(), { target: targetOf(device) })
      const resident = where === 'device' ? outputs.map(({ name }) => name) : []
      const session = await create(bytes, resident, resident)
      model = { bytes, session, resident: [...resident].sort().join('\n') }
      const oldest = helpers.keys().next().value
      if (helpers.size >= helperLimit && oldest !== undefined) {
        await helpers.get(oldest)?.session.release()
        helpers.delete(oldest)
      }
    }
    helpers.delete(key)
    helpers.set(key, model)
    return (await model.session.run(feeds)) as Values
  }

  const vector = (data: Float32Array, shape: Shape = [data.length]): Ort.Tensor =>
    new ort.Tensor('float32', data, shape)

  function held(name: string): Held {
    const found = buffers.get(name)
    if (found === undefined) throw new Error(`there is no buffer "${name}"`)
    return found
  }

  function checkPart(name: string, start: number, end: number): Held {
    const whole = held(name)
    if (start < 0 || end < start || end > whole.length)
      throw new Error(`${start}..${end} is outside the buffer "${name}" of ${whole.length} values`)
    return whole
  }

  /** Forgets what was made from the values so far. */
  function outdate(buffer: Held): void {
    for (const tensors of buffer.parts.values()) for (const tensor of tensors) tensor.dispose()
    buffer.parts.clear()
  }

  function adopt(buffer: Held, values: { host: Float32Array } | { device: Ort.Tensor }): void {
    outdate(buffer)
    if (buffer.device !== undefined) buffer.device.dispose()
    buffer.host = 'host' in values ? values.host : undefined
    buffer.device = 'device' in values ? values.device : undefined
  }

  /** Lets go of a buffer. */
  function forget(name: string): void {
    const old = buffers.get(name)
    if (old !== undefined) adopt(old, { host: new Float32Array(0) })
    buffers.delete(name)
  }

  async function onDevice(buffer: Held): Promise<Ort.Tensor> {
    if (buffer.device === undefined) {
      const x = vector(buffer.host as Float32Array)
      const trace = () => ({ y: op.input('x', [buffer.length]) })
      buffer.device = (await helper(`up ${buffer.length}`, trace, { x }, 'device')).y as Ort.Tensor
      buffer.host = undefined
    }
    return buffer.device
  }

  async function readPart(name: string, start: number, end: number): Promise<Float32Array> {
    const buffer = checkPart(name, start, end)
    if (buffer.host !== undefined) return buffer.host.slice(start, end)
    if (start === end) return new Float32Array(0)
    const trace = () => ({ y: flatPart(op.input('x', [buffer.length]), start, end) })
    const { y } = await helper(`down ${buffer.length} ${start} ${end}`, trace, { x: await onDevice(buffer) }, 'host')
    return y!.data as Float32Array
  }

  /** Parts of one buffer as tensors of their shapes. */
  async function cut(name: string, views: readonly BufferView[]): Promise<Ort.Tensor[]> {
    const buffer = held(name)
    for (const { offset, shape } of views) checkPart(name, offset, offset + sizeOf(shape))
    const x = await onDevice(buffer)
    const trace = (): Outputs => {
      const whole = op.input('x', [buffer.length])
      return Object.fromEntries(
        views.map(({ offset, shape }, i) => [
          `y${i}`,
          op.reshape(flatPart(whole, offset, offset + sizeOf(shape)), shape),
        ]),
      )
    }
    const key = `cut ${buffer.length} ${JSON.stringify(views.map(({ offset, shape }) => [offset, shape]))}`
    const made = await helper(key, trace, { x }, 'device')
    return views.map((_, i) => made[`y${i}`] as Ort.Tensor)
  }

  /** Writes tensors into a buffer at their places; what lies between them stays. They are used up. */
  async function put(name: string, pieces: readonly { offset: number; tensor: Ort.Tensor }[]): Promise<void> {
    const buffer = held(name)
    const sorted = [...pieces].sort((a, b) => a.offset - b.offset)
    let from = 0
    const gaps: [number, number][] = []
    for (const { offset, tensor } of sorted) {
      checkPart(name, offset, offset + tensor.size)
      if (offset < from) throw new Error(`two outputs overlap in the buffer "${name}"`)
      gaps.push([from, offset])
      from = offset + tensor.size
    }
    gaps.push([from, buffer.length])
    const open = gaps.some(([start, end]) => start < end)
    const shapes = sorted.map(({ offset, tensor }) => [offset, tensor.dims])
    const trace = (): Outputs => {
      const before = (k: number): Tensor[] => {
        const [start, end] = gaps[k] as [number, number]
        return start < end ? [op.slice(old as Tensor, 0, start, end)] : []
      }
      const old = open ? op.input('old', [buffer.length]) : undefined
      const parts = sorted.flatMap(({ tensor }, k) => [
        ...before(k),
        op.reshape(op.input(`x${k}`, tensor.dims), [tensor.size]),
      ])
      const all = [...parts, ...before(sorted.length)]
      return { y: all.length === 1 ? op.reshape(all[0] as Tensor, [buffer.length]) : op.concat(all, 0) }
    }
    const feeds: Values = Object.fromEntries(sorted.map(({ tensor }, k) => [`x${k}`, tensor]))
    if (open) feeds.old = await onDevice(buffer)
    const key = `put ${buffer.length} ${JSON.stringify(shapes)}`
    const { y } = await helper(key, trace, feeds, 'device')
    for (const { tensor } of sorted) tensor.dispose()
    adopt(buffer, { device: y as Ort.Tensor })
  }

  /** Tensors of all feeds. Parts of buffers are kept for the next run if `keep`; the others have to be disposed. */
  async function gather(feeds: Readonly<Record<string, Feed>>, keep: boolean): Promise<Values> {
    const values: Values = {}
    const views = new Map<string, [string, BufferView][]>()
    for (const [name, feed] of Object.entries(feeds)) {
      if ('data' in feed)
        values[name] = new ort.Tensor(feed.dtype, feed.data as Ort.Tensor.DataTypeMap[DType], feed.shape)
      else if (singles.has(feed.buffer)) values[name] = singles.read(feed)
      else if (sizeOf(feed.shape) === 0) values[name] = vector(new Float32Array(0), feed.shape)
      else views.set(feed.buffer, [...(views.get(feed.buffer) ?? []), [name, feed]])
    }
    for (const [buffer, list] of views) {
      const key = JSON.stringify(list.map(([, { offset, shape }]) => [offset, shape]))
      const { parts } = held(buffer)
      let tensors = parts.get(key)
      if (tensors === undefined) {
        const wanted = list.map(([, view]) => view)
        tensors = await cut(buffer, wanted)
        if (keep) parts.set(key, tensors)
      }
      list.forEach(([name], i) => {
        values[name] = tensors[i] as Ort.Tensor
      })
    }
    return values
  }

  type Pieces = Map<string, { offset: number; tensor: Ort.Tensor }[]>
  function collect(pieces: Pieces, { buffer, offset, shape }: BufferView, tensor: Ort.Tensor): void {
    if (sizeOf(shape) !== tensor.size)
      throw new Error(`an output of ${tensor.size} values does not fit its part of "${buffer}"`)
    pieces.set(buffer, [...(pieces.get(buffer) ?? []), { offset, tensor }])
  }

  function model(id: number): Loaded {
    const found = loaded.get(id)
    if (found === undefined) throw new Error(`there is no session ${id}`)
    return found
  }

  async function run(request: Extract<Request, { kind: 'run' }>): Promise<Omit<Reply, 'id'>> {
    const { feeds, into, fetch } = request
    const start = performance.now()
    const resident = Object.keys(into).filter((name) => !fetch.includes(name))
    const results = await runModel(model(request.session), await gather(feeds, true), resident, fetch)
    const outputs: Record<string, Inline> = {}
    for (const name of fetch) {
      const { type, data, dims } = results[name] as Ort.Tensor
      outputs[name] = { dtype: type as DType, data: data as TensorData, shape: dims }
    }
    const pieces: Pieces = new Map()
    for (const name of resident) collect(pieces, into[name] as BufferView, results[name] as Ort.Tensor)
    for (const [buffer, list] of pieces) {
      if (!singles.has(buffer)) await put(buffer, list)
      else for (const { tensor } of list) singles.set(buffer, { device: tensor })
    }
    return { outputs, seconds: (performance.now() - start) / 1000 }
  }

  /** All ranges in one go each; what they write is put in place at the end. */
  async function sweep(request: Extract<Request, { kind: 'sweep' }>): Promise<Omit<Reply, 'id'>> {
    const start = performance.now()
    const pieces: Pieces = new Map()
    for (const range of request.ranges) {
      const view = (buffer: string): BufferView => ({ buffer, offset: range.start, shape: [range.end - range.start] })
      const views = Object.fromEntries(Object.entries(request.buffers).map(([name, from]) => [name, view(from)]))
      const parts = await gather(views, false)
      const constants = vector(range.constants)
      const feeds = { ...parts, [request.constants]: constants }
      const results = await runModel(model(request.session), feeds, Object.keys(request.into), [])
      for (const tensor of Object.values(parts)) tensor.dispose()
      for (const [name, buffer] of Object.entries(request.into))
        collect(pieces, view(buffer), results[name] as Ort.Tensor)
    }
    for (const [buffer, list] of pieces) await put(buffer, list)
    return { seconds: (performance.now() - start) / 1000 }
  }

  async function norm(name: string, start: number, end: number): Promise<number> {
    const buffer = checkPart(name, start, end)
    const n = end - start
    if (n === 0) return 0
    const trace = () => normGraph(buffer.length, start, end)
    const sums = await helper(`norm ${buffer.length} ${start} ${end}`, trace, { x: await onDevice(buffer) }, 'host')
    let total = 0
    for (const { data } of Object.values(sums)) for (const value of data as Float32Array) total += value
    return Math.sqrt(total)
  }

  async function clamp(name: string, start: number, end: number, low: number, high: number): Promise<void> {
    checkPart(name, start, end)
    if (start === end) return
    const { x } = await gather({ x: { buffer: name, offset: start, shape: [end - start] } }, false)
    const bound = (value: number): Ort.Tensor => vector(Float32Array.of(value))
    const trace = (): Outputs => {
      const inner = op.minimum(op.input('x', [end - start]), op.input('high', [1]))
      return { y: op.maximum(inner, op.input('low', [1])) }
    }
    const feeds = { x: x as Ort.Tensor, low: bound(low), high: bound(high) }
    const { y } = await helper(`clamp ${end - start}`, trace, feeds, 'device')
    x!.dispose()
    await put(name, [{ offset: start, tensor: y as Ort.Tensor }])
  }

  return async function handle(request: Request): Promise<Omit<Reply, 'id'>> {
    switch (request.kind) {
      case 'load': {
        const id = nextSession++
        const { model: bytes, profile } = request
        // A session that is profiled is made when its outputs are known: made twice, it would leave two profiles.
        loaded.set(id, { bytes, session: await create(bytes, [], []), resident: profile ? undefined : '', profile })
        return { session: id }
      }
      case 'unload':
        await model(request.session).session.release()
        loaded.delete(request.session)
        return {}
      case 'reserve':
        // Flat buffers are float32; anything else is one tensor, written and read as a whole.
        if (request.dtype === 'float32') return handle({ ...request, kind: 'allocate' })
        singles.set(request.buffer, { device: undefined })
        return {}
      case 'keep':
        singles.set(request.buffer, { host: request.data })
        return {}
      case 'free':
        singles.drop(request.buffer)
        forget(request.buffer)
        return {}
      case 'allocate':
        forget(request.buffer)
        buffers.set(request.buffer, {
          length: request.length,
          host: new Float32Array(request.length),
          parts: new Map(),
        })
        return {}
      case 'write': {
        const { buffer: name, offset, data } = request
        const buffer = checkPart(name, offset, offset + data.length)
        const whole = data.length === buffer.length ? data : await readPart(name, 0, buffer.length)
        if (whole !== data) whole.set(data, offset)
        adopt(buffer, { host: whole })
        return {}
      }
      case 'fill': {
        const { buffer, start: offset, end, value } = request
        return handle({ kind: 'write', buffer, offset, data: new Float32Array(end - offset).fill(value) })
      }
      case 'read':
        return { data: await readPart(request.buffer, request.offset, request.offset + request.length) }
      case 'clamp':
        await clamp(request.buffer, request.start, request.end, request.low, request.high)
        return {}
      case 'norm':
        return { value: await norm(request.buffer, request.start, request.end) }
      case 'run':
        return run(request)
      case 'sweep':
        return sweep(request)
      case 'writeRows':
        throw new Error('rows of sparse embeddings are written in the memory of the host: use the device cpu')
      case 'kernel':
      case 'allocateTogether':
        throw new Error('vector kernels work in the memory of the host')
      case 'address':
        throw new Error('MPI works on buffers in the memory of the host: use the device cpu')
      case 'close':
        // Tensors first: the last session takes the device with it.
        singles.clear()
        for (const name of [...buffers.keys()]) forget(name)
        for (const { session } of [...loaded.values(), ...helpers.values()]) await session.release()
        loaded.clear()
        helpers.clear()
        return {}
    }
  }
}
