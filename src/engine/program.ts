/**
 * @file A program: a graph with host nodes as a short list of sessions with host functions between them. A graph
 * without host nodes is one session. What sessions hand to each other stays beside the runtime, in buffers that are
 * written in place; what host functions take and give is moved to this thread and back.
 */

import { type HostValue, ruleOf } from './host.ts'
import { lowerTraining, type Outputs, type RandomInput } from './onnx/lower.ts'
import { targetOf } from './onnx/webgpu.ts'
import { joinNeighbours } from './program/join.ts'
import { type Crossing, partition } from './program/partition.ts'
import { type Loaded, type LoadedStage, runStages } from './program/run.ts'
import type { BufferView, Feed, Inline } from './runtime/protocol.ts'
import type { Runtime } from './runtime/runtime.ts'
import { bytesOf, type Node, sizeOf, topological } from './tensor.ts'

export interface ProgramOptions {
  /** Inputs and parameters that always come from the same place, by name; `undefined` = fed at each run. */
  place?: (name: string) => BufferView | undefined
  /** Outputs that are written in place into buffers. */
  into?: Readonly<Record<string, BufferView>>
  /** Outputs that are brought here; all that are not in `into` if absent. */
  fetch?: readonly string[]
  /** Called after each session with the names of the outputs that now lie in their buffers. */
  written?: (names: readonly string[]) => void
}

/** What a program consists of, for reports. */
export interface ProgramReport {
  stages: readonly { nodes: number; hosts: readonly string[] }[]
  /** Bytes kept beside the runtime from one session to a later one. */
  heldBytes: number
  /** Bytes moved from sessions to host functions, and back, in one run. */
  movedBytes: number
}

export interface ProgramResult {
  outputs: Record<string, Inline>
  /** Seconds inside the runtime. */
  seconds: number
  /** Seconds in host functions. */
  hostSeconds: number
  /** Lets memory banks and the like take in this step. Call it once the step is taken, or never. */
  commit(): void
}

export interface Program {
  /** Names of the inputs to feed at each run, random leaves included. */
  inputs: ReadonlySet<string>
  /** Those of the inputs that are random. */
  randoms: readonly RandomInput[]
  report: ProgramReport
  /**
   * Runs all stages. Feeds that are not asked for are ignored. `into` moves places where outputs are written, for this run.
   * Runs of one program wait for each other.
   */
  run(feeds: Readonly<Record<string, Feed>>, into?: Readonly<Record<string, BufferView>>): Promise<ProgramResult>
  dispose(): Promise<void>
}

/** Lowers and loads every stage of a graph. */
export async function compileProgram(
  runtime: Runtime,
  outputs: Outputs,
  options: ProgramOptions = {},
): Promise<Program> {
  const { into: places = {}, written = () => {} } = options
  const { fetch = Object.keys(outputs).filter((name) => !(name in places)) } = options
  const wanted = Object.fromEntries(Object.entries(outputs).filter(([name]) => name in places || fetch.includes(name)))
  const joined = joinNeighbours(wanted, options.place ?? (() => undefined), places)
  const { outputs: asked, place } = joined
  const into = joined.into(places)
  const parts = partition(asked, lateOutputs(asked, into, place))
  // Everything is lowered before anything is loaded: what fails, fails without leaving sessions behind.
  const models = parts.stages.map((stage) =>
    isEmpty(stage.outputs) ? undefined : lowerTraining(stage.outputs, { target: targetOf(runtime.device) }),
  )
  const stages: LoadedStage[] = []
  for (const [i, stage] of parts.stages.entries()) {
    const model = models[i]
    stages.push(model === undefined ? stage : { ...stage, model, session: await runtime.load(model.bytes) })
  }
  const slots = await reserveSlots(runtime, parts.held)

  const readers = new Map<string, number>()
  for (const model of models)
    for (const { name } of model?.inputs ?? []) readers.set(name, (readers.get(name) ?? 0) + 1)
  const crossing = new Set([...parts.held, ...parts.given].map(({ name }) => name))
  const inputs = new Set([...readers.keys()].filter((name) => !crossing.has(name) && place(name) === undefined))
  const randoms = new Map(models.flatMap((model) => (model?.randoms ?? []).map((one) => [one.name, one] as const)))
  const told = (names: readonly string[]): void => written(names.flatMap(joined.members))
  const loaded: Loaded = { ...parts, runtime, stages, slots: slots.views, inputs, readers, place, into, written: told }

  let turn: Promise<unknown> = Promise.resolve()
  return {
    inputs,
    randoms: [...randoms.values()],
    report: {
      stages: stages.map(({ model, hosts }) => ({ nodes: model?.nodes ?? 0, hosts: hosts.map((n) => ruleOf(n).name) })),
      heldBytes: slots.bytes,
      movedBytes: [...parts.fetched, ...parts.given].reduce((sum, { tensor }) => sum + bytesOf(tensor), 0),
    },
    run(feeds, moved = {}) {
      const run = turn.then(async () => {
        const { done, ...result } = await runStages({ ...loaded, into: joined.into({ ...places, ...moved }) }, feeds)
        return { ...result, commit: () => commit(done) }
      })
      turn = run.catch(() => {})
      return run
    },
    async dispose() {
      await turn
      for (const { session } of stages) await session?.dispose()
      for (const name of slots.names) await runtime.free(name)
    },
  }
}

const isEmpty = (outputs: Outputs): boolean => Object.keys(outputs).length === 0

function commit(done: readonly { node: Node; x: readonly HostValue[] }[]): void {
  for (const { node, x } of done) ruleOf(node).commit?.(x)
}

/** Outputs that overwrite what the graph reads: no session may write them before the last has read. */
function lateOutputs(
  outputs: Outputs,
  into: Readonly<Record<string, BufferView>>,
  place: (name: string) => BufferView | undefined,
): Set<string> {
  const sources = topological(Object.values(outputs)).flatMap(({ op, attributes }) => {
    const view = op === 'input' || op === 'parameter' ? place((attributes as { name: string }).name) : undefined
    return view === undefined ? [] : [view]
  })
  const end = ({ offset, shape }: BufferView): number => offset + sizeOf(shape)
  const overwrites = (target: BufferView): boolean =>
    sources.some((from) => from.buffer === target.buffer && from.offset < end(target) && target.offset < end(from))
  return new Set(Object.keys(into).filter((name) => name in outputs && overwrites(into[name] as BufferView)))
}

/** Buffers for what sessions hand on; a buffer is used again once nothing reads the value in it any more. */
async function reserveSlots(
  runtime: Runtime,
  held: readonly Crossing[],
): Promise<{ views: ReadonlyMap<string, BufferView>; names: readonly string[]; bytes: number }> {
  const views = new Map<string, BufferView>()
  const slots: { kind: string; buffer: string; until: number }[] = []
  let bytes = 0
  for (const { name, tensor, home, readers } of [...held].sort((a, b) => a.home - b.home)) {
    const length = sizeOf(tensor.shape)
    const kind = `${tensor.dtype} ${length}`
    let slot = slots.find((one) => one.kind === kind && one.until < home)
    if (slot === undefined) {
      slot = { kind, buffer: await runtime.reserve(length, tensor.dtype), until: 0 }
      slots.push(slot)
      bytes += bytesOf(tensor)
    }
    slot.until = readers.at(-1) as number
    views.set(name, { buffer: slot.buffer, offset: 0, shape: tensor.shape })
  }
  return { views, names: slots.map(({ buffer }) => buffer), bytes }
}
