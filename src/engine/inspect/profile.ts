/**
 * @file What ONNX Runtime's profiler says: one record for each call of a kernel, and tables of time by operator and by
 * module of the model. The profile is a list of events in the format of Chrome's tracing tool.
 */

import { z } from 'zod'
import { VesaliusError } from '../../core/errors.ts'
import { type Origin, readLabel } from './origin.ts'

/** One call of one kernel. */
export interface KernelCall {
  /** Name of the ONNX node; '' if ONNX Runtime made it without one. */
  name: string
  /** ONNX operator. */
  op: string
  /** Where it ran: CPUExecutionProvider, WebGpuExecutionProvider ... */
  provider: string
  /** Run it belongs to: 0, 1, ... */
  run: number
  seconds: number
  /** Bytes of its outputs. */
  outputBytes: number
  /** Bytes of the arena in use after the call; undefined where the provider does not say. */
  bytesInUse: number | undefined
  /** Place in the model, where the name tells it. */
  origin: (Origin & { primitive: string }) | undefined
}

export interface Profile {
  calls: readonly KernelCall[]
  /** Seconds of each whole run. */
  runs: readonly number[]
}

const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number(),
  dur: z.number(),
  args: z.record(z.string(), z.unknown()).default({}),
})
const suffix = '_kernel_time'

/** Reads a profile; `where` names it in errors. */
export function parseProfile(content: string, where: string): Profile {
  const damaged = (cause: unknown): VesaliusError =>
    new VesaliusError('FILE_DAMAGED', `${where} is not a profile of ONNX Runtime.`, { where, cause })
  let events: z.output<typeof eventSchema>[]
  try {
    events = z.array(eventSchema).parse(JSON.parse(content))
  } catch (cause) {
    throw damaged(cause)
  }
  const runs = events
    .filter(({ cat, name }) => cat === 'Session' && name === 'model_run')
    .sort((a, b) => a.ts - b.ts)
    .map(({ ts, dur }) => ({ start: ts, end: ts + dur }))
  const calls = events.flatMap(({ cat, name, ts, dur, args }) => {
    if (cat !== 'Node' || !name.endsWith(suffix)) return []
    // Times are whole microseconds: a kernel may seem to end after its run.
    const run = runs.findLastIndex(({ start }) => start <= ts)
    if (run < 0) return []
    const node = name.slice(0, -suffix.length)
    const bytes = args.mem_bytes_in_use
    return [
      {
        name: node,
        op: String(args.op_name ?? ''),
        provider: String(args.provider ?? ''),
        run,
        seconds: dur / 1e6,
        outputBytes: Number(args.output_size ?? 0),
        bytesInUse: bytes === undefined ? undefined : Number(bytes),
        origin: readLabel(node),
      },
    ]
  })
  return { calls, runs: runs.map(({ start, end }) => (end - start) / 1e6) }
}

/** The profile without its first runs, which are slower: memory is allocated, threads start. */
export function withoutWarmUp({ calls, runs }: Profile, count: number): Profile {
  return {
    calls: calls.filter(({ run }) => run >= count).map((call) => ({ ...call, run: call.run - count })),
    runs: runs.slice(count),
  }
}

/** A line of a table: all figures are means over the runs. */
export interface ProfileRow {
  key: string
  calls: number
  seconds: number
  /** Of the time of all kernels. */
  share: number
  outputBytes: number
}

/** Mean time a run by any property of the calls, longest first. */
export function timeBy({ calls, runs }: Profile, key: (call: KernelCall) => string): ProfileRow[] {
  const rows = new Map<string, ProfileRow>()
  const total = calls.reduce((sum, { seconds }) => sum + seconds, 0)
  for (const call of calls) {
    const name = key(call)
    const row = rows.get(name) ?? { key: name, calls: 0, seconds: 0, share: 0, outputBytes: 0 }
    row.calls++
    row.seconds += call.seconds
    row.outputBytes += call.outputBytes
    rows.set(name, row)
  }
  const n = runs.length
  return [...rows.values()]
    .map(({ key: name, calls: count, seconds, outputBytes }) => ({
      key: name,
      calls: count / n,
      seconds: seconds / n,
      share: total > 0 ? seconds / total : 0,
      outputBytes: outputBytes / n,
    }))
    .sort((a, b) => b.seconds - a.seconds)
}

/** Time by module and pass, longest first; `depth` parts of the path are kept, so that layers can be told or summed. */
export function timeByModule(
  profile: Profile,
  depth = Number.POSITIVE_INFINITY,
): { module: string; forward: number; backward: number; share: number }[] {
  const place = ({ origin }: KernelCall): string =>
    origin === undefined ? '(runtime)' : origin.module.split('.').slice(0, depth).join('.') || '(no module)'
  const forward = new Map(
    timeBy({ ...profile, calls: profile.calls.filter(({ origin }) => origin?.pass !== 'backward') }, place).map(
      (row) => [row.key, row.seconds],
    ),
  )
  return timeBy(profile, place).map(({ key, seconds, share }) => {
    const ahead = forward.get(key) ?? 0
    return { module: key, forward: ahead, backward: seconds - ahead, share }
  })
}

/** Operators that multiply matrices or convolve: what a step is for; everything else is glue. */
export function isProduct(op: string): boolean {
  return /Gemm|MatMul|Conv|Attention/.test(op)
}

/** Mean seconds a run in products, and in all kernels. */
export function kernelSeconds({ calls, runs }: Profile): { products: number; all: number } {
  let [products, all] = [0, 0]
  for (const { op, seconds } of calls) {
    all += seconds / runs.length
    if (isProduct(op)) products += seconds / runs.length
  }
  return { products, all }
}

/** Kernels by the provider that ran them, with their operators: what a device leaves to the CPU is seen here. */
export function providers({ calls }: Profile): { provider: string; nodes: number; ops: Record<string, number> }[] {
  const found = new Map<string, { provider: string; nodes: number; ops: Record<string, number> }>()
  for (const { provider, op, run } of calls) {
    if (run > 0) continue
    const entry = found.get(provider) ?? { provider, nodes: 0, ops: {} }
    entry.nodes++
    entry.ops[op] = (entry.ops[op] ?? 0) + 1
    found.set(provider, entry)
  }
  return [...found.values()].sort((a, b) => b.nodes - a.nodes)
}

/** Most bytes of the arena in use after a kernel of any run, and what ran then. */
export function peakInUse({ calls }: Profile): { bytes: number; name: string } | undefined {
  let peak: { bytes: number; name: string } | undefined
  for (const { bytesInUse, name } of calls) {
    if (bytesInUse !== undefined && bytesInUse > (peak?.bytes ?? -1)) peak = { bytes: bytesInUse, name }
  }
  return peak
}
