/** @file Public face of the engine in Node: what runs anywhere, and what needs Node. For browsers see web/. */

export { type GraphPrint, graphChange, graphPrint } from './inspect/canonical.ts'
export { allGather, alone, type Communicator, openCommunicator, type Raw, reduceScatter } from './mpi/index.ts'
export * from './portable.ts'
export { openRuntime } from './runtime/runtime.ts'
