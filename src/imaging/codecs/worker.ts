/** @file The worker thread of pool.ts: one stream at a time. */

import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../core/errors.ts'
import { decodeStream, type StreamJob } from './decode.ts'
import type { StreamReply } from './pool.ts'

parentPort?.on('message', (job: StreamJob) => {
  parentPort!.postMessage({ begun: true } satisfies StreamReply)
  decodeStream(job).then(
    ({ values, precision }) => {
      const reply: StreamReply = { values, precision }
      const { buffer } = values
      const owned = buffer instanceof ArrayBuffer && buffer.byteLength === values.byteLength
      parentPort!.postMessage(reply, owned ? [buffer] : [])
    },
    (error: unknown) => parentPort!.postMessage({ error: messageOf(error) } satisfies StreamReply),
  )
})
