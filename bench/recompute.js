/**
 * @file Recomputation: time and memory of a training step with every layer's activations kept, and with them computed
 * again in the backward pass. Each variant runs in a process of its own, whose largest memory is what is reported;
 * variants take turns.
 *
 *   npm run build && node bench/recompute.js [ROUNDS] [STEPS] [BATCH] [THREADS]
 */

import { inChild, median, writeResult } from './child.js'

const [rounds = 2, steps = 2, batch = 32, threads = 2] = process.argv.slice(2).map(Number)

/** One variant in a child process. */
async function measure({ recompute, batch, threads, steps }) {
  const { openRuntime } = await import('../dist/engine/index.js')
  const { openTraining } = await import('../dist/nn/index.js')
  const { syntheticFeeds, syntheticStep } = await import('../dist/pretrain/synthetic.js')
  const { runSchema } = await import('../dist/pretrain/config.js')
  const { buildStep } = await import('../dist/pretrain/step.js')
  const model = { image: 'vit-small', text: 'clip-text-small', size: 224, tokens: 77, batch, vocabulary: 10_000 }
  const synthetic = syntheticStep({ ...model, joint: 256 })
  const runtime = openRuntime({ threads })
  const training = await openTraining({
    runtime,
    build: (scope, shape) => buildStep(scope, shape, synthetic.step),
    first: synthetic.shape,
    recompute,
    optimizer: runSchema.shape.train.parse({}).optimizer,
    clipNorm: 1,
    seed: 1,
  })
  const seconds = []
  const cpuSeconds = []
  const values = []
  for (let i = 0; i <= steps; i++) {
    const feeds = syntheticFeeds(synthetic)
    const began = performance.now()
    const busy = process.cpuUsage()
    const { values: seen, gradientNorm } = await training.step(synthetic.shape, feeds, 1e-4)
    if (i > 0) {
      const { user, system } = process.cpuUsage(busy)
      seconds.push((performance.now() - began) / 1000)
      cpuSeconds.push((user + system) / 1e6)
    }
    values.push(seen.loss, gradientNorm)
  }
  await runtime.close()
  return { seconds, cpuSeconds, values, bytes: process.resourceUsage().maxRSS * 1024 }
}

await inChild(measure)

const variants = ['none', 'layers']
const runs = { none: [], layers: [] }
for (let round = 0; round < rounds; round++)
  for (const recompute of variants) runs[recompute].push(measure.inChild({ recompute, batch, threads, steps }))
const [plain, again] = variants.map((name) => ({
  seconds: median(runs[name].flatMap((run) => run.seconds)),
  /** Of all threads: what counts on a machine that others use too. */
  cpuSeconds: median(runs[name].flatMap((run) => run.cpuSeconds)),
  gigabytes: median(runs[name].map((run) => run.bytes)) / 1e9,
}))
const difference = Math.max(
  ...runs.none[0].values.map((value, i) => Math.abs(value - runs.layers[0].values[i]) / Math.abs(value)),
)
writeResult('recompute', {
  model: 'ViT 384x12, patch 16, 224 px; text 256x6, 77 tokens',
  batch,
  threads,
  none: plain,
  layers: again,
  time: again.seconds / plain.seconds,
  cpuTime: again.cpuSeconds / plain.cpuSeconds,
  memory: again.gigabytes / plain.gigabytes,
  /** Largest relative difference of losses and gradient norms over the steps. */
  difference,
})
