/** @file Several processes as one run: communicator, gathering across ranks, what it costs. */

export { alone, type Communicator, openCommunicator, type Raw } from './communicator.ts'
export { allGather, type GatherOptions, reduceScatter } from './gather.ts'
