/** @file One run of a program: session, host functions, session ... */

import { type HostData, type HostValue, runHost } from '../host.ts'
import type { LoweredModel } from '../onnx/lower.ts'
import type { BufferView, Feed, Inline } from '../runtime/protocol.ts'
import type { Runtime, Session } from '../runtime/runtime.ts'
import type { Node, Tensor, TensorData } from '../tensor.ts'
import type { Partition, Stage } from './partition.ts'

/** A stage with its session, if it has anything to compute. */
export interface LoadedStage extends Stage {
  model?: LoweredModel
  session?: Session
}

export interface Loaded extends Partition {
  runtime: Runtime
  stages: readonly LoadedStage[]
  /** Where values lie that sessions hand on. */
  slots: ReadonlyMap<string, BufferView>
  /** What is fed at each run. */
  inputs: ReadonlySet<string>
  /** How many sessions ask for an input. */
  readers: ReadonlyMap<string, number>
  place: (name: string) => BufferView | undefined
  into: Readonly<Record<string, BufferView>>
  written: (names: readonly string[]) => void
}

/** Runs all stages. `done` has the host nodes that ran, and what they were given. */
export async function runStages(
  loaded: Loaded,
  feeds: Readonly<Record<string, Feed>>,
): Promise<{
  outputs: Record<string, Inline>
  seconds: number
  hostSeconds: number
  done: { node: Node; x: readonly HostValue[] }[]
}> {
  const { runtime, stages, inputs, readers, fetched, given, into, written } = loaded
  const kept: string[] = []
  /** What several sessions ask for is handed over once and stays there for this run. */
  const share = async (name: string, value: Inline): Promise<Feed> => {
    if ((readers.get(name) as number) < 2) return value
    const buffer = await runtime.keep(name, value)
    kept.push(buffer)
    return { buffer, offset: 0, shape: value.shape }
  }
  const values = new Map<Tensor, HostValue>()
  const ready: Record<string, Feed> = {}
  const outputs: Record<string, Inline> = {}
  const done: { node: Node; x: readonly HostValue[] }[] = []
  let [seconds, hostSeconds] = [0, 0]
  const forHost = new Map(fetched.map(({ name, tensor }) => [name, tensor]))
  try {
    for (const name of inputs) {
      const feed = feeds[name]
      if (feed !== undefined) ready[name] = 'data' in feed ? await share(name, feed) : feed
    }
    for (const stage of stages) {
      const ran = await stage.session?.run(callOf(stage, loaded, ready))
      seconds += ran?.seconds ?? 0
      written(Object.keys(stage.outputs).filter((name) => name in into))
      for (const [name, value] of Object.entries(ran?.outputs ?? {})) {
        const tensor = forHost.get(name)
        if (tensor === undefined) outputs[name] = value
        else values.set(tensor, value)
      }
      for (const node of stage.hosts) {
        const x = node.inputs.map((t) => values.get(t) as HostValue)
        const start = performance.now()
        const made = await runHost(node, x)
        hostSeconds += (performance.now() - start) / 1000
        done.push({ node, x })
        node.outputs.forEach((y, i) => {
          values.set(y, { dtype: y.dtype, shape: y.shape, data: made[i] as HostData })
        })
        for (const { name, tensor } of given)
          if (tensor.node === node) ready[name] = await share(name, inlineOf(values.get(tensor) as HostValue))
      }
    }
  } finally {
    for (const buffer of kept) await runtime.free(buffer)
  }
  return { outputs, seconds, hostSeconds, done }
}

/** What a stage's session is given, and where its results go. */
function callOf(
  { model, outputs }: LoadedStage,
  { slots, place, into }: Loaded,
  ready: Readonly<Record<string, Feed>>,
): Parameters<Session['run']>[0] {
  const call = { feeds: {} as Record<string, Feed>, into: {} as Record<string, BufferView>, fetch: [] as string[] }
  for (const { name } of model?.inputs ?? []) {
    const feed = slots.get(name) ?? place(name) ?? ready[name]
    if (feed !== undefined) call.feeds[name] = feed
  }
  for (const name of Object.keys(outputs)) {
    const target = slots.get(name) ?? into[name]
    if (target === undefined) call.fetch.push(name)
    else call.into[name] = target
  }
  return call
}

/** A copy for a session: what is moved to it is gone here, and host functions may still hold the original. */
function inlineOf({ dtype, shape, data }: HostValue): Inline {
  return { dtype, shape, data: data instanceof Float64Array ? Float32Array.from(data) : (data.slice() as TensorData) }
}
