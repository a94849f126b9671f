/**
 * @file Two ranks against one with the same threads a rank and the same batch a rank, with and without overlap, and
 * against two runs at once that exchange nothing (what two processes cost each other on this machine); what all-reduce
 * and all-gather take by size; what the cost model says. Prints one JSON document and writes bench/results/mpi.json.
 *
 *   npm run build && node bench/mpi.js [MPIRUN [OPTION ...]]        MPIRUN: mpirun by default
 */

import { spawn } from 'node:child_process'
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
const [warm, timed, rounds] = [1, 5, 3]
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

/** A CLIP in training on these ranks, one thread each, and the feeds of a step. */
async function open(ranks, overlap) {
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
  const pixels = Float32Array.from({ length: b * 3 * image ** 2 }, (_, i) => Math.sin(i))
  const feeds = () => ({
    pixels: { dtype: 'float32', shape: [b, 3, image, image], data: pixels.slice() },
    ids: { dtype: 'int32', shape: [b, tokens], data: ids.slice() },
    mask: { dtype: 'int32', shape: [b, tokens], data: new Int32Array(b * tokens).fill(1) },
    weights: { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
  })
  return { training, runtime, feeds, seconds: [], waited: [] }
}

/** Two ranks that are this process: what the exchanges cut the graph into, without exchanging anything. */
function echo(one) {
  const allGather = async (part) => {
    const whole = new part.constructor(2 * part.length)
    whole.set(part)
    whole.set(part, part.length)
    return whole
  }
  const reduceScatter = async (whole) => whole.slice(0, whole.length / 2)
  return { ...one, size: 2, allGather, reduceScatter }
}

/**
 * Median seconds of a step, and of waiting for other ranks. On several ranks with and without overlap, in turn; on one,
 * as it is and with the graph cut as for two ranks.
 */
async function steps(ranks) {
  const cut = ranks.size === 1 ? echo(ranks) : ranks
  const opened = [await open(ranks, true), await open(cut, ranks.size === 1)]
  for (let i = 0; i < warm + timed; i++) {
    for (const { training, feeds, seconds, waited } of opened) {
      const fed = feeds()
      await ranks.barrier()
      const began = performance.now()
      const result = await training.step({}, fed, 1e-4)
      if (i < warm) continue
      seconds.push((performance.now() - began) / 1000)
      waited.push(result.waited)
    }
  }
  const { entries } = opened[0].training.layout
  const bytes = (pattern) => 4 * entries.reduce((sum, e) => sum + (pattern.test(e.name) ? e.size : 0), 0)
  for (const { runtime } of opened) await runtime.close()
  const found = opened.map(({ seconds, waited }) => ({ seconds: median(seconds), waited: median(waited) }))
  return { found, first: bytes(/^text_/), rest: bytes(/^(vision_|visual_|logit_)/) }
}

/** Starts this file as a rank, with or without mpirun, and returns what it printed. */
function start(command, line) {
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }
  const child = spawn(command, line, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 120_000 })
  let said = ''
  child.stdout.on('data', (part) => {
    said += part
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(said.trim().split('\n').at(-1)))
      else reject(new Error(`${command} ${line.join(' ')} ended with ${code}`))
    })
  })
}

async function main([mpirun = 'mpirun', ...options]) {
  const rank = (what) => [process.execPath, fileURLToPath(import.meta.url), '--rank', what]
  const alone = () => start(process.execPath, rank('steps').slice(1))
  const two = (what) => start(mpirun, [...options, '-n', '2', ...rank(what)])
  const { library, result: calls } = await two('micro')
  const runs = []
  for (let i = 0; i < rounds; i++) {
    const one = (await alone()).result
    const beside = await Promise.all([alone(), alone()])
    const shared = (await two('steps')).result
    runs.push({ one, beside: beside.map(({ result }) => result.found[0].seconds), shared })
  }
  const over = (pick) => median(runs.map(pick))
  const one = over((run) => run.one.found[0].seconds)
  const cut = over((run) => run.one.found[1].seconds)
  const beside = over((run) => Math.max(...run.beside))
  const row = (name, ranks, seconds, waited) => ({
    name,
    ranks,
    seconds,
    waited,
    pairsPerSecond: (ranks * size.batch) / seconds,
    ratio: (ranks * one) / seconds,
  })
  const large = calls.filter(({ bytes }) => bytes >= 1e5)
  const link = fitLink(
    2,
    large.map(({ bytes, allReduce }) => ({ bytes, seconds: allReduce })),
  )
  const { first, rest } = runs[0].one
  const patches = (size.image / size.patch) ** 2 + 1
  // Work goes with the tokens of each tower (their widths and depths are equal); two thirds of it are backward.
  // Two processes cost each other what they cost when they exchange nothing; the graph is cut as it is on one.
  const compute = (beside * cut) / one
  const cover = (compute * (2 / 3) * patches) / (patches + size.tokens)
  const work = { batch: size.batch, compute, pairwise: 0, features: 2 * 4 * size.joint, first, rest, cover }
  const document = {
    bench: 'mpi',
    machine: { processor: cpus()[0]?.model, cores: cpus().length },
    versions: { node: process.version, library },
    size,
    calls,
    link,
    gradients: { first, rest },
    rows: [
      row('1 rank, 1 thread', 1, one, 0),
      row('1 rank, graph cut as for 2', 1, cut, 0),
      row('2 runs at once that exchange nothing', 2, beside, 0),
      ...['with', 'without'].map((kind, i) =>
        row(
          `2 ranks, 1 thread each, ${kind} overlap`,
          2,
          over(({ shared }) => shared.found[i].seconds),
          over(({ shared }) => shared.found[i].waited),
        ),
      ),
    ],
    predicted: {
      overlap: stepCost(2, work, link),
      plain: stepCost(2, { ...work, first: 0, rest: first + rest }, link),
    },
  }
  const text = JSON.stringify(document, null, 2)
  const results = fileURLToPath(new URL('results/', import.meta.url))
  mkdirSync(results, { recursive: true })
  writeFileSync(`${results}mpi.json`, `${text}\n`)
  console.log(text)
}

if (process.argv[2] === '--rank') {
  const ranks = await openCommunicator()
  const result = process.argv[3] === 'micro' ? await micro(ranks) : await steps(ranks)
  if (ranks.rank === 0) console.log(JSON.stringify({ library: ranks.library ?? null, result }))
  await ranks.finalize()
} else {
  await main(process.argv.slice(2))
}
