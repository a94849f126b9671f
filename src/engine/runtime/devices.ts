/** @file Devices on which ONNX Runtime can run a model, and what to say when one is not there. */

import type * as Ort from 'onnxruntime-node'
import { VesaliusError } from '../../core/errors.ts'

/** Execution providers by the names that `--device` takes. */
export const deviceNames = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const
export type Device = (typeof deviceNames)[number]

/** What a machine needs for a device. */
const needs: Readonly<Record<Device, string>> = {
  cpu: 'Nothing but onnxruntime-node.',
  webgpu:
    'A GPU with its driver: Vulkan on Linux (package libvulkan1 and a driver), Direct3D 12 on Windows, Metal on a Mac.',
  cuda: 'Linux or Windows, an NVIDIA GPU, CUDA 12 and cuDNN 9, and onnxruntime-node installed with its install script allowed, which fetches the CUDA libraries.',
  dml: 'Windows 10 or newer with a DirectX 12 GPU.',
  coreml: 'A Mac.',
}

/** Refuses a device that does not exist, with the list of those that do. */
export function deviceOf(name: string): Device {
  const found = deviceNames.find((device) => device === name)
  if (found !== undefined) return found
  throw new VesaliusError('UNKNOWN_NAME', `There is no device "${name}".`, {
    where: 'device',
    hint: `Use one of: ${deviceNames.join(', ')}.`,
  })
}

/** The sentence for a device that this machine cannot open; `cause` is what ONNX Runtime said. */
export function deviceProblem(device: Device, cause: string, listed: readonly string[]): VesaliusError {
  const said = cause
    .split('\n')[0]!
    .replace(/^.*(was false\.|ERR:) /, '')
    .replace(/\.$/, '')
  const offers = `This build of ONNX Runtime offers ${listed.join(', ')}.`
  return new VesaliusError('DEVICE_MISSING', `The device "${device}" cannot be used here: ${said}.`, {
    where: 'device',
    hint: `It needs: ${needs[device]} ${offers}`,
  })
}

/** Options of a session on a device; `profile` is where its profile is written at its end, a path without its end. */
export function sessionOptions(device: string, threads: number, profile?: string): Ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableMemPattern: false,
    // Threads that spin for long while they wait steal the cores that prepare the next batch (134 -> 195 pairs/s on 2
    // cores without); those that never spin wake late for each of hundreds of small operators.
    extra: { session: { 'intra_op.allow_spinning': '1', 'intra_op.spin_duration_us': '200' } },
    // Failures arrive as exceptions; what the CUDA provider prints before them would only repeat them.
    logSeverityLevel: device === 'cpu' ? 3 : 4,
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  }
}
