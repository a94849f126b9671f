/**
 * @file Encoding of 1,000 studies (pictures and reports as tensors in memory) against PyTorch with the same weights, the two
 * sides taking turns in one run. Checks that both give the same vectors, prints a table and writes
 * bench/results/encode.json; ratio = PyTorch's time / ours.
 *
 *   node bench/encode.js [PYTHON] [CASE ...]        PYTHON has torch and transformers
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson } from '../dist/core/files.js'
import { median, writeResult } from './child.js'
import { cases, studies } from './encode/cases.js'
import { side } from './step/side.js'

const [python = 'python3', ...asked] = process.argv.slice(2)
const threads = 2
const rounds = 2
const file = (name) => fileURLToPath(new URL(name, import.meta.url))

async function compare(name) {
  const folder = await mkdtemp(join(tmpdir(), 'vesalius-encode-'))
  try {
    const ours = await side(process.execPath, [file('./encode/ours.js'), name, String(threads), folder])
    const peer = await side(python, [file('./encode/peer.py'), JSON.stringify(cases[name]), String(threads), folder])
    const seconds = { ours: [], peer: [] }
    for (const each of [ours, peer]) await each.go(1)
    let difference = 0
    for (let round = 0; round < rounds; round++) {
      const [a, b] = [await ours.go(1), await peer.go(1)]
      seconds.ours.push(...a.seconds)
      seconds.peer.push(...b.seconds)
      difference = Math.max(difference, ...a.sample.map((value, i) => Math.abs(value - b.sample[i])))
    }
    const versions = { torch: peer.ready.version }
    await Promise.all([ours.end(), peer.end()])
    if (!(difference < 1e-3)) throw new Error(`The two sides do not agree: vectors differ by ${difference}.`)
    const times = { ours: median(seconds.ours), peer: median(seconds.peer) }
    return { name, studies, ...times, ratio: times.peer / times.ours, difference, samples: seconds, versions }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const known = await readJson(file('./results/encode.json')).catch(() => ({ rows: [] }))
const rows = new Map(known.rows.map((row) => [row.name, row]))
for (const name of asked.length > 0 ? asked : Object.keys(cases)) {
  const row = await compare(name)
  rows.set(name, row)
  const { ours, peer, ratio } = row
  process.stderr.write(
    `${name.padEnd(12)} ours ${ours.toFixed(2)} s  PyTorch ${peer.toFixed(2)} s  ratio ${ratio.toFixed(2)}\n`,
  )
}
writeResult('encode', { threads, rows: Object.keys(cases).flatMap((name) => rows.get(name) ?? []) })
