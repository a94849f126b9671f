/**
 * @file The MPI library of this machine, called through its C interface. Two binary interfaces exist: Open MPI's handles
 * are addresses of symbols, those of MPICH and its relatives (Intel MPI, MVAPICH, Cray) are integers.
 */

import koffi from 'koffi'
import { messageOf, VesaliusError } from '../../core/errors.ts'
import type { Launch } from './launch.ts'

type Handle = number | bigint
type Library = ReturnType<typeof koffi.load>

/** What differs between the two binary interfaces. */
interface Interface {
  family: 'Open MPI' | 'MPICH'
  /** C type of a handle. */
  handle: 'void *' | 'int'
  /** Value of MPI_IN_PLACE. */
  inPlace: bigint
  world: Handle
  errorsReturn: Handle
  types: Record<ElementType, Handle>
  operations: Record<Operation, Handle>
}

export type ElementType = 'float32' | 'float64' | 'int32' | 'uint8'
export type Operation = 'sum' | 'min' | 'max'

/** Numbers that a call reads or writes in place. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array

/** MPI calls, with addresses as numbers. Collective ones run on another thread; only one may be under way at a time. */
export interface Mpi {
  family: Interface['family']
  /** First line of what the library says of itself. */
  version: string
  /** Where these numbers lie; they must be kept until the call that uses the address is over. */
  addressOf(numbers: Numbers): bigint
  /** Returns rank and size; throws if the library cannot be called from several threads, one at a time. */
  initialize(): { rank: number; size: number }
  barrier(): Promise<void>
  broadcast(address: bigint, count: number, type: ElementType, root: number): Promise<void>
  /** `count` elements from each rank. */
  allGather(from: bigint, to: bigint, count: number, type: ElementType): Promise<void>
  /** `count` elements to each rank, float32 sums. */
  reduceScatter(from: bigint, to: bigint, count: number): Promise<void>
  allReduce(address: bigint, count: number, type: ElementType, operation: Operation): Promise<void>
  /** Ends all ranks with this exit code; returns only if the library is stuck. */
  abort(code: number): Promise<void>
  finalize(): void
}

/** Values of mpi.h, MPICH ABI initiative: the same in MPICH, Intel MPI, MVAPICH and Cray MPICH. */
const mpich: Interface = {
  family: 'MPICH',
  handle: 'int',
  inPlace: -1n,
  world: 0x44000000,
  errorsReturn: 0x54000001,
  types: { float32: 0x4c00040a, float64: 0x4c00080b, int32: 0x4c000439, uint8: 0x4c00013b },
  operations: { sum: 0x58000003, min: 0x58000002, max: 0x58000001 },
}

function openMpi(library: Library): Interface {
  const at = (name: string): bigint => library.symbol(name) as bigint
  return {
    family: 'Open MPI',
    handle: 'void *',
    inPlace: 1n,
    world: at('ompi_mpi_comm_world'),
    errorsReturn: at('ompi_mpi_errors_return'),
    types: {
      float32: at('ompi_mpi_float'),
      float64: at('ompi_mpi_double'),
      int32: at('ompi_mpi_int32_t'),
      uint8: at('ompi_mpi_uint8_t'),
    },
    operations: { sum: at('ompi_mpi_op_sum'), min: at('ompi_mpi_op_min'), max: at('ompi_mpi_op_max') },
  }
}

/** Which interface a loaded library has is seen by its symbols: `libmpi.so` may be either. */
function interfaceOf(library: Library): Interface {
  try {
    library.symbol('ompi_mpi_comm_world')
  } catch {
    return mpich
  }
  return openMpi(library)
}

const names = {
  openmpi: ['libmpi.so.40', 'libmpi.so', 'libmpi.40.dylib', 'libmpi.dylib'],
  mpich: ['libmpich.so.12', 'libmpi.so.12', 'libmpi.so', 'libmpi.12.dylib', 'libmpich.12.dylib', 'libmpi.dylib'],
}

/** Names to look for, those that fit the launcher first. */
export function libraryNames(by: Launch['by'], chosen: string | undefined): string[] {
  if (chosen !== undefined && chosen !== '') return [chosen]
  if (by === 'openmpi') return names.openmpi
  return by === 'pmi' ? names.mpich : [...new Set([...names.openmpi, ...names.mpich])]
}

/** Loads the library that fits the launcher; `chosen` (VESALIUS_MPI) names another one. */
export function loadMpi(by: Launch['by'], chosen: string | undefined): Mpi {
  const candidates = libraryNames(by, chosen)
  // The default stack of a call on another thread, 128 KiB, is too small for MPICH: it crashes (512 KiB is enough).
  const stack = 2 * 2 ** 20
  if ((koffi.config().async_stack_size ?? 0) < stack) koffi.config({ async_stack_size: stack })
  // UCX, below MPICH and often Open MPI, rewrites the machine code of mmap, brk and their like when it is loaded, so as to
  // hear of memory that goes away. Node's threads run that code meanwhile, and now and then one of them crashes.
  process.env.UCX_MEM_EVENTS ??= 'no'
  const problems: string[] = []
  for (const name of candidates) {
    let library: Library
    try {
      // Open MPI's own plug-ins look for its symbols in the global table.
      library = koffi.load(name, { global: true })
    } catch (error) {
      problems.push(messageOf(error))
      continue
    }
    const kind = interfaceOf(library)
    const fits = by === 'pmix' || (by === 'openmpi') === (kind.family === 'Open MPI')
    if (fits) return bind(library, kind)
    if (chosen !== undefined) throw mixed(by, name, kind.family)
  }
  const launcher = by === 'openmpi' ? 'mpirun of Open MPI' : by === 'pmi' ? 'mpirun of MPICH or srun' : 'srun'
  throw new VesaliusError('MPI_FAILED', `This process was started by ${launcher}, but its library was not found.`, {
    where: candidates.join(', '),
    hint: `Install ${by === 'openmpi' ? 'libopenmpi3' : by === 'pmi' ? 'mpich' : 'libopenmpi3 or mpich'}, or name the library's file in VESALIUS_MPI.`,
    cause: problems.at(-1),
  })
}

function mixed(by: Launch['by'], name: string, family: Interface['family']): VesaliusError {
  const launcher = by === 'openmpi' ? 'Open MPI' : 'MPICH'
  return new VesaliusError('MPI_FAILED', `${launcher}'s mpirun started this process, but ${name} is ${family}.`, {
    hint: 'Use the mpirun and the library of one installation; VESALIUS_MPI names the library.',
  })
}

/** MPI_THREAD_SERIALIZED: several threads may call, never two at once. */
const serialized = 2

function bind(library: Library, { family, handle, inPlace, world, errorsReturn, types, operations }: Interface): Mpi {
  const memory = 'intptr_t'
  const define = (name: string, ...parameters: string[]) => library.func(name, 'int', parameters)

  const errorString = define('MPI_Error_string', 'int', memory, memory)
  const check = (name: string, code: number): void => {
    if (code === 0) return
    const [text, length] = [new Uint8Array(8192), new Int32Array(1)]
    errorString(code, koffi.address(text), koffi.address(length))
    throw new VesaliusError('MPI_FAILED', `${name} failed: ${textOf(text, length)}.`)
  }
  const now = (name: string, ...parameters: string[]) => {
    const call = define(name, ...parameters)
    return (...values: (Handle | null)[]): void => check(name, call(...values) as number)
  }
  const elsewhere = (name: string, ...parameters: string[]) => {
    const call = define(name, ...parameters)
    return (...values: (Handle | null)[]): Promise<void> =>
      new Promise((resolve, reject) => {
        call.async(...values, (error: Error | null, code: number) => {
          try {
            if (error !== null) throw error
            check(name, code)
            resolve()
          } catch (problem) {
            reject(problem)
          }
        })
      })
  }

  const version = now('MPI_Get_library_version', memory, memory)
  const initialize = now('MPI_Init_thread', 'void *', 'void *', 'int', memory)
  const setErrors = now('MPI_Comm_set_errhandler', handle, handle)
  const commRank = now('MPI_Comm_rank', handle, memory)
  const commSize = now('MPI_Comm_size', handle, memory)
  const finalize = now('MPI_Finalize')
  const barrier = elsewhere('MPI_Barrier', handle)
  const broadcast = elsewhere('MPI_Bcast', memory, 'int', handle, 'int', handle)
  const allGather = elsewhere('MPI_Allgather', memory, 'int', handle, memory, 'int', handle, handle)
  const reduceScatter = elsewhere('MPI_Reduce_scatter_block', memory, memory, 'int', handle, handle, handle)
  const allReduce = elsewhere('MPI_Allreduce', memory, memory, 'int', handle, handle, handle)
  const abort = elsewhere('MPI_Abort', handle, 'int')

  const asked = (ask: (address: bigint) => void): number => {
    const value = new Int32Array(1)
    ask(koffi.address(value))
    return value[0] as number
  }
  const text = new Uint8Array(8192)
  const length = new Int32Array(1)
  version(koffi.address(text), koffi.address(length))

  return {
    family,
    version: (textOf(text, length).split(/[\n,]/)[0] as string).replace(/\s+/g, ' ').trim(),
    addressOf: (numbers) => koffi.address(numbers),
    initialize() {
      const given = asked((address) => initialize(null, null, serialized, address))
      if (given < serialized) {
        throw new VesaliusError('MPI_FAILED', `${family} on this machine was built without support for threads.`, {
          hint: 'Use a build with MPI_THREAD_SERIALIZED or MPI_THREAD_MULTIPLE (the usual packages have it).',
        })
      }
      setErrors(world, errorsReturn)
      return { rank: asked((address) => commRank(world, address)), size: asked((address) => commSize(world, address)) }
    },
    barrier: () => barrier(world),
    broadcast: (address, count, type, root) => broadcast(address, count, types[type], root, world),
    allGather: (from, to, count, type) => allGather(from, count, types[type], to, count, types[type], world),
    reduceScatter: (from, to, count) => reduceScatter(from, to, count, types.float32, operations.sum, world),
    allReduce: (address, count, type, operation) =>
      allReduce(inPlace, address, count, types[type], operations[operation], world),
    abort: (code) => abort(world, code),
    finalize: () => finalize(),
  }
}

function textOf(bytes: Uint8Array, length: Int32Array): string {
  return Buffer.from(bytes.subarray(0, length[0])).toString('utf8').replace(/\0/g, '').trim()
}
