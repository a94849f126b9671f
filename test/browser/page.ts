/** @file What test/browser.test.ts runs inside Chromium: two training steps of a family of layers on onnxruntime-web. */

import * as ort from 'onnxruntime-web/webgpu'
import { openWebRuntime, type Runtime, type WebDevice } from '../../src/engine/web/index.ts'
import { stepCrossings, watchOrt } from '../crossings.ts'
import { type FamilyResult, families, trainFamily } from '../layer-families.ts'

ort.env.wasm.wasmPaths = '/ort/'
ort.env.wasm.numThreads = 1

const runtimes = new Map<WebDevice, Promise<Runtime>>()

/** Trains the family of this place in the list; WebGPU and WebAssembly each have one runtime for the life of the page. */
async function train(family: number, device: WebDevice): Promise<FamilyResult> {
  const opened = runtimes.get(device) ?? openWebRuntime({ ort, device })
  runtimes.set(device, opened)
  const runtime = await opened
  if (runtime.device !== device) throw new Error(`The runtime is on ${runtime.device}.`)
  return trainFamily(runtime, families[family]!)
}

/** The device that a page gets without asking for one. */
async function chosen(): Promise<string> {
  return (await openWebRuntime({ ort })).device
}

/** What crosses between page and GPU in a step. */
async function crossings(): Promise<string[]> {
  const { watched, crossings: seen } = watchOrt(ort)
  return stepCrossings(await openWebRuntime({ ort: watched, device: 'webgpu' }), seen)
}

Object.assign(globalThis, { vesalius: { train, chosen, crossings } })
