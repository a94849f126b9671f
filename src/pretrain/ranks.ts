/**
 * @file One run on several ranks: rank 0 alone touches the run's folder, the others get from it what they need to know,
 * and all of them are checked to be the same.
 */

import { createHash } from 'node:crypto'
import { messageOf, VesaliusError } from '../core/errors.ts'
import type { Communicator } from '../engine/index.ts'
import type { TrainingState } from '../nn/index.ts'

/** Work of rank 0 failed and every rank knows it: each ends by itself, and rank 0 tells the cause. */
class SharedFailure extends Error {
  readonly exitCode: number
  constructor(exitCode: number, cause?: unknown) {
    super(messageOf(cause), { cause })
    this.exitCode = exitCode
  }
}

/** The exit code of a process that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof VesaliusError || error instanceof SharedFailure ? error.exitCode : 1
}

/** Does work on rank 0 first; what it returns, as JSON, comes to every rank. If it fails there, it fails everywhere. */
export async function onRoot<T>(ranks: Communicator, work: () => Promise<T>): Promise<T> {
  if (ranks.size === 1) return work()
  if (ranks.rank > 0) {
    const told = JSON.parse(await broadcastText(ranks, '')) as { value: T; failed?: number }
    if (told.failed !== undefined) throw new SharedFailure(told.failed)
    return told.value
  }
  let value: T
  try {
    value = await work()
  } catch (cause) {
    const failed = exitCodeOf(cause)
    await broadcastText(ranks, JSON.stringify({ failed }))
    throw new SharedFailure(failed, cause)
  }
  await broadcastText(ranks, JSON.stringify({ value }))
  return value
}

/** The text of rank 0 on every rank. */
async function broadcastText(ranks: Communicator, text: string): Promise<string> {
  const mine = new TextEncoder().encode(text)
  const length = Int32Array.of(mine.length)
  await ranks.broadcast(length)
  const bytes = ranks.rank === 0 ? mine : new Uint8Array(length[0] as number)
  await ranks.broadcast(bytes)
  return new TextDecoder().decode(bytes)
}

/** The state that rank 0 has read, on every rank; undefined if it has none. */
export async function shareState(
  ranks: Communicator,
  state: TrainingState | undefined,
): Promise<TrainingState | undefined> {
  if (ranks.size === 1) return state
  const lengths = Object.entries(state?.buffers ?? {}).map(([name, values]) => [name, values.length] as const)
  const told = await onRoot(ranks, async () => ({ step: state?.step ?? null, lengths }))
  if (told.step === null) return undefined
  const buffers: Record<string, Float32Array> = {}
  for (const [name, length] of told.lengths) {
    const values = state?.buffers[name] ?? new Float32Array(length)
    await ranks.broadcast(values)
    buffers[name] = values
  }
  return { step: told.step, buffers }
}

/** Throws if `content` is not the same on all ranks; `what` names it, with its verb: "The parameters are". */
export async function checkSame(ranks: Communicator, what: string, content: string | Float32Array): Promise<void> {
  if (ranks.size === 1) return
  const bytes =
    typeof content === 'string' ? content : new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
  const digest = new Uint8Array(createHash('sha256').update(bytes).digest())
  const all = await ranks.allGather(digest)
  const differs = (rank: number): boolean => digest.some((_, i) => all[i] !== all[rank * digest.length + i])
  const list = Array.from({ length: ranks.size }, (_, rank) => rank).filter(differs)
  if (list.length === 0) return
  throw new VesaliusError('MPI_FAILED', `${what} not the same on rank ${list.join(', ')} as on rank 0.`, {
    hint: 'All ranks must run one version on the same configuration and data, on processors of one kind.',
  })
}

/** True on every rank if it is true on any. */
export async function anyRank(ranks: Communicator, value: boolean): Promise<boolean> {
  if (ranks.size === 1) return value
  const flag = Int32Array.of(value ? 1 : 0)
  await ranks.allReduce(flag, 'max')
  return flag[0] === 1
}

/**
 * Ends a run that failed on this rank. What all ranks know of (work of rank 0 failed, an interruption, a loss that is not
 * finite) ends each of them by itself: rank 0 gets back what it is to tell, the others get nothing. Anything else is told
 * here, with the rank, and ends all ranks at once: the others would wait for this one for ever.
 */
export async function endRanks(ranks: Communicator, error: unknown): Promise<unknown> {
  if (ranks.size === 1) return error
  const { code, hint } = error instanceof VesaliusError ? error : { code: undefined, hint: undefined }
  if (!(error instanceof SharedFailure) && code !== 'INTERRUPTED' && code !== 'NOT_FINITE') {
    await ranks.abort(exitCodeOf(error), hint ? `${messageOf(error)}\n  ${hint}` : messageOf(error))
  }
  await ranks.finalize()
  if (ranks.rank > 0) return undefined
  return error instanceof SharedFailure ? error.cause : error
}
