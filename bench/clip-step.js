/**
 * @file A training step of CLIP (forward, backward, clip, AdamW) against PyTorch on the same sizes, same threads.
 *
 *   npm run build && node bench/clip-step.js PYTHON [THREADS]
 */

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openRuntime } from '../dist/engine/index.js'
import { modelSchema } from '../dist/models/config.js'
import { openTraining } from '../dist/nn/index.js'
import { objectiveOf } from '../dist/pretrain/index.js'
import { buildStep } from '../dist/pretrain/step.js'

const [python = 'python3', threads = String(availableParallelism())] = process.argv.slice(2)
const size = {
  batch: 32,
  image: 96,
  patch: 16,
  width: 256,
  layers: 4,
  heads: 4,
  vocabulary: 2000,
  tokens: 64,
  joint: 128,
}
const [warm, timed] = [3, 15]

const { batch: b, image, patch, width, layers, heads, vocabulary, tokens, joint } = size
const model = modelSchema.parse({
  image: { kind: 'vit', size: image, channels: 3, patch, width, layers, heads },
  text: { kind: 'clip-text', vocabulary, context: tokens, width, layers, heads, bos: 1, eos: 2, pad: 2 },
  joint,
  logitScale: Math.log(1 / 0.07),
})
const runtime = openRuntime({ threads: Number(threads) })
const training = await openTraining({
  runtime,
  build: (scope) => buildStep(scope, { batch: b, tokens }, { model, objective: objectiveOf('clip'), config: {} }),
  first: {},
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1 },
  clipNorm: 1,
  seed: 1,
})
const ids = Int32Array.from({ length: b * tokens }, (_, i) => (i % tokens === tokens - 1 ? 2 : 3 + ((i * 7919) % 1900)))
const feeds = () => ({
  pixels: {
    dtype: 'float32',
    shape: [b, 3, image, image],
    data: Float32Array.from({ length: b * 3 * image ** 2 }, (_, i) => Math.sin(i)),
  },
  ids: { dtype: 'int32', shape: [b, tokens], data: ids.slice() },
  mask: { dtype: 'int32', shape: [b, tokens], data: new Int32Array(b * tokens).fill(1) },
  weights: { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
})
const seconds = []
for (let i = 0; i < warm + timed; i++) {
  const fed = feeds()
  const began = performance.now()
  await training.step({}, fed, 1e-4)
  if (i >= warm) seconds.push((performance.now() - began) / 1000)
}
await runtime.close()
const median = (list) => list.toSorted((x, y) => x - y)[Math.floor(list.length / 2)]

const script = fileURLToPath(new URL('clip_step.py', import.meta.url))
const peer = spawnSync(python, [script, JSON.stringify({ ...size, threads: Number(threads), warm, timed })], {
  encoding: 'utf8',
})
if (peer.status !== 0) {
  console.error(`The peer did not run: ${peer.error?.message ?? peer.stderr.trim().split('\n').at(-1)}`)
  process.exit(1)
}
const other = JSON.parse(peer.stdout)
const ours = median(seconds)
console.log(
  JSON.stringify({
    bench: 'clip-step',
    size,
    threads: Number(threads),
    seconds: ours,
    peer: other,
    ratio: ours / other.seconds,
  }),
)
