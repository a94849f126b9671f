/**
 * @file Pictures a second of every phantom domain at 96 px (or its own nearest size) on two workers, start-up and writing
 * included: `npm run build && node bench/phantoms.js [DOMAIN ...]`. Writes bench/results/phantoms-speed.json.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate, listDomains } from '../dist/phantoms/index.js'

/** What pictures of a plane must reach; volumes and signals are listed for what they are. */
const wanted = 50
const only = process.argv.slice(2)
const room = mkdtempSync(join(tmpdir(), 'vesalius-phantoms-'))

/** Files of pictures (volumes, signals) that a study names. */
function filesOf({ images, frames, signals }) {
  return new Set([...images, ...frames, ...signals].map(({ path }) => path))
}

const rows = []
try {
  for (const { id, size } of listDomains()) {
    if (only.length > 0 && !only.includes(id)) continue
    const side = Math.min(size.most, Math.max(size.least, 96))
    const make = (name, count) =>
      generate(id, { out: join(room, `${id}-${name}`), count, size: side, workers: 2, seed: 2 })
    // A first guess, mostly start-up, says how many fit into some seconds.
    const guess = await make('guess', 8)
    const studies = Math.round(Math.min(600, Math.max(8, guess.rate * 12)))
    const { rate } = await make('timed', studies)
    const lines = readFileSync(join(room, `${id}-timed`, 'studies.jsonl'), 'utf8')
      .trim()
      .split('\n')
    const paths = lines.map((line) => filesOf(JSON.parse(line)))
    const pictures = paths.reduce((sum, { size: count }) => sum + count, 0) / studies
    const flat = [...paths[0]].every((path) => path.endsWith('.png'))
    const second = Math.round(rate * pictures * 10) / 10
    const enough = flat ? { enough: second >= wanted } : {}
    rows.push({ domain: id, size: side, studies, picturesAStudy: pictures, picturesASecond: second, ...enough })
    for (const name of ['guess', 'timed']) rmSync(join(room, `${id}-${name}`), { recursive: true, force: true })
  }
} finally {
  rmSync(room, { recursive: true, force: true })
}
console.table(rows)
if (only.length === 0) {
  const result = { version: 1, workers: 2, cpu: cpus()[0]?.model, node: process.version, wanted, rows }
  const file = fileURLToPath(new URL('results/phantoms-speed.json', import.meta.url))
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
}
