/**
 * @file The loss of 200 training steps beside PyTorch's, from the same weights on the same batches: how far the two drift
 * apart. Prints both at every tenth step and writes bench/results/curves.json.
 *
 *   npm run build && node bench/curves.js [PYTHON] [STEPS]
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeResult } from './child.js'
import { cases, clipNorm, optimizer, rate } from './step/cases.js'
import { side } from './step/side.js'

const [python = 'python3', wanted = '200'] = process.argv.slice(2)
const [name, threads, steps] = ['clip-8', '2', Number(wanted)]
const file = (path) => fileURLToPath(new URL(path, import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'vesalius-curves-'))
try {
  const ours = await side(process.execPath, [file('./step/ours.js'), name, threads, folder])
  const config = JSON.stringify({ ...cases[name], optimizer, rate, clipNorm })
  const peer = await side(python, [file('./step/peer.py'), config, threads, folder])
  const curves = { ours: [], peer: [] }
  while (curves.ours.length < steps) {
    for (const [key, each] of Object.entries({ ours, peer })) curves[key].push(...(await each.go(10)).losses)
    const at = curves.ours.length
    const [a, b] = [curves.ours[at - 1], curves.peer[at - 1]]
    process.stderr.write(`step ${at}: ours ${a.toFixed(6)}, PyTorch ${b.toFixed(6)}, ${(a / b - 1).toExponential(1)}\n`)
  }
  await Promise.all([ours.end(), peer.end()])
  const relative = curves.ours.map((v, i) => Math.abs(v / curves.peer[i] - 1))
  const largest = (from, to) => Math.max(...relative.slice(from, to))
  writeResult('curves', {
    case: name,
    versions: { torch: peer.ready.version },
    rate,
    steps,
    largest: { first10: largest(0, 10), first50: largest(0, 50), all: largest(0, steps) },
    curves,
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}
