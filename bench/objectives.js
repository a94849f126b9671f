/**
 * @file Time and memory of a training step of every objective, relative to CLIP at the same towers, batch and texts, the two
 * taking turns. Prints a table and writes bench/results/objectives.json.
 *
 *   node bench/objectives.js [OBJECTIVE ...]          steps of each objective
 *   node bench/objectives.js --encoders               steps of Pan et al. 2023 by image tower, and its size
 *   node bench/objectives.js --gloria                 memory of a step of GLoRIA by batch, its attention in chunks and whole:
 *                                                     what the plan says, and the most that a process of its own held
 */

import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { readJson, writeJsonAtomic } from '../dist/core/files.js'
import { estimateMemory, openRuntime } from '../dist/engine/index.js'
import { openTraining } from '../dist/nn/index.js'
import { runSchema } from '../dist/pretrain/config.js'
import { objectives } from '../dist/pretrain/objectives.js'
import { buildStep } from '../dist/pretrain/step.js'
import { syntheticFeeds, syntheticStep, traceSynthetic } from '../dist/pretrain/synthetic.js'
import { rulesOf, treatmentsOf } from '../dist/pretrain/treatments.js'

const threads = 2
const file = fileURLToPath(new URL('./results/objectives.json', import.meta.url))
const median = (list) => list.toSorted((x, y) => x - y)[Math.floor(list.length / 2)]

/** Text and image towers of all: masked modelling needs patches, so everyone gets a vision transformer. */
const sizes = { image: 'vit-tiny', text: 'bert-tiny', size: 64, batch: 16, tokens: 32, vocabulary: 1000, joint: 64 }

async function open(objective, more = {}) {
  const runtime = openRuntime({ threads })
  const made = syntheticStep({ ...sizes, ...more, objective })
  const { optimizer, parameters, layerDecay } = runSchema.shape.train.parse({})
  const training = await openTraining({
    runtime,
    build: (scope, shape) => buildStep(scope, shape, made.step),
    first: made.shape,
    optimizer,
    treatments: (declarations) =>
      treatmentsOf(declarations, { parameters: rulesOf(made.step, { parameters }), layerDecay }),
    seed: 1,
  })
  const step = async () => {
    const feeds = syntheticFeeds(made)
    const began = performance.now()
    await training.step(made.shape, feeds, 1e-4)
    return (performance.now() - began) / 1000
  }
  const { values } = estimateMemory([traceSynthetic(made).outputs], { length: made.layout.length, vectors: 2 })
  return { step, trained: training.layout.trained, values, end: () => runtime.close() }
}

/** Steps of an objective and of CLIP in turns; median seconds of each. */
async function compare(id, rounds = 5) {
  const [one, clip] = [await open(id), await open('clip')]
  const times = { one: [], clip: [] }
  for (const side of [one, clip]) for (let i = 0; i < 2; i++) await side.step()
  for (let i = 0; i < rounds; i++) {
    times.one.push(await one.step())
    times.clip.push(await clip.step())
  }
  const [seconds, of] = [median(times.one), median(times.clip)]
  const row = {
    id,
    seconds,
    clip: of,
    ratio: seconds / of,
    parameters: one.trained,
    megabytes: one.values / 2 ** 20,
    memoryRatio: one.values / clip.values,
  }
  await one.end()
  await clip.end()
  return row
}

/** Bytes of values that a step of GLoRIA holds at most, by batch, with its attention in chunks and whole. */
function gloria() {
  return [8, 16, 32, 64, 128].map((batch) => {
    const bytes = (chunk) => {
      const made = syntheticStep({ ...sizes, batch, objective: 'gloria' })
      const step = { ...made.step, config: { ...made.step.config, chunk } }
      const outputs = traceSynthetic({ ...made, step }).outputs
      return estimateMemory([outputs], { length: made.layout.length, vectors: 2 }).values
    }
    const clip = traceSynthetic(syntheticStep({ ...sizes, batch, objective: 'clip' })).outputs
    const towers = estimateMemory([clip], { length: 0, vectors: 0 }).values
    const row = { batch, chunked: bytes(8), whole: bytes(batch), clip: towers }
    return { ...row, chunkedHeld: heldBy(batch, 8), wholeHeld: heldBy(batch, batch) }
  })
}

/** Most memory of a process that trains two steps of GLoRIA, bytes, beyond that of one that only opens the runtime. */
function heldBy(batch, chunk) {
  const ask = (...words) => {
    const { stdout, status, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...words])
    if (status !== 0) throw new Error(String(stderr))
    return Number(String(stdout))
  }
  return ask('--held', String(batch), String(chunk)) - ask('--held', '0', '0')
}

/** The work of such a process. */
async function hold(batch, chunk) {
  const runtime = openRuntime({ threads })
  if (batch > 0) {
    const made = syntheticStep({ ...sizes, batch, objective: 'gloria' })
    const step = { ...made.step, config: { ...made.step.config, chunk } }
    const { optimizer } = runSchema.shape.train.parse({})
    const build = (scope, shape) => buildStep(scope, shape, step)
    const training = await openTraining({ runtime, build, first: made.shape, optimizer, seed: 1 })
    for (let i = 0; i < 2; i++) await training.step(made.shape, syntheticFeeds(made), 1e-4)
  }
  await runtime.close()
  process.stdout.write(String(process.resourceUsage().maxRSS * 1024))
}

const asked = process.argv.slice(2)
if (asked[0] === '--held') {
  await hold(Number(asked[1]), Number(asked[2]))
  process.exit()
}
const known = await readJson(file).catch(() => ({}))
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, gigabytes: Math.round(totalmem() / 2 ** 30), threads }
if (asked[0] === '--gloria') {
  const rows = gloria()
  console.table(
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([k, v]) => [k, k === 'batch' ? v : `${(v / 2 ** 20).toFixed(1)} MB`]),
      ),
    ),
  )
  await writeJsonAtomic(file, { ...known, gloria: rows })
} else if (asked[0] === '--encoders') {
  const rows = []
  for (const image of ['resnet-tiny', 'vit-tiny', 'resnet-18', 'vit-small', 'resnet-50']) {
    const one = await open('pan-2023', { image })
    const times = []
    for (let i = 0; i < 6; i++) times.push(await one.step())
    rows.push({ image, seconds: median(times.slice(1)), trained: one.trained, megabytes: one.values / 2 ** 20 })
    await one.end()
  }
  console.table(rows)
  await writeJsonAtomic(file, { ...known, machine, sizes, encoders: rows })
} else {
  const rows = new Map((known.steps ?? []).map((row) => [row.id, row]))
  for (const { id } of objectives) {
    if (id === 'supervised' || (asked.length > 0 && !asked.includes(id))) continue
    const row = await compare(id)
    rows.set(id, row)
    await writeJsonAtomic(file, { ...known, machine, sizes, steps: [...rows.values()] })
  }
  const digits = (value, n) => Number(value.toFixed(n))
  console.table(
    [...rows.values()].map(({ id, seconds, ratio, parameters, megabytes, memoryRatio }) => ({
      objective: id,
      'ms a step': digits(seconds * 1000, 1),
      'times CLIP': digits(ratio, 2),
      parameters,
      'MB of values': digits(megabytes, 1),
      'memory, times CLIP': digits(memoryRatio, 2),
    })),
  )
}
