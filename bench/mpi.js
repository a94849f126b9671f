/**
 * @file Two ranks against one with the same threads a rank, the same batch a rank; with and without overlap; and what
 * all-reduce and all-gather take by size. Prints one JSON document and writes it to bench/results/mpi.json.
 *
 *   npm run build && node bench/mpi.js [MPIRUN [OPTION ...]]        MPIRUN: mpirun by default
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openCommunicator, openRuntime } from '../dist/engine/index.js'
import { fitLink, stepCost } from '../dist/engine/mpi/cost-model.js'
import { modelSchema } from '../dist/models/config.js'
import { openTraining } from '../dist/nn/index.js'
import { objectiveOf } from '../dist/pretrain/index.js'
import { buildStep } from '../dist/pretrain/step.js'

const size = {
  batch: 16,
  image: 96,
  patch: 16,
  width: 256,
  layers: 4,
  heads: 4,
  vocabulary: 20_000,
  tokens: 64,
  joint: 128,
}
const [warm, timed, rounds] = [2, 6, 3]
const sizes = [1e3, 1e4, 1e5, 1e6, 1e7, 4e7, 1.6e8]
const median = (list) => list.toSorted((x, y) => x - y)[Math.floor(list.length / 2)]

/** Median seconds of both calls for each number of bytes; for the gather, bytes of all ranks together. */
async function micro(ranks) {
  const rows = []
  for (const bytes of sizes) {
    const many = bytes > 1e7 ? 5 : 15
    const values = new Float32Array(bytes / 4)
    const part = new Float32Array(bytes / 4 / ranks.size)
    const times = { reduce: [], gather: [] }
    for (let i = 0; i < many + 2; i++) {
      for (const [name, call] of [
        ['reduce', () => ranks.allReduce(values)],
        ['gather', () => ranks.allGather(part)],
      ]) {
        await ranks.barrier()
        const start = performance.now()
        await call()
        if (i >= 2) times[name].push((performance.now() - start) / 1000)
      }
    }
    rows.push({ bytes, allReduce: median(times.reduce), allGather: median(times.gather) })
  }
  return rows
}

/** Median seconds of a step of CLIP on this many ranks, one thread each. */
async function steps(ranks, overlap) {
  const { batch: b, image, patch, width, layers, heads, vocabulary, tokens, joint } = size
  const model = modelSchema.parse({
    image: { kind: 'vit', size: image, channels: 3, patch, width, layers, heads },
    text: { kind: 'clip-text', vocabulary, context: tokens, width, layers, heads, bos: 1, eos: 2, pad: 2 },
    joint,
    logitScale: Math.log(1 / 0.07),
  })
  const runtime = openRuntime({ threads: 1 })
  const options = { model, objective: objectiveOf('clip'), config: {}, ranks, overlap }
  const training = await openTraining({
    runtime,
    build: (scope) => buildStep(scope, { batch: b, tokens }, options),
    first: {},
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1 },
    clipNorm: 1,
    seed: 1,
    ranks: { communicator: ranks, rows: b },
  })
  const ids = Int32Array.from({ length: b * tokens }, (_, i) =>
    i % tokens === tokens - 1 ? 2 : 3 + ((i * 7919) % 1900),
  )
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
  const waited = []
  for (let i = 0; i < warm + timed; i++) {
    const fed = feeds()
    await ranks.barrier()
    const began = performance.now()
    const result = await training.step({}, fed, 1e-4)
    if (i < warm) continue
    seconds.push((performance.now() - began) / 1000)
    waited.push(result.waited ?? 0)
  }
  const bytes = (pattern) =>
    4 * training.layout.entries.reduce((sum, e) => sum + (e.group && pattern.test(e.name) ? e.size : 0), 0)
  const parts = { first: bytes(/^text_/), rest: bytes(/^(vision_|visual_|logit_)/) }
  await training.dispose()
  await runtime.close()
  return { seconds: median(seconds), waited: median(waited), ...parts }
}

if (process.argv[2] === '--rank') {
  const ranks = await openCommunicator()
  const [, , , what] = process.argv
  const result = what === 'micro' ? await micro(ranks) : await steps(ranks, what === 'overlap')
  if (ranks.rank === 0) console.log(JSON.stringify({ library: ranks.library ?? null, result }))
  await ranks.finalize()
} else {
  const [mpirun = 'mpirun', ...options] = process.argv.slice(2)
  const run = (n, what) => {
    const line = [...options, '-n', String(n), process.execPath, fileURLToPath(import.meta.url), '--rank', what]
    const { status, stdout, stderr, error } = spawnSync(mpirun, line, { encoding: 'utf8', timeout: 300_000 })
    if (status !== 0) throw new Error(`${mpirun} ${line.join(' ')}: ${error?.message ?? stderr}`)
    return JSON.parse(stdout.trim().split('\n').at(-1))
  }
  const { library, result: calls } = run(2, 'micro')
  const runs = { one: [], two: [], plain: [] }
  for (let i = 0; i < rounds; i++) {
    runs.one.push(run(1, 'overlap').result)
    runs.two.push(run(2, 'overlap').result)
    runs.plain.push(run(2, 'plain').result)
  }
  const of = (list) => ({ seconds: median(list.map((r) => r.seconds)), waited: median(list.map((r) => r.waited)) })
  const [one, two, plain] = [of(runs.one), of(runs.two), of(runs.plain)]
  const link = fitLink(
    2,
    calls.map(({ bytes, allReduce }) => ({ bytes, seconds: allReduce })),
  )
  const { first, rest } = runs.one[0]
  const work = {
    batch: size.batch,
    compute: one.seconds,
    pairwise: 0,
    features: 2 * 4 * size.joint,
    first,
    rest,
    cover: one.seconds / 3,
  }
  const document = {
    bench: 'mpi',
    machine: { processor: cpus()[0]?.model, cores: cpus().length },
    versions: { node: process.version, library },
    size,
    calls,
    link,
    rows: [
      { name: '1 rank, 1 thread', ranks: 1, ...one, pairsPerSecond: size.batch / one.seconds },
      { name: '2 ranks, 1 thread each', ranks: 2, ...two, pairsPerSecond: (2 * size.batch) / two.seconds },
      { name: '2 ranks, without overlap', ranks: 2, ...plain, pairsPerSecond: (2 * size.batch) / plain.seconds },
    ],
    ratio: (2 * one.seconds) / two.seconds,
    predicted: {
      overlap: stepCost(2, work, link).step,
      plain: stepCost(2, { ...work, first: 0, rest: first + rest }, link).step,
    },
  }
  const text = JSON.stringify(document, null, 2)
  const results = fileURLToPath(new URL('results/', import.meta.url))
  mkdirSync(results, { recursive: true })
  writeFileSync(`${results}mpi.json`, `${text}\n`)
  console.log(text)
}
