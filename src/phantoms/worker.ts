/** @file Worker thread of generate.ts: makes and writes its share of the studies, reports each record. */

import { parentPort, workerData } from 'node:worker_threads'
import { messageOf, VesaliusError } from '../core/errors.ts'
import { runHere, type WorkerJob } from './generate.ts'

runHere(workerData as WorkerJob, (report) => parentPort?.postMessage(report)).catch((error: unknown) => {
  const code = error instanceof VesaliusError ? error.code : 'RUNTIME_FAILED'
  parentPort?.postMessage({ error: { code, message: messageOf(error) } })
})
