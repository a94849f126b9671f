/**
 * @file Where the time of a step's forward and backward pass goes, operation by operation, here and in PyTorch: the answer
 * to why a row of bench/step.js is what it is. Prints both tables and writes bench/results/account.json.
 *
 *   npm run build && node bench/account.js [PYTHON] [CASE ...]
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson } from '../dist/core/files.js'
import { writeResult } from './child.js'
import { startOurs, startPeer, writeInitialWeights } from './step/side.js'

const [python = 'python3', ...asked] = process.argv.slice(2)
const file = (path) => fileURLToPath(new URL(path, import.meta.url))
/** Cases of earlier calls stay. */
const found = (await readJson(file('./results/account.json')).catch(() => ({ cases: {} }))).cases
for (const name of asked.length > 0 ? asked : ['resnet50-8', 'unet3d-48']) {
  const folder = await mkdtemp(join(tmpdir(), 'vesalius-account-'))
  try {
    writeInitialWeights(name, '2', folder)
    const ours = await startOurs(name, '2', folder, 'profile')
    await ours.go(6)
    const { rows } = await ours.end()
    const peer = await startPeer(python, name, '2', folder, 'profile')
    await peer.go(3)
    const { rows: theirs } = await peer.end()
    const milliseconds = (list) =>
      list
        .map(({ key, calls, seconds }) => ({ key, calls: Math.round(calls), ms: Math.round(seconds * 1e4) / 10 }))
        .filter(({ ms }) => ms >= 1)
    found[name] = { ours: milliseconds(rows), peer: milliseconds(theirs) }
    for (const [key, list] of Object.entries(found[name])) {
      const total = list.reduce((sum, { ms }) => sum + ms, 0)
      process.stderr.write(`\n${name}, ${key}: ${total.toFixed(0)} ms\n`)
      for (const { key: op, calls, ms } of list)
        process.stderr.write(`${ms.toFixed(1).padStart(8)}  ${String(calls).padStart(4)} x  ${op}\n`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
writeResult('account', { cases: found })
