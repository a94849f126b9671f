/**
 * @file Measures the reference lines of phantom domains: `npm run reference-lines -- DOMAIN ...`. Minutes a domain on one
 * thread (`--threads`); studies drawn in `--work` are kept for the next time. Results: bench/results/phantoms/DOMAIN.json, read by the cards.
 */

import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeFileAtomic } from '../dist/core/files.js'
import { progress } from '../dist/core/progress.js'
import { referenceLines } from '../dist/evaluate/phantom-lines/index.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    work: { type: 'string', default: join(tmpdir(), 'vesalius-reference-lines') },
  },
})
if (positionals.length === 0) {
  console.error('Name at least one domain; `vesalius phantoms --list` shows them.')
  process.exit(2)
}
const results = fileURLToPath(new URL('../bench/results/phantoms/', import.meta.url))
await mkdir(results, { recursive: true })
const control = new AbortController()
process.once('SIGINT', () => control.abort())
process.once('SIGTERM', () => control.abort())

for (const domain of positionals) {
  const lines = await referenceLines(domain, values.work, {
    progress,
    threads: Number(values.threads),
    signal: control.signal,
  })
  await writeFileAtomic(join(results, `${domain}.json`), `${JSON.stringify(lines, null, 2)}\n`)
  console.log(JSON.stringify({ domain, ...lines.lines, masks: lines.masks, seconds: lines.seconds }))
}
