/**
 * @file The loss of 200 training steps beside PyTorch's, from the same weights on the same batches: how far the two drift
 * apart. Writes bench/results/curves.json. Each side can be run by itself; its losses are kept beside the other's.
 *
 *   npm run build && node bench/curves.js [PYTHON] [STEPS] [ours | peer]
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson } from '../dist/core/files.js'
import { writeResult } from './child.js'
import { rate } from './step/cases.js'
import { startOurs, startPeer, writeInitialWeights } from './step/side.js'

const [python = 'python3', wanted = '200', only] = process.argv.slice(2)
const [name, threads, steps] = ['clip-8', '2', Number(wanted)]
const known = await readJson(fileURLToPath(new URL('./results/curves.json', import.meta.url))).catch(() => undefined)
const curves = { ...known?.curves }
let versions = known?.versions
const folder = await mkdtemp(join(tmpdir(), 'vesalius-curves-'))
try {
  writeInitialWeights(name, threads, folder)
  const start = { ours: () => startOurs(name, threads, folder), peer: () => startPeer(python, name, threads, folder) }
  for (const key of only === undefined ? Object.keys(start) : [only]) {
    const side = await start[key]()
    if (key === 'peer') versions = { torch: side.ready.version }
    curves[key] = []
    while (curves[key].length < steps) {
      curves[key].push(...(await side.go(Math.min(10, steps - curves[key].length))).losses)
      process.stderr.write(`${key}, step ${curves[key].length}: ${curves[key].at(-1).toFixed(6)}\n`)
    }
    await side.end()
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
const both = Math.min(curves.ours?.length ?? 0, curves.peer?.length ?? 0)
const relative = Array.from({ length: both }, (_, i) => Math.abs(curves.ours[i] / curves.peer[i] - 1))
const largest = (to) => Math.max(0, ...relative.slice(0, to))
writeResult('curves', {
  case: name,
  versions,
  rate,
  steps: both,
  largest: { first10: largest(10), first50: largest(50), all: largest(both) },
  curves,
})
