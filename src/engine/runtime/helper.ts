/** @file A thread that runs vector kernels beside that of ONNX Runtime, in the memory that both share; see {@link team.ts}. */

import { parentPort } from 'node:worker_threads'
import { type Job, openShare } from './share.ts'

if (parentPort === null) throw new Error('This file is a helper of the worker of a runtime; it is not run by itself.')
const work = openShare()
parentPort.on('message', (job: Job) => {
  // The thread that waits must wake up whatever happens.
  try {
    work(job)
  } catch {
    Atomics.store(job.state, 2, 1)
    Atomics.add(job.state, 1, 1)
    Atomics.notify(job.state, 1)
  }
})
