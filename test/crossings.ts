/** @file What crosses between the host and the device in a step of training. Runs in Node and in a browser. */

import type * as Ort from 'onnxruntime-node'
import * as op from '../src/engine/ops.ts'
import type { OrtModule } from '../src/engine/runtime/resident.ts'
import type { Runtime } from '../src/engine/runtime/runtime.ts'
import { linear, openTraining } from '../src/nn/index.ts'

type Values = Record<string, Ort.Tensor>

/** ONNX Runtime with a note of every tensor of the host that a session reads ("up 256" elements) or returns ("down 1"). */
export function watchOrt(ort: OrtModule): { watched: OrtModule; crossings: string[] } {
  const crossings: string[] = []
  const note = (what: string, values: Values): void => {
    for (const { location, size } of Object.values(values)) if (location === 'cpu') crossings.push(`${what} ${size}`)
  }
  const create = async (bytes: Uint8Array, options?: Ort.InferenceSession.SessionOptions) => {
    const session = await ort.InferenceSession.create(bytes, options)
    const run = session.run.bind(session) as (feeds: Values, fetches?: string[]) => Promise<Values>
    const watchedRun = async (feeds: Values, fetches?: string[]): Promise<Values> => {
      note('up', feeds)
      const results = fetches === undefined ? await run(feeds) : await run(feeds, fetches)
      note('down', results)
      return results
    }
    return Object.assign(session, { run: watchedRun })
  }
  return { watched: { Tensor: ort.Tensor, InferenceSession: { create } as OrtModule['InferenceSession'] }, crossings }
}

/** The crossings of the second step of a small model with 5,200 parameters, AdamW, clipping and a bound. */
export async function stepCrossings(runtime: Runtime, crossings: string[]): Promise<string[]> {
  const training = await openTraining<null>({
    runtime,
    build: (scope) => ({ loss: op.mean(op.square(linear(scope, op.input('x', [4, 64]), 80))), watch: {} }),
    first: null,
    optimizer: { kind: 'adamw', weightDecay: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-6 },
    clipNorm: 1,
    bounds: { bias: { low: -1, high: 1 } },
    seed: 1,
  })
  const step = () =>
    training.step(null, { x: { dtype: 'float32', shape: [4, 64], data: new Float32Array(256).fill(0.5) } }, 1e-3)
  await step()
  crossings.length = 0
  await step()
  return [...crossings]
}

/** Up: the input, the numbers of AdamW for its two groups, the bounds. Down: the loss, partial sums of the norm. */
export const allowedCrossings = ['up 256', 'down 1', 'down 1', 'down 1', 'up 9', 'up 9', 'up 1', 'up 1']
