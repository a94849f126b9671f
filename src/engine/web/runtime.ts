/**
 * @file ONNX Runtime in the browser: the same runtime as in Node, on onnxruntime-web. Buffers stay in the memory of the
 * GPU between steps. It runs where it is opened; open it in a Worker of your own to keep the page responsive.
 */

import { messageOf, VesaliusError } from '../../core/errors.ts'
import type { Reply, Request } from '../runtime/protocol.ts'
import { type OrtModule, openResident } from '../runtime/resident.ts'
import { type Runtime, runtimeOver } from '../runtime/runtime.ts'

export type WebDevice = 'webgpu' | 'wasm'

export interface WebRuntimeOptions {
  /**
   * The module `onnxruntime-web/webgpu`, imported by the page; its `env` says where its WebAssembly files are served.
   *
   * @example
   * import * as ort from 'onnxruntime-web/webgpu'
   * ort.env.wasm.wasmPaths = '/ort/'
   * const runtime = await openWebRuntime({ ort })
   */
  ort: OrtModule
  /** WebGPU where the browser has an adapter for it, else WebAssembly on the CPU, if not given. */
  device?: WebDevice
}

/** The part of WebGPU's interface that is asked for here. */
interface Gpu {
  requestAdapter(): Promise<object | null>
}

async function hasAdapter(): Promise<boolean> {
  const { gpu } = (globalThis as { navigator?: { gpu?: Gpu } }).navigator ?? {}
  return gpu !== undefined && (await gpu.requestAdapter()) !== null
}

/** Opens a runtime on this page, or in this Worker. */
export async function openWebRuntime({ ort, device }: WebRuntimeOptions): Promise<Runtime> {
  const adapter = device !== 'wasm' && (await hasAdapter())
  if (device === 'webgpu' && !adapter) {
    throw new VesaliusError('DEVICE_MISSING', 'This browser has no adapter for WebGPU.', {
      where: 'device',
      hint: 'Use a browser with WebGPU on a machine with a GPU, or the device wasm.',
    })
  }
  const used: WebDevice = adapter ? 'webgpu' : 'wasm'
  const handle = openResident({
    ort,
    device: used,
    sessionOptions: () => ({ executionProviders: [used], logSeverityLevel: 3 }),
    location: used === 'webgpu' ? 'gpu-buffer' : 'cpu',
  })
  let queue: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  let id = 0

  /** One request after the other, as in the worker of Node. */
  const enqueue = (request: Request): Promise<Reply> => {
    const answer = queue.then(async () => ({ id: id++, ...(await handle(request)) }))
    queue = answer.catch(() => {})
    return answer.catch((cause: unknown) => {
      throw new VesaliusError('RUNTIME_FAILED', `ONNX Runtime failed: ${messageOf(cause)}.`, { cause })
    })
  }
  return runtimeOver({
    threads: 1,
    device: used,
    ask: (request) =>
      closed === undefined
        ? enqueue(request)
        : Promise.reject(new VesaliusError('RUNTIME_FAILED', 'The runtime is closed.')),
    close() {
      closed ??= enqueue({ kind: 'close' }).then(() => undefined)
      return closed
    },
  })
}
