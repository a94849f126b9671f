/**
 * @file Training steps (forward, backward, clipping, AdamW) against PyTorch on the same machine, model, batch, loss and
 * optimizer, the sides taking turns. Prints a table and writes bench/results/step.json; ratio = PyTorch's time / ours.
 *
 *   npm run bench:step -- [PYTHON] [CASE ...]        PYTHON has torch, torchvision and transformers
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson, writeJsonAtomic } from '../dist/core/files.js'
import { cases } from './step/cases.js'
import { startOurs, startPeer, writeInitialWeights } from './step/side.js'

const [python = 'python3', ...asked] = process.argv.slice(2)
const threads = '2'
const file = (name) => fileURLToPath(new URL(name, import.meta.url))
const median = (list) => list.toSorted((x, y) => x - y)[Math.floor(list.length / 2)]

async function compare(name) {
  const one = cases[name]
  const folder = await mkdtemp(join(tmpdir(), 'vesalius-step-'))
  try {
    writeInitialWeights(name, threads, folder)
    const ours = await startOurs(name, threads, folder)
    const peer = await startPeer(python, name, threads, folder)
    const compiled = one.compile ? await startPeer(python, name, threads, folder, 'compile') : undefined
    const sides = { ours, peer, ...(compiled === undefined ? {} : { compiled }) }
    const seconds = Object.fromEntries(Object.keys(sides).map((key) => [key, []]))
    for (const each of Object.values(sides)) await each.go(one.warm)
    for (let round = 0; round < one.rounds; round++) {
      for (const [key, each] of Object.entries(sides)) seconds[key].push(...(await each.go(one.steps)).seconds)
    }
    const memory = {}
    for (const [key, each] of Object.entries(sides)) memory[key] = (await each.end()).memory
    const times = Object.fromEntries(Object.entries(seconds).map(([key, list]) => [key, median(list)]))
    return {
      name,
      ours: times.ours,
      peer: times.peer,
      ratio: times.peer / times.ours,
      memory: { ours: memory.ours, peer: memory.peer, ratio: memory.ours / memory.peer },
      ...(compiled ? { compiled: times.compiled, ratioCompiled: times.compiled / times.ours } : {}),
      parameters: { ours: ours.ready.parameters, peer: peer.ready.parameters },
      samples: seconds,
      versions: { torch: peer.ready.version },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const target = file('./results/step.json')
const known = await readJson(target).catch(() => ({ rows: [] }))
const rows = new Map(known.rows.map((row) => [row.name, row]))
let torch = known.versions?.torch
for (const name of asked.length > 0 ? asked : Object.keys(cases)) {
  const { versions, ...row } = await compare(name)
  torch = versions.torch
  rows.set(name, row)
  const gigabytes = (bytes) => `${(bytes / 2 ** 30).toFixed(2)} GB`
  console.log(
    `${name.padEnd(12)} ours ${row.ours.toFixed(3)} s  PyTorch ${row.peer.toFixed(3)} s  ratio ${row.ratio.toFixed(2)}  ` +
      `memory ${gigabytes(row.memory.ours)} / ${gigabytes(row.memory.peer)}`,
  )
}
const order = Object.keys(cases)
await writeJsonAtomic(target, {
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), threads: Number(threads) },
  versions: {
    torch,
    node: process.version,
    onnxruntime: (await readJson(file('../node_modules/onnxruntime-node/package.json'))).version,
  },
  rows: [...rows.values()].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
})
