/**
 * @file Studies a second of every phantom domain at 96 px (or its own nearest size) on two workers, files written:
 * `npm run build && node bench/phantoms.js`. Writes bench/results/phantoms.json.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate, listDomains } from '../dist/phantoms/index.js'

const room = mkdtempSync(join(tmpdir(), 'vesalius-phantoms-'))
const rows = []
try {
  for (const { id, size } of listDomains()) {
    const side = Math.min(size.most, Math.max(size.least, 96))
    const make = (name, count) =>
      generate(id, { out: join(room, `${id}-${name}`), count, size: side, workers: 2, seed: 2 })
    // A first guess says how many fit into about three seconds; start-up of the workers is part of both.
    const guess = await make('guess', 8)
    const count = Math.round(Math.min(400, Math.max(8, guess.rate * 3)))
    const { rate } = await make('timed', count)
    rows.push({ domain: id, size: side, studies: count, perSecond: Math.round(rate * 10) / 10 })
    rmSync(join(room, `${id}-timed`), { recursive: true, force: true })
  }
} finally {
  rmSync(room, { recursive: true, force: true })
}
console.table(rows)
const result = { version: 1, workers: 2, cpu: cpus()[0]?.model, node: process.version, rows }
writeFileSync(fileURLToPath(new URL('results/phantoms.json', import.meta.url)), `${JSON.stringify(result, null, 2)}\n`)
