/**
 * @file Gradient caching: a batch of 256 pairs whose towers run in chunks, against a plain batch of 32. Time a pair, and
 * the largest memory of the process; each variant runs in a process of its own, and variants take turns.
 *
 *   npm run build && node bench/gradient-caching.js [ROUNDS] [STEPS] [CHUNK] [THREADS]
 */

import { inChild, median, writeResult } from './child.js'

const [rounds = 2, steps = 1, chunk = 32, threads = 2] = process.argv.slice(2).map(Number)

async function measure({ batch, chunk, threads, steps }) {
  const { openRuntime } = await import('../dist/engine/index.js')
  const { openTraining } = await import('../dist/nn/index.js')
  const { runSchema } = await import('../dist/pretrain/config.js')
  const { syntheticFeeds, syntheticStep } = await import('../dist/pretrain/synthetic.js')
  const { buildStep, cachingOf } = await import('../dist/pretrain/step.js')
  const model = { image: 'vit-small', text: 'clip-text-small', size: 224, tokens: 77, batch, vocabulary: 10_000 }
  const synthetic = syntheticStep({ ...model, joint: 256 })
  const runtime = openRuntime({ threads })
  const training = await openTraining({
    runtime,
    build: (scope, shape) => buildStep(scope, shape, synthetic.step),
    first: synthetic.shape,
    caching: cachingOf({ train: { chunk, batchStatistics: 'refuse' } }, synthetic.step),
    optimizer: runSchema.shape.train.parse({}).optimizer,
    clipNorm: 1,
    seed: 1,
  })
  // The first step warms up with the compilation of the sessions in it.
  const seconds = []
  const cpuSeconds = []
  for (let i = 0; i <= steps; i++) {
    const feeds = syntheticFeeds(synthetic)
    const began = performance.now()
    const busy = process.cpuUsage()
    await training.step(synthetic.shape, feeds, 1e-4)
    const { user, system } = process.cpuUsage(busy)
    if (i === 0) continue
    seconds.push((performance.now() - began) / 1000)
    cpuSeconds.push((user + system) / 1e6)
  }
  await runtime.close()
  return { seconds, cpuSeconds, bytes: process.resourceUsage().maxRSS * 1024 }
}

await inChild(measure)

const variants = { plain: { batch: 32 }, cached: { batch: 256, chunk } }
const runs = { plain: [], cached: [] }
for (let round = 0; round < rounds; round++)
  for (const [name, options] of Object.entries(variants))
    runs[name].push(measure.inChild({ ...options, threads, steps: name === 'plain' ? 4 * steps : steps }))
const [plain, cached] = Object.entries(variants).map(([name, { batch }]) => ({
  batch,
  secondsAPair: median(runs[name].flatMap((run) => run.seconds)) / batch,
  /** Of all threads: what counts on a machine that others use too. */
  cpuSecondsAPair: median(runs[name].flatMap((run) => run.cpuSeconds)) / batch,
  gigabytes: median(runs[name].map((run) => run.bytes)) / 1e9,
}))
writeResult('gradient-caching', {
  model: 'ViT 384x12, patch 16, 224 px; text 256x6, 77 tokens',
  chunk,
  threads,
  plain,
  cached,
  time: cached.secondsAPair / plain.secondsAPair,
  cpuTime: cached.cpuSecondsAPair / plain.cpuSecondsAPair,
  memory: cached.gigabytes / plain.gigabytes,
})
