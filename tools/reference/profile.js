/**
 * @file Records ONNX Runtime's own profile of three runs of a small training graph -> test/golden/onnxruntime-profile.json.
 * Processes, threads and their statistics are left out, the rest is as it was written.
 *
 *   npm run build && node tools/reference/profile.js
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gelu, gradients, input, lowerTraining, openRuntime, square, sum } from '../../dist/engine/index.js'
import { linear, trace } from '../../dist/nn/index.js'

const { outputs: loss, tensors } = trace(
  (scope) => {
    const hidden = gelu(linear(scope.in('head', 'first'), input('x', [64, 32]), 48))
    return sum(square(linear(scope.in('head', 'second'), hidden, 16)))
  },
  { training: true },
)
const named = { loss }
gradients(loss, [...tensors.values()]).forEach((gradient, i) => {
  named[`d${i}`] = gradient
})
const model = lowerTraining(named)
const folder = mkdtempSync(join(tmpdir(), 'profile-'))
const runtime = openRuntime({ threads: 2 })
const session = await runtime.load(model.bytes, { profile: join(folder, 'p') })
for (let i = 0; i < 3; i++) {
  const feeds = {}
  for (const { name, shape } of model.inputs) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1)
    feeds[name] = { dtype: 'float32', shape, data }
  }
  await session.run({ feeds, fetch: Object.keys(named) })
}
await session.dispose()
await runtime.close()
const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8'))
const lines = events.map(({ args: { thread_scheduling_stats, ...args }, ...event }) =>
  JSON.stringify({ ...event, pid: 1, tid: 1, args }),
)
writeFileSync(new URL('../../test/golden/onnxruntime-profile.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`)
rmSync(folder, { recursive: true })
