/**
 * @file Metrics of 14 findings on 1,000 studies with 1,000 bootstrap resamples against scikit-learn doing the same, the two
 * sides taking turns in one run. Prints lines and writes bench/results/evaluate.json; ratio = scikit-learn's time / ours.
 *
 *   npm run build && node bench/evaluate.js [PYTHON] [METRIC ...]        PYTHON has scikit-learn
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson } from '../dist/core/files.js'
import { random } from '../dist/core/random.js'
import { median, writeResult } from './child.js'
import { side } from './step/side.js'

const [python = 'python3', ...asked] = process.argv.slice(2)
const metrics = ['auroc', 'average-precision', 'f1']
const [studies, findings, resamples, rounds] = [1000, 14, 1000, 2]
const file = (name) => fileURLToPath(new URL(name, import.meta.url))

/** Findings from rare to common; scores of two decimals as well as of all, because ties cost time. */
function makeData() {
  const stream = random('bench-evaluate')
  const labels = Array.from({ length: findings }, (_, k) =>
    Array.from({ length: studies }, () => Number(stream.chance(0.03 + 0.03 * k))),
  )
  const scores = labels.map((list, k) =>
    list.map((y) => {
      const score = 1 / (1 + Math.exp(-(stream.normal() + 1.2 * y - 1)))
      return k % 2 === 0 ? score : Math.round(100 * score) / 100
    }),
  )
  return { labels, scores, resamples, threshold: 0.5 }
}

const folder = await mkdtemp(join(tmpdir(), 'vesalius-evaluate-'))
const known = await readJson(file('./results/evaluate.json')).catch(() => ({ rows: [] }))
const rows = new Map(known.rows.map((row) => [row.name, row]))
try {
  const path = join(folder, 'data.json')
  await writeFile(path, JSON.stringify(makeData()))
  const sides = {
    ours: await side(process.execPath, [file('./evaluate/ours.js'), path]),
    peer: await side(python, [file('./evaluate/peer.py'), path]),
  }
  for (const name of asked.length > 0 ? asked : metrics) {
    const answers = { ours: [], peer: [] }
    await sides.ours.go(`${name} 20`) // both warm: a few resamples
    await sides.peer.go(`${name} 20`)
    for (let round = 0; round < rounds; round++) {
      for (const key of ['ours', 'peer']) answers[key].push(await sides[key].go(`${name} ${resamples}`))
    }
    const [own, other] = [answers.ours[0], answers.peer[0]]
    const off = (a, b) => Math.max(...a.map((value, k) => Math.abs(value - b[k])))
    const seconds = { ours: answers.ours.map((a) => a.seconds), peer: answers.peer.map((a) => a.seconds) }
    const [ours, peer] = [median(seconds.ours), median(seconds.peer)]
    const row = {
      name,
      ours,
      peer,
      ratio: peer / ours,
      // The same numbers: values to rounding, bounds as far as 1,000 random resamples fix them.
      apart: { values: off(own.values, other.values), bounds: off(own.bounds, other.bounds) },
      samples: seconds,
    }
    if (row.apart.values > 1e-9) throw new Error(`${name}: the values are ${row.apart.values} apart.`)
    rows.set(name, row)
    console.log(
      `${name.padEnd(18)} ours ${ours.toFixed(3)} s  scikit-learn ${peer.toFixed(2)} s  ratio ${row.ratio.toFixed(1)}  ` +
        `values ${row.apart.values.toExponential(1)} apart, bounds ${row.apart.bounds.toFixed(4)}`,
    )
  }
  writeResult('evaluate', {
    versions: sides.peer.ready.versions,
    data: { studies, findings, resamples },
    rows: metrics.flatMap((name) => rows.get(name) ?? []),
  })
  for (const each of Object.values(sides)) await each.end()
} finally {
  await rm(folder, { recursive: true, force: true })
}
