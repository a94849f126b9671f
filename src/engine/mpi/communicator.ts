/**
 * @file A communicator: what the ranks of a run say to each other. One process without MPI has the same interface, and
 * loads nothing.
 */

import { writeSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { VesaliusError } from '../../core/errors.ts'
import { type Launch, launchOf, threadsPerRank } from './launch.ts'
import type { ElementType, Mpi, Numbers, Operation } from './library.ts'

/** Float32 values that live outside this thread's heap: a buffer of the runtime's worker, by address. */
export interface Raw {
  address: bigint
  length: number
}

/**
 * All calls but `abort` are collective: every rank makes the same calls in the same order. Calls of one rank are carried
 * out one after the other, in the order in which they were made, on another thread: ONNX Runtime computes meanwhile.
 * Memory that was handed to a call is not to be touched until its promise is settled.
 */
export interface Communicator {
  /** 0 ... size - 1. */
  readonly rank: number
  readonly size: number
  /** Ranks on this machine. */
  readonly localSize: number
  /** Threads of one operator that this rank may use without taking cores from the others on its machine. */
  readonly threads: number
  /** The library and its version; undefined without MPI. */
  readonly library: string | undefined
  /** Returns when all ranks have called it. */
  barrier(): Promise<void>
  /** The values of rank `root` on every rank, in place. */
  broadcast(values: Numbers | Raw, root?: number): Promise<void>
  /** [n] from each rank -> [size n] on every rank, in the order of the ranks. */
  allGather<T extends Numbers>(part: T): Promise<T>
  /** [size n] from each rank -> the n sums over the ranks that belong to this rank. */
  reduceScatter(whole: Float32Array): Promise<Float32Array>
  /** Sum, least or largest over the ranks of each value, in place. */
  allReduce(values: Numbers | Raw, operation?: Operation): Promise<void>
  /** Says why, then ends this and all other ranks. Does not return. */
  abort(exitCode: number, reason: string): Promise<never>
  /** Waits for what is under way and leaves MPI. The last call. */
  finalize(): Promise<void>
}

/** Elements of one all-reduce or broadcast: MPI counts in 32 bits, and other calls need not wait for a whole model. */
const bucket = 2 ** 24

/** How long MPI_Abort may take before this process kills itself, which its launcher sees, in ms. */
const abortPatience = 5000
/** How long the launcher gets to read a last sentence, in ms. */
const heardAfter = 500

/** The only rank. */
export function alone(threads = availableParallelism()): Communicator {
  const nothing = async (): Promise<void> => {}
  return {
    rank: 0,
    size: 1,
    localSize: 1,
    threads,
    library: undefined,
    barrier: nothing,
    broadcast: nothing,
    allGather: async (part) => part.slice() as typeof part,
    reduceScatter: async (whole) => whole.slice(),
    allReduce: nothing,
    async abort(exitCode, reason) {
      writeSync(2, `vesalius: ${reason}\n`)
      process.exit(exitCode)
    },
    finalize: nothing,
  }
}

/** The ranks of this run: those that mpirun or srun started, or this process alone. */
export async function openCommunicator(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Communicator> {
  const launch = launchOf(environment)
  if (launch === undefined) return alone()
  const { loadMpi } = await import('./library.ts')
  return join(launch, loadMpi(launch.by, environment.VESALIUS_MPI))
}

function join(launch: Launch, mpi: Mpi): Communicator {
  const { rank, size } = mpi.initialize()
  if ((launch.size ?? size) !== size || launch.rank !== rank) {
    throw new VesaliusError(
      'MPI_FAILED',
      `The launcher says rank ${launch.rank} of ${launch.size ?? 'unknown'}, ${mpi.version} says rank ${rank} of ${size}.`,
      { hint: 'mpirun and the library come from different installations; VESALIUS_MPI names the library to load.' },
    )
  }
  let ended = false
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(() => {
      if (ended) throw new VesaliusError('MPI_FAILED', 'The communicator was finalized before this call.')
      return work()
    })
    last = result.catch(() => {})
    return result
  }
  const inBuckets = async (
    values: Numbers | Raw,
    call: (address: bigint, count: number, type: ElementType) => Promise<void>,
  ): Promise<void> => {
    const type = 'address' in values ? 'float32' : typeOf(values)
    const start = 'address' in values ? values.address : mpi.addressOf(values)
    for (let from = 0; from < values.length; from += bucket) {
      await call(start + BigInt(from * bytes[type]), Math.min(bucket, values.length - from), type)
    }
  }

  return {
    rank,
    size,
    localSize: launch.localSize,
    threads: threadsPerRank({ cores: cpus().length, allowed: availableParallelism(), localSize: launch.localSize }),
    library: mpi.version,
    barrier: () => inTurn(() => mpi.barrier()),
    broadcast: (values, root = 0) =>
      inTurn(() => inBuckets(values, (address, count, type) => mpi.broadcast(address, count, type, root))),
    allGather: <T extends Numbers>(part: T) =>
      inTurn(async () => {
        const whole = new (part.constructor as new (length: number) => T)(part.length * size)
        if (part.length > 0) await mpi.allGather(mpi.addressOf(part), mpi.addressOf(whole), part.length, typeOf(part))
        return whole
      }),
    reduceScatter: (whole) =>
      inTurn(async () => {
        if (whole.length % size !== 0)
          throw new VesaliusError('MPI_FAILED', `${whole.length} values cannot be shared among ${size} ranks.`)
        const part = new Float32Array(whole.length / size)
        if (part.length > 0) await mpi.reduceScatter(mpi.addressOf(whole), mpi.addressOf(part), part.length)
        return part
      }),
    allReduce: (values, operation = 'sum') =>
      inTurn(() => inBuckets(values, (address, count, type) => mpi.allReduce(address, count, type, operation))),
    async abort(exitCode, reason) {
      writeSync(2, `vesalius: rank ${rank} of ${size}: ${reason}\n`)
      // Not in turn: a collective call may be waiting for a rank that will never come.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), abortPatience)
      // The launcher forwards what ranks say, and drops what it has not read when it hears of the end.
      await new Promise((resolve) => setTimeout(resolve, heardAfter))
      await mpi.abort(exitCode)
      return new Promise<never>(() => {})
    },
    finalize: () =>
      inTurn(async () => {
        mpi.finalize()
        ended = true
      }),
  }
}

const bytes: Record<ElementType, number> = { float32: 4, float64: 8, int32: 4, uint8: 1 }

function typeOf(values: Numbers): ElementType {
  if (values instanceof Float32Array) return 'float32'
  if (values instanceof Float64Array) return 'float64'
  return values instanceof Int32Array ? 'int32' : 'uint8'
}
