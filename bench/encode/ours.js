/**
 * @file One side of the encoding bench: ONNX Runtime through a model folder of Vesalius. Driven by lines on stdin.
 *
 *   node bench/encode/ours.js CASE THREADS FOLDER        writes the weights for the other side into FOLDER
 */

import { createInterface } from 'node:readline'
import { initialValues, input, lowerServing, openRuntime, valuesByName } from '../../dist/engine/index.js'
import { modelSchema } from '../../dist/models/config.js'
import { modelLayout, writeWeights } from '../../dist/models/folder.js'
import { encodeImage, encodeText } from '../../dist/models/two-tower.js'
import { trace } from '../../dist/nn/index.js'
import { cases, chunk, studies } from './cases.js'

const [name, threads, folder] = process.argv.slice(2)
const { model, tokens } = cases[name]
const config = modelSchema.parse(model)
const layout = modelLayout(config)
const flat = initialValues(layout, 1)
await writeWeights(folder, { config, layout, flat })
const values = valuesByName(layout, flat)
const { size, channels } = config.image
const runtime = openRuntime({ threads: Number(threads) })
const load = (make) =>
  runtime.load(lowerServing((batch) => trace((scope) => make(scope, batch), { training: false }).outputs, values).bytes)
const image = await load((scope, b) => ({
  out: encodeImage(scope, input('pixels', [b, channels, size, size]), config).global,
}))
const text = await load((scope, b) => ({
  out: encodeText(scope, input('ids', [b, tokens], 'int32'), input('mask', [b, tokens], 'int32'), config).global,
}))

const length = channels * size * size
const pixels = Array.from({ length: studies / chunk }, (_, c) =>
  Float32Array.from({ length: chunk * length }, (_, i) => Math.sin(((i % 9973) + c) * 0.1)),
)
const ids = Array.from({ length: studies / chunk }, (_, c) =>
  Int32Array.from({ length: chunk * tokens }, (_, i) =>
    i % tokens === tokens - 1 ? config.text.eos : 3 + ((i * 7919 + c * 31) % 20_000),
  ),
)
const say = (answer) => console.log(JSON.stringify(answer))
say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('go')) break
  const began = performance.now()
  let sample = []
  for (let c = 0; c < studies / chunk; c++) {
    // A copy each: what is handed over is gone.
    const feeds = { pixels: { dtype: 'float32', shape: [chunk, channels, size, size], data: pixels[c].slice() } }
    const seen = await image.run({ feeds, fetch: ['out'] })
    const words = {
      ids: { dtype: 'int32', shape: [chunk, tokens], data: ids[c].slice() },
      mask: { dtype: 'int32', shape: [chunk, tokens], data: new Int32Array(chunk * tokens).fill(1) },
    }
    const read = await text.run({ feeds: words, fetch: ['out'] })
    if (c === 0) sample = [...seen.outputs.out.data.slice(0, 8), ...read.outputs.out.data.slice(0, 8)]
  }
  say({ seconds: [(performance.now() - began) / 1000], sample })
}
say({ done: true })
await runtime.close()
